"""What an inspection policy costs per part, with the user's own weights, and the cheapest limits.

A policy has two limits: a part is accepted up to ``accept`` (score <= accept), rejected above ``reject``
(score > reject), and looked at by a person in between. Where both are equal nobody reviews.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import UserError
from core.metrics.ranking import check

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CostWeights:
    """In any one currency: a defective part that is accepted, a good part that is rejected, a minute of review.

    A reviewer is taken to judge rightly, and to need ``minutes_per_part``.
    """

    miss: float
    false_alarm: float
    review_minute: float = 0.0
    minutes_per_part: float = 0.0

    def __post_init__(self) -> None:
        said = (self.miss, self.false_alarm, self.review_minute, self.minutes_per_part)
        if min(said) < 0 or not all(map(math.isfinite, said)):
            raise UserError("A cost cannot be negative or without end", "", "Give 0 for what costs nothing")

    @property
    def review(self) -> float:
        """The cost of one reviewed part."""
        return self.review_minute * self.minutes_per_part


@dataclass(frozen=True)
class Policy:
    """The limits with the lowest expected cost per part; equal where review does not pay."""

    accept: float
    reject: float
    cost: float


def cheapest(scores: ArrayLike, anomalous: ArrayLike, weights: CostWeights, defect_rate: float) -> Policy:
    """The two limits with the lowest expected cost per part on labelled images that the user chose for this.

    Which images may be given: labelled ones set aside for choosing the threshold, such as the user's own judgements
    on production images. Never the test set whose metrics are then reported: they would be too good. The caller says
    which images were used wherever the limits are shown.

    Among equally cheap limits, those that reject fewest and then accept fewest parts are taken.
    """
    good, bad = _both(scores, anomalous, defect_rate)
    limits = _candidates(good, bad)
    missed, above, alarmed = _shares(good, bad, limits, defect_rate)
    # Cost = f(accept) + g(reject), accept <= reject: the best accept limit so far goes with each reject limit.
    accepting = missed * weights.miss + above * weights.review
    rejecting = alarmed * weights.false_alarm - above * weights.review
    best_so_far = np.minimum.accumulate(accepting)
    total = best_so_far + rejecting
    reject = int(np.flatnonzero(total <= total.min() + 1e-12)[-1])
    accept = int(np.flatnonzero(accepting[: reject + 1] <= best_so_far[reject] + 1e-12)[0])
    return Policy(float(limits[accept]), float(limits[reject]), float(total[reject]))


def _both(scores: ArrayLike, anomalous: ArrayLike, defect_rate: float) -> tuple[Floats, Floats]:
    values, truth = check(scores, anomalous)
    if not 0 <= defect_rate <= 1:
        raise UserError(f"A defect rate of {defect_rate} is not between 0 and 1", "", "Give a share such as 0.01")
    if truth.all() or not truth.any():
        raise UserError("Costs need labelled images of both kinds", "", "Label some good and some defective parts")
    return np.sort(values[~truth]), np.sort(values[truth])


def _candidates(good: Floats, bad: Floats) -> Floats:
    """One limit below all scores, one between each two neighbours, and the highest score: all that differ."""
    values = np.unique(np.concatenate([good, bad]))
    middle = values[:-1] + np.diff(values) / 2
    between = np.where(middle < values[1:], middle, values[:-1])
    return np.concatenate([[np.nextafter(values[0], -np.inf)], between, values[-1:]])


def _shares(good: Floats, bad: Floats, limits: Floats, defect_rate: float) -> tuple[Floats, Floats, Floats]:
    """Of all parts, at each limit: defective ones at or below it, all above it, good ones above it."""
    missed = defect_rate * np.searchsorted(bad, limits, "right") / len(bad)
    alarmed = (1 - defect_rate) * (1 - np.searchsorted(good, limits, "right") / len(good))
    return missed, defect_rate - missed + alarmed, alarmed
