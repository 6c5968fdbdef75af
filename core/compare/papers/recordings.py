"""Recordings judged whole, as sounds are: one score each, the mean of its steps (DCASE 2020 task 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.compare.scoredunit import ScoredUnit
from core.metrics.intervals import ranking_intervals
from core.metrics.ranking import auroc

MAX_FPR = 0.1  # of the partial area, as in DCASE 2020
RESAMPLES = 1000
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def recording_figures(units: Sequence[ScoredUnit], seed: int) -> dict[str, dict[str, Any]]:
    """``recording_auroc`` and ``recording_pauc`` as ``figures`` with ``ci95`` (recordings drawn), ``random`` and
    ``abs_z`` (the mean of the largest distance from usual). Empty unless every recording is either normal or anomalous
    from end to end, and there are both kinds."""
    whole = [unit for unit in units if (labels := unit.labels) is not None and (labels.all() or not labels.any())]
    truth = np.array([bool(unit.labels is not None and unit.labels.any()) for unit in whole], bool)
    if len(whole) < len(units) or truth.all() or not truth.any():
        return {"figures": {}, "ci95": {}, "random": {}, "abs_z": {}}
    scores = np.array([unit.scores.mean() for unit in whole])
    plain = np.array([np.nan if unit.abs_z is None else unit.abs_z.max(axis=1).mean() for unit in whole])
    return {
        "figures": _figures(scores, truth),
        "ci95": _intervals(scores, truth, seed),
        "random": {"recording_auroc": 0.5, "recording_pauc": 0.5},
        "abs_z": _figures(plain, truth) if np.isfinite(plain).all() else {},
    }


def partial_auroc(scores: Floats, truth: Bools, limit: float = MAX_FPR) -> float:
    """Area under the ROC curve up to the false-alarm rate ``limit``, standardised so that guessing gets 0.5 and a
    perfect ranking 1 (McClish, Medical Decision Making 9, 1989). Both classes are there."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.append(0, np.cumsum(truth[order])[ends] / truth.sum())
    alarms = np.append(0, np.cumsum(~truth[order])[ends] / (~truth).sum())
    inside = alarms <= limit
    end = float(np.interp(limit, alarms, hits)) if alarms[inside][-1] < limit else hits[inside][-1]
    area = float(np.trapezoid(np.append(hits[inside], end), np.append(alarms[inside], limit)))
    chance = limit**2 / 2
    return 0.5 * (1 + (area - chance) / (limit - chance))


def _figures(scores: Floats, truth: Bools) -> dict[str, float | None]:
    return {"recording_auroc": auroc(scores, truth), "recording_pauc": partial_auroc(scores, truth)}


def _intervals(scores: Floats, truth: Bools, seed: int) -> dict[str, tuple[float, float]]:
    """Normal and anomalous recordings are drawn apart."""
    found = {}
    ranked = ranking_intervals(scores, truth, float(np.inf), resamples=RESAMPLES, seed=seed)
    found["recording_auroc"] = ranked["auroc"]
    rng = np.random.default_rng(seed)
    good, bad = np.flatnonzero(~truth), np.flatnonzero(truth)
    drawn = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rng.choice(good, len(good)), rng.choice(bad, len(bad))])
        drawn.append(partial_auroc(scores[rows], truth[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    found["recording_pauc"] = (float(low), float(high))
    return found
