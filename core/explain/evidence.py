"""Two witnesses heard together: how far the score falls without a sensor, and how rare its readings are.

The fall is blind to a sensor that all others follow, the reading to one with an ordinary value at the wrong time; noise
and drift lead either astray, though seldom to the same sensor. Their product, sqrt(fall) * surprise, names who is accused
by both, and does not depend on the scale of the detector's score.

The surprise is -log10 of the share of normal steps at which *this* sensor was as far from usual (counted, and beyond what
was seen a generalised Pareto tail, ``metrics.evt``): a sensor that leaps every day is not blamed for one leap more, and one
that never moved in training is as surprising as the number of normal steps allows. What is judged is the sensor's largest
distance in the stretch, each reading measured from the training median, in usual spreads, or from where the sensor stood
before the stretch, in its spread there if that is wider, whichever is less: who was as far off, or as restless, all along
did not cause what began here.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.counterfactual import Counterfactual
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch

FEWEST_BEFORE = 32  # steps before the stretch from which it can be told where a sensor stood
IQR_OF_NORMAL = 1.349


def evidence(stretch: Stretch, reference: Reference, replaced: Counterfactual) -> Ranking:
    """Square root of the fall that ``replaced`` found, times the surprise of each sensor's readings."""
    started = time.perf_counter()
    most = strayed(stretch).max(axis=0)
    surprise = [-float(tail.log_survival(one)) for tail, one in zip(reference.tails, most, strict=True)]
    blame = np.sqrt(replaced.ranking.blame) * np.array(surprise) / math.log(10)
    seconds = replaced.ranking.seconds + time.perf_counter() - started
    return Ranking("evidence", blame, "root of the score's fall, times the surprise of the readings", seconds)


def strayed(stretch: Stretch) -> NDArray[np.float64]:
    """(n, d) distance of each reading from usual, or from where the sensor stood before if that is nearer, in spreads;
    0 where nothing was measured."""
    inside, before = stretch.inside, stretch.values[: stretch.lead]
    distance = np.abs(_known(inside))
    if len(before) < FEWEST_BEFORE:
        return distance
    low, stood, high = np.percentile(_known(before), (25, 50, 75), axis=0)
    spread = np.maximum((high - low) / IQR_OF_NORMAL, 1.0)
    return np.minimum(distance, np.abs(_known(inside - stood)) / spread)


def _known(values: Signal | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
