"""Curves of every contestant over the same labelled images, thinned to what a screen shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.compare.sidebyside import RATE, SideBySide
from core.metrics.cost import CostWeights
from core.metrics.costcurve import CostCurve, cost_curve, expected_cost
from core.metrics.ranking import Confusion, Curve, confusion, curve

Floats = NDArray[np.float64]

POINTS = 300
BINS = 40


@dataclass(frozen=True, eq=False)
class Histogram:
    """Images per bin of -log10 p, an axis that all contestants share: ``edges`` (k + 1,), counts (k,) by label."""

    edges: Floats
    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    unlabelled: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Costs:
    """A contestant's ``curve`` over all limits, and ``at_limit``: what its own calibrated limit costs, which has seen
    none of these parts. The cheapest point of the curve is hindsight."""

    curve: CostCurve
    false_alarms: float
    missed: float
    at_limit: float


def in_view(found: Sequence[Costs]) -> float:
    """The share of the axis of false alarms, from 0, in which limits are set in earnest."""
    return min(1.0, max([0.2, *(1.6 * one.false_alarms for one in found)]))


def operating_points(side: SideBySide, rate: float = RATE) -> list[Confusion]:
    """Counts at each contestant's own calibrated limit, over the labelled images."""
    truth = side.anomalous[side.known]
    return [confusion(own[side.known].astype(float), truth, 0.5) for own in side.flagged(rate)]


def curves(side: SideBySide, kind: Literal["roc", "pr"], points: int = POINTS) -> list[Curve] | None:
    """The ROC or precision-recall curve of each contestant; None without both classes."""
    truth = side.anomalous[side.known]
    found = [curve(own[side.known], truth, kind, points) for own in side.scores]
    return [one for one in found if one] if side.has_truth else None


def histograms(side: SideBySide, bins: int = BINS) -> list[Histogram]:
    """Where each contestant puts the images on the axis of -log10 p, which ends at its lowest p-value."""
    surprise = -np.log10(side.p_values)
    edges = np.linspace(0, max(float(surprise.max()), 1.0) * 1.0001, bins + 1)
    kinds = (side.known & ~side.anomalous, side.anomalous, ~side.known)
    return [Histogram(edges, *(np.histogram(own[kind], edges)[0] for kind in kinds)) for own in surprise]


def costs(
    side: SideBySide, weights: CostWeights, defect_rate: float, rate: float = RATE, points: int = POINTS
) -> list[Costs] | None:
    """What each contestant costs at every limit and at its own; None without both classes."""
    if not side.has_truth:
        return None
    truth, found = side.anomalous[side.known], []
    for own, counts in zip(side.scores, operating_points(side, rate), strict=True):
        drawn = cost_curve(own[side.known], truth, weights, defect_rate, points=points)
        alarms, recall = counts.false_alarm_rate, counts.recall
        if drawn is None or alarms is None or recall is None:
            return None
        at_limit = float(expected_cost(alarms, 1 - recall, weights, defect_rate))
        found.append(Costs(drawn, alarms, 1 - recall, at_limit))
    return found
