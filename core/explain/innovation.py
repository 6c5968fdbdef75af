"""How suddenly a sensor left the level it stood on, against itself alone.

The witness that needs no detector: a local level filter per sensor (the model of the ``kalman`` detector, its variances
from the moments of normal differences instead of a search), gated as there, so that a fault is not learned while it
lasts. A sensor that has wandered far since training, but slowly, surprises nobody here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.detectors.kalman.info import KalmanParams
from core.detectors.series.contract import Signal
from core.detectors.series.innovations import STILL, variance_scale
from core.detectors.series.locallevel import level_moments, level_systems
from core.detectors.series.recursion import Recursion
from core.detectors.series.statespace import Systems
from core.explain.stretch import Stretch, filled
from core.progress import Progress

FILTER = KalmanParams()  # gate and patience
SHORTEST = 3  # steps: two differences are the least that have a covariance


def levels(stretches: Sequence[Signal]) -> Systems:
    """The level model of each sensor, from normal stretches (n, d). Where none is long enough to tell how a sensor
    moves from one step to the next, its level is taken to stand still."""
    whole = [filled(one).astype(np.float64) for one in stretches]
    variance = np.concatenate(whole).var(axis=0)
    still = variance < STILL
    noise, level = np.where(still, 1.0, variance), np.zeros(len(still))
    courses = [one for one in whole if len(one) >= SHORTEST]
    for sensor in np.flatnonzero(~still) if courses else ():
        noise[sensor], level[sensor] = level_moments([one[:, sensor] for one in courses])
    systems = level_systems(noise, level)
    return systems.scaled(variance_scale(systems, still, stretches, Progress()))


def errors(systems: Systems, values: Signal) -> NDArray[np.float64]:
    """(n, s) one-step errors of the level filters over readings (n, s), in standard deviations; 0 without a reading."""
    return np.asarray(np.sqrt(Recursion(systems, FILTER.gate, FILTER.patience).push(values)[0]))


def startled(stretch: Stretch, systems: Systems) -> NDArray[np.float64]:
    """(d,) the largest one-step error of each sensor's level filter in the stretch, in standard deviations."""
    return np.asarray(errors(systems, stretch.values)[stretch.lead : stretch.lead + stretch.n].max(axis=0))
