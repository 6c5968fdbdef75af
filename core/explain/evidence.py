"""Three witnesses heard together: how far the score falls without a sensor, how far it strayed, how suddenly it did.

The fall is blind to a sensor that all others follow, the distance to one that reads an ordinary value at the wrong
time, the suddenness to one that creeps; noise and drift lead each of them astray, though seldom to the same sensor. So
two of the three must agree, whichever: with a, b, c the shares of a sensor in what each witness says of all,

    blame = sqrt((ab + bc + ca) / 3)

A product of the three would acquit whom one of them is blind to, a sum would convict on the word of one. Each witness
grows in proportion to the size of the fault (the fall of a quadratic score by its square root), none depends on the
scale of the detector's score, and where all say the same the blame is that share.

- The distance is the root mean square over the stretch, each reading measured from the training median, in usual
  spreads, or from where the sensor stood before the stretch, in its spread there if that is wider, whichever is less:
  who was as far off, or as restless, all along did not cause what began here.
- The suddenness is the largest one-step error of the sensor's own level filter, in standard deviations, over the one
  that a tenth of all normal stretches as long surpass (at least 1): a sensor that often jumps says little by jumping.

A sensor that is read in normal running and fell silent here is named before all others: detectors leave it out of the
score, and nothing else about the stretch is as certain.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.scaling import IQR_OF_NORMAL
from core.explain.contribution import LIMIT
from core.explain.counterfactual import Counterfactual
from core.explain.innovation import startled
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch

Floats = NDArray[np.float64]

SILENT = 0.5  # of the steps, by which a sensor must be unread more often than usual
FEWEST_BEFORE = 32  # steps before the stretch from which it can be told where a sensor stood


def evidence(stretch: Stretch, reference: Reference, replaced: Counterfactual) -> Ranking:
    """By the fall that ``replaced`` found, and how far, and how suddenly, each sensor strayed."""
    started = time.perf_counter()
    sudden = startled(stretch, reference.levels) / reference.usual_start(stretch.n)
    blame = agreed(_shares(np.sqrt(replaced.ranking.blame)), _shares(strayed(stretch)), _shares(sudden))
    unread = np.isnan(stretch.inside).mean(axis=0)
    silent = unread - reference.unread > SILENT
    blame[silent] = blame.max() + unread[silent]
    seconds = replaced.ranking.seconds + time.perf_counter() - started
    return Ranking("evidence", blame, "share that two of three accuse of: fall, distance, suddenness", seconds)


def agreed(first: Floats, second: Floats, third: Floats) -> Floats:
    """(d,) how far any two of three witnesses agree on each sensor, by their shares (d,)."""
    return np.asarray(np.sqrt((first * second + second * third + third * first) / 3))


def strayed(stretch: Stretch) -> Floats:
    """(d,) root mean square distance of each sensor's readings from usual, or from where it stood before if nearer;
    steps without a reading count as 0."""
    inside, before = stretch.inside, stretch.values[: stretch.lead]
    distance = np.abs(_known(inside))
    if len(before) >= FEWEST_BEFORE:
        low, stood, high = np.percentile(_known(before), (25, 50, 75), axis=0)
        distance = np.minimum(distance, np.abs(_known(inside - stood)) / np.maximum((high - low) / IQR_OF_NORMAL, 1.0))
    return np.asarray(np.sqrt((np.minimum(distance, LIMIT) ** 2).mean(axis=0)))


def _shares(said: Floats) -> Floats:
    return said / max(float(said.sum()), np.finfo(float).tiny)


def _known(values: NDArray[np.floating]) -> Floats:
    return np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
