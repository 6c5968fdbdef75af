"""Whether two inspectors of the same parts err equally often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class McNemar:
    """Parts that only one of the two judged rightly, and the two-sided p-value of there being no difference."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """The exact test (McNemar, Psychometrika 12, 1947, with the binomial distribution): of the parts that one judged
    rightly and the other did not, each is as likely to be either's. ``first_right``, ``second_right`` (n,) bool."""
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape:
        raise ValueError(f"verdicts {first.shape} and {second.shape} must be of the same parts")
    ours, theirs = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemar(ours, theirs, _binomial(min(ours, theirs), ours + theirs))


def _binomial(k: int, n: int) -> float:
    """Two-sided p of at most k heads in n throws of a fair coin, k <= n / 2; whole numbers until the last division."""
    term = total = 1
    for i in range(k):
        term = term * (n - i) // (i + 1)
        total += term
    return min(1.0, float(2 * total / 2**n))
