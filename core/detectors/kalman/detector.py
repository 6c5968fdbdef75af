"""Structural models per sensor: a level, or a level with a slope, seen through noise (Harvey 1989).

    y = level + e        level' = level + slope + u        slope' = slope + w   (0 for the local level)

Variances by exact likelihood (statsmodels); where it cannot be maximised, by the moments of the differences, and
provenance says so. Scored by our own recursion with a gate, so that a fault is not learned while it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from core.detectors.base import DetectorInfo
from core.detectors.kalman.info import INFO, KalmanParams
from core.detectors.series.innovations import Fitted, InnovationDetector
from core.detectors.series.likelihood import maximise, without_holes
from core.detectors.series.locallevel import level_moments
from core.detectors.series.statespace import Array, Systems
from core.progress import Progress

KINDS = {"level": "local level", "trend": "local linear trend"}
STEADY_SLOPE = 1e-4  # variance of the slope's steps to begin with, in those of the level's


class Kalman(InnovationDetector):
    """Local level or local linear trend, gated."""

    info: ClassVar[DetectorInfo] = INFO
    params: KalmanParams

    @property
    def gate(self) -> float:
        return self.params.gate

    @property
    def patience(self) -> int:
        return self.params.patience

    def fit_sensor(self, stretches: Sequence[Array], progress: Progress) -> Fitted:
        kind = KINDS[self.params.model]
        models = [_model(one, kind) for one in stretches]
        start = level_moments([without_holes(one) for one in stretches])
        if self.params.model == "trend":
            start = np.append(start, STEADY_SLOPE * start[1])
        found = maximise(models, start)
        if not found.converged:
            progress.log(f"{kind}: the likelihood could not be maximised")
        return Fitted(Systems.of(models[0], found.params if found.converged else start), kind, found.converged)


def _model(values: Array, kind: str) -> Any:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(values, kind)
