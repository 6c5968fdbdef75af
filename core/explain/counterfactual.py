"""What if this sensor had read what it should: how far would the score fall?

Residuals smear: one sensor at fault makes others look odd. Replacing a sensor by its best value under the model takes
back all that it did, elsewhere too. For a quadratic score x'Mx the fall is the reconstruction-based contribution
(Mx)_j^2 / M_jj (Alcala & Qin, Automatica 45, 2009); here the same is found for any detector by asking it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

MOST_CULPRITS = 5
LEAST_FALL = 0.05  # of the whole way down to usual: a sensor that explains less is no further culprit
NORMAL = 512  # normal windows of which the usual score is told
CELLS = 1 << 23  # values in the windows scored at once: 32 MiB


@dataclass(frozen=True)
class Culprit:
    """A sensor that was replaced, after those before it, and the mean score of the probed windows then."""

    sensor: int
    score: float


@dataclass(frozen=True)
class Counterfactual:
    """``ranking`` blames a sensor by the fall of the mean score of the probed windows when it alone is replaced.

    ``before`` is that score as it was, ``usual`` the median score of normal running; ``culprits`` are replaced one
    after the other, each time the one that brings the score down furthest.
    """

    ranking: Ranking
    before: float
    usual: float
    culprits: tuple[Culprit, ...]

    def explains(self, sensor: int) -> float | None:
        """How much of the way from the usual score to the one before is this sensor's doing, 0 to 1; None where the
        score was not above usual."""
        if self.before <= self.usual:
            return None
        return float(min(self.ranking.blame[sensor] / (self.before - self.usual), 1.0))


def counterfactual(stretch: Stretch, reference: Reference) -> Counterfactual:
    """Replace each sensor by its best value, then the best of them together with each other, and so on."""
    started = time.perf_counter()
    windows = filled(stretch.windows)
    before = float(_scores(stretch, windows).mean())
    usual = float(np.median(_scores(stretch, reference.windows(windows.shape[1], NORMAL)[0])))
    falls, replaced = _falls(stretch, reference, windows)
    blame, culprits, score = falls.mean(axis=0), [], before
    for _ in range(min(MOST_CULPRITS, stretch.width)):
        means = falls.mean(axis=0)
        best = int(np.argmax(means))
        if score <= usual or means[best] < LEAST_FALL * (before - usual):
            break
        windows = windows.copy()
        windows[:, :, best] = replaced[:, best]
        score -= float(means[best])
        culprits.append(Culprit(best, score))
        falls, replaced = _falls(stretch, reference, windows)
    seconds = time.perf_counter() - started
    ranking = Ranking("counterfactual", blame, "fall of the score when the sensor is replaced", seconds)
    return Counterfactual(ranking, before, usual, tuple(culprits))


def _falls(stretch: Stretch, reference: Reference, windows: Signal) -> tuple[NDArray[np.float64], Signal]:
    """(k, d) by how much the score of each window falls when each sensor is replaced by its best value, and those
    values (k, d, t).

    Tried are the value that the other sensors let expect, the usual value, and between the reading and the former, and
    beyond it, where a parabola through three scores has its lowest point: for a quadratic score and windows of one
    step no value is better.
    """
    before = _scores(stretch, windows)
    own = windows.transpose(0, 2, 1)
    expected = reference.expected(windows).transpose(0, 2, 1).astype(np.float32)
    way = expected - own
    ends = _replaced(stretch, windows, expected)
    halfway = _replaced(stretch, windows, own + np.float32(0.5) * way)
    lowest = _lowest(before[:, None], halfway, ends)
    tries = [expected, np.zeros_like(own), own + lowest[:, :, None].astype(np.float32) * way]
    scores = np.stack([ends, *(_replaced(stretch, windows, one) for one in tries[1:])])
    choice = scores.argmin(axis=0)
    best = np.take_along_axis(np.stack(tries), choice[None, :, :, None], axis=0)[0]
    fall = before[:, None] - np.take_along_axis(scores, choice[None], axis=0)[0]
    return np.maximum(fall, 0), np.where(fall[:, :, None] > 0, best, own)


def _lowest(start: NDArray[np.float64], half: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the parabola through (0, ``start``), (1/2, ``half``), (1, ``end``) is lowest; 1 if it opens downwards."""
    bend = 2 * (start - 2 * half + end)
    slope = 4 * half - 3 * start - end
    flat = bend <= 1e-12 * np.maximum(np.abs(start), 1e-12)
    return np.where(flat, 1.0, np.clip(-slope / (2 * np.where(flat, 1.0, bend)), 0.0, 2.0))


def _replaced(stretch: Stretch, windows: Signal, values: Signal) -> NDArray[np.float64]:
    """(k, d) scores of windows (k, t, d), sensor j of each replaced by ``values[:, j]``, of (k, d, t)."""
    k, t, d = windows.shape
    found, size = [], max(CELLS // (d * t * d), 1)
    for start in range(0, k, size):
        part = windows[start : start + size]
        copies = np.repeat(part[:, None], d, axis=1)  # (k, d, t, d)
        copies[:, np.arange(d), :, np.arange(d)] = values[start : start + size].transpose(1, 0, 2)
        found.append(_scores(stretch, copies.reshape(-1, t, d)).reshape(len(part), d))
    return np.concatenate(found)


def _scores(stretch: Stretch, windows: Signal) -> NDArray[np.float64]:
    return np.asarray(stretch.member.detector.score_windows(windows), np.float64)
