"""How often the sensors that are blamed are the ones at fault.

Each step blames every sensor by a part; an event's blame is the largest (``event-max``) or the mean (``event-mean``) of
its steps' parts. Ties are broken by chance, in expectation: equal parts for all score what guessing would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Aggregate = Literal["event-max", "event-mean"]


@dataclass(frozen=True, slots=True)
class Blame:
    """Of one event. ``hitrate_100``, ``hitrate_150``: share of the k culprits among the first round(k) and round(1.5 k)
    (Su et al., KDD 2019); ``top1``: whether the first is a culprit; ``ndcg_100``: gain of the first k ranks, discounted
    by rank, of the best possible."""

    hitrate_100: float
    hitrate_150: float
    top1: float
    ndcg_100: float


def event_blame(parts: ArrayLike, start: int, stop: int, how: Aggregate) -> Floats:
    """(d,) blame of the steps ``start`` to ``stop - 1`` of (n, d) parts."""
    steps = np.asarray(parts)[start:stop]
    return np.asarray(steps.max(axis=0) if how == "event-max" else steps.mean(axis=0), float)


def judge_blame(blame: ArrayLike, culprits: Sequence[int]) -> Blame | None:
    """(d,) blame against the columns at fault; None where these are unknown or all: nothing to find."""
    values, guilty = np.asarray(blame, float), sorted(set(culprits))
    if not guilty or len(guilty) == len(values):
        return None
    if not np.isfinite(values).all():
        raise ValueError("blame must be finite")
    of_guilty = values[guilty]
    above = np.sum(values > of_guilty[:, None], axis=1)
    equal = np.sum(values == of_guilty[:, None], axis=1)

    def expected(gains: Floats) -> float:
        """Sum over the culprits of the mean gain of the ranks that each may have."""
        running = np.append(0, np.cumsum(gains))
        return float(np.sum((running[above + equal] - running[above]) / equal))

    k, ranks = len(guilty), np.arange(len(values))
    discounts = 1 / np.log2(ranks + 2)
    return Blame(
        hitrate_100=expected(np.where(ranks < k, 1.0, 0.0)) / k,
        hitrate_150=expected(np.where(ranks < round(1.5 * k), 1.0, 0.0)) / k,
        top1=expected(np.where(ranks < 1, 1.0, 0.0)),
        ndcg_100=expected(np.where(ranks < k, discounts, 0.0)) / float(discounts[:k].sum()),
    )


def guessed_blame(n_sensors: int, culprits: Sequence[int]) -> Blame | None:
    """What blaming all sensors alike gets: the mean of guessing."""
    return judge_blame(np.zeros(n_sensors), culprits)
