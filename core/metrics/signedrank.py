"""Two detectors on the same parts, part by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST = 6  # pairs; fewer cannot reject at 5 %, whatever they show: 2 / 2^5 = 0.0625


@dataclass(frozen=True)
class SignedRank:
    """Of ``n`` parts, how often the first was higher, equal and lower, the median difference (first less second), and
    the two-sided p-value of there being none (None for fewer than six parts)."""

    n: int
    wins: int
    ties: int
    losses: int
    median: float
    p: float | None


def signed_rank(first: ArrayLike, second: ArrayLike) -> SignedRank | None:
    """Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945), equal pairs ranked as Pratt proposed. ``first`` and
    ``second`` are (n,); pairs in which one is NaN are left out. None without a pair."""
    ours, theirs = np.asarray(first, float), np.asarray(second, float)
    if ours.shape != theirs.shape:
        raise ValueError(f"{ours.shape} and {theirs.shape} must be of the same parts")
    difference = ours - theirs
    difference = difference[np.isfinite(difference)]
    if not len(difference):
        return None
    return SignedRank(
        len(difference),
        int((difference > 0).sum()),
        int((difference == 0).sum()),
        int((difference < 0).sum()),
        float(np.median(difference)),
        signed_rank_p(difference),
    )


def signed_rank_p(difference: NDArray[np.float64]) -> float | None:
    """The test's p-value for (n,) finite differences of pairs; None for fewer than six."""
    from scipy.stats import wilcoxon

    if len(difference) < LEAST:
        return None
    if not difference.any():
        return 1.0
    return float(wilcoxon(difference, zero_method="pratt", method="auto").pvalue)
