"""What one limit costs, wherever it is put: expected cost per part with the user's own weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import UserError
from core.metrics.cost import CostWeights
from core.metrics.ranking import check

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Normalised expected cost at every limit that changes a verdict, from the strictest (all flagged) to none flagged.

    ``cost`` (k,) is the expected cost of a part over that of judging every part wrongly (Drummond & Holte, Machine
    Learning 65, 2006): 0 is perfect, 1 all wrong. ``false_alarms`` and ``missed`` (k,) are shares of the good and of
    the bad parts. ``accept_all`` and ``reject_all`` are the costs of not looking: a limit above both is worthless.
    ``hindsight`` is the index of the cheapest limit: it was chosen on the very parts that it is judged on.
    """

    thresholds: Floats
    false_alarms: Floats
    missed: Floats
    cost: Floats
    accept_all: float
    reject_all: float
    hindsight: int

    @property
    def blind(self) -> float:
        """What the cheaper way of not looking costs."""
        return min(self.accept_all, self.reject_all)


def cost_curve(
    scores: ArrayLike, anomalous: ArrayLike, weights: CostWeights, defect_rate: float, *, points: int = 400
) -> CostCurve | None:
    """The curve of (n,) scores where a share ``defect_rate`` of the parts is defective; about ``points`` of its points,
    the cheapest among them. None with one class."""
    values, truth = check(scores, anomalous)
    if truth.all() or not truth.any():
        return None
    good, bad = np.sort(values[~truth]), np.sort(values[truth])
    thresholds = np.append(-np.inf, np.unique(values))
    alarms = 1 - np.searchsorted(good, thresholds, "right") / len(good)
    missed = np.searchsorted(bad, thresholds, "right") / len(bad)
    cost = expected_cost(alarms, missed, weights, defect_rate)
    best = int(np.argmin(cost))
    kept = np.unique(np.append(np.linspace(0, len(cost) - 1, points).astype(int), best))
    return CostCurve(
        thresholds[kept],
        alarms[kept],
        missed[kept],
        cost[kept],
        float(cost[-1]),
        float(cost[0]),
        int(np.searchsorted(kept, best)),
    )


def expected_cost(false_alarms: ArrayLike, missed: ArrayLike, weights: CostWeights, defect_rate: float) -> Floats:
    """Normalised expected cost from the share of good parts flagged and of bad parts missed. UserError for costs that
    are both nothing, or a defect rate outside 0 to 1."""
    if not 0 <= defect_rate <= 1:
        raise UserError(f"A defect rate of {defect_rate} is not between 0 and 1", "", "Give a share such as 0.01")
    miss, alarm = defect_rate * weights.miss, (1 - defect_rate) * weights.false_alarm
    if miss + alarm <= 0:
        raise UserError("Nothing costs anything", "", "Give a miss or a false alarm a cost above 0")
    return (miss * np.asarray(missed, float) + alarm * np.asarray(false_alarms, float)) / (miss + alarm)
