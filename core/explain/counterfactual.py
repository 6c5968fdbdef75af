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
CANDIDATES = 10  # sensors that are tried as further culprits: those most to blame alone
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
    ``before`` is that score as it was, ``usual`` the median score of normal running."""

    ranking: Ranking
    before: float
    usual: float

    def explains(self, sensor: int) -> float | None:
        """How much of the way from the usual score to the one before is this sensor's doing, 0 to 1; None where the
        score was not above usual."""
        if self.before <= self.usual:
            return None
        return float(min(self.ranking.blame[sensor] / (self.before - self.usual), 1.0))


def counterfactual(stretch: Stretch, reference: Reference) -> Counterfactual:
    """Replace each sensor alone by its best value."""
    started = time.perf_counter()
    windows = filled(stretch.windows)
    before = _scores(stretch, windows)
    usual = float(np.median(_scores(stretch, reference.windows(windows.shape[1], NORMAL)[0])))
    falls, _ = _falls(stretch, reference, windows, before, np.arange(stretch.width))
    seconds = time.perf_counter() - started
    ranking = Ranking("counterfactual", falls.mean(axis=0), "fall of the score when the sensor is replaced", seconds)
    return Counterfactual(ranking, float(before.mean()), usual)


def culprits(stretch: Stretch, reference: Reference, found: Counterfactual) -> tuple[Culprit, ...]:
    """The sensors that explain the score together: replaced one after the other, each time the one that brings it down
    furthest, until it is usual or no other explains a twentieth of the way."""
    windows = filled(stretch.windows)
    scores, chosen = _scores(stretch, windows), list[Culprit]()
    open_ = found.ranking.order[:CANDIDATES]
    while len(chosen) < MOST_CULPRITS and len(open_) and scores.mean() > found.usual:
        falls, replaced = _falls(stretch, reference, windows, scores, open_)
        best = int(np.argmax(falls.mean(axis=0)))
        if falls[:, best].mean() < LEAST_FALL * (found.before - found.usual):
            break
        sensor = int(open_[best])
        windows = windows.copy()
        windows[:, :, sensor] = replaced[:, best]
        scores = scores - falls[:, best]
        chosen.append(Culprit(sensor, float(scores.mean())))
        open_ = np.delete(open_, best)
    return tuple(chosen)


def _falls(
    stretch: Stretch, reference: Reference, windows: Signal, before: NDArray[np.float64], sensors: NDArray[np.int64]
) -> tuple[NDArray[np.float64], Signal]:
    """(k, s) by how much the score ``before`` (k,) of each window falls when each of ``sensors`` (s,) is replaced by
    its best value, and those values (k, s, t).

    Tried are the value that the other sensors let expect, the usual value, and between the reading and the former, and
    beyond it, where a parabola through three scores has its lowest point: for a quadratic score and windows of one
    step no value is better.
    """
    own = windows.transpose(0, 2, 1)[:, sensors]
    expected = reference.expected(windows).transpose(0, 2, 1)[:, sensors].astype(np.float32)
    way = expected - own
    ends = _replaced(stretch, windows, sensors, expected)
    halfway = _replaced(stretch, windows, sensors, own + np.float32(0.5) * way)
    lowest = _lowest(before[:, None], halfway, ends)
    tries = [expected, np.zeros_like(own), own + lowest[:, :, None].astype(np.float32) * way]
    scores = np.stack([ends, *(_replaced(stretch, windows, sensors, one) for one in tries[1:])])
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


def _replaced(stretch: Stretch, windows: Signal, sensors: NDArray[np.int64], values: Signal) -> NDArray[np.float64]:
    """(k, s) scores of windows (k, t, d), each of ``sensors`` (s,) of each replaced by its ``values`` (k, s, t)."""
    k, t, d = windows.shape
    s = len(sensors)
    found, size = [], max(CELLS // (s * t * d), 1)
    for start in range(0, k, size):
        part = windows[start : start + size]
        copies = np.repeat(part[:, None], s, axis=1)  # (k, s, t, d)
        copies[:, np.arange(s), :, sensors] = values[start : start + size].transpose(1, 0, 2)
        found.append(_scores(stretch, copies.reshape(-1, t, d)).reshape(len(part), s))
    return np.concatenate(found)


def _scores(stretch: Stretch, windows: Signal) -> NDArray[np.float64]:
    return np.asarray(stretch.member.detector.score_windows(windows), np.float64)
