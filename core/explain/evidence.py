"""Two witnesses heard together: how rare a sensor's readings are, and how rare the detector finds them.

Distances in usual spreads and parts of a score are on scales of their own: a sensor whose readings often leap looks
guilty by either. Each witness therefore speaks in surprise, -log10 of the share of normal steps at which *this* sensor
reached as much (counted, and beyond what was seen a generalised Pareto tail, ``metrics.evt``). The two are added, as in
Fisher's combination of tests (Statistical Methods for Research Workers, 1932, section 21.1). A sensor that never moved in
training is as surprising as the number of normal steps allows, however far it moves.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.metrics.evt import Pot


def evidence(stretch: Stretch, reference: Reference) -> Ranking:
    """Surprise of each sensor's largest distance from usual, plus that of its largest part in the score."""
    started = time.perf_counter()
    read = _surprise(_distances(np.concatenate(reference.stretches)), _distances(stretch.inside))
    normal = reference.scored[0 if stretch.mode == "now" else 1]
    judged = _surprise(np.concatenate([one.parts for one in normal]), stretch.scores.parts)
    unit = "surprise of the readings plus surprise of the part in the score"
    return Ranking("evidence", read + judged, unit, time.perf_counter() - started)


def _distances(values: Signal) -> Signal:
    return np.abs(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))


def _surprise(normal: NDArray[np.float32], found: NDArray[np.float32]) -> NDArray[np.float64]:
    """(d,) -log10 of the share of the steps of ``normal`` (N, d) at which a sensor reaches its largest of ``found``."""
    most = found.max(axis=0)
    tails = [Pot.fit(column) for column in normal.T]
    return np.array([float(-tail.log_survival(one)) / math.log(10) for tail, one in zip(tails, most, strict=True)])
