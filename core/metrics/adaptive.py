"""Thresholds that follow the scores: counted, streaming peaks over threshold, and telemanom's.

``percentile`` and ``AdaptiveThreshold`` start from scores of normal steps; ``dynamic_threshold`` needs none, and
promises no rate of false alarms. An alarm is a score strictly above its threshold.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.evt import GAMMA, MIN_SHAPE, Gpd, decluster, fit_gpd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEWEST = 5  # runs of peaks; with fewer no alarm is raised
KEPT = 2000  # latest peaks that the tail is fitted to: memory and time per peak do not grow


class Followed(NamedTuple):
    """(n,) the threshold that each score was held against, and whether it was above."""

    thresholds: Floats
    alarms: Bools


def percentile(scores: ArrayLike, rate: float) -> float:
    """The score that a fresh one surpasses with a chance of at most ``rate``, where the (n,) given and it could as well
    be swapped: the ceil((1 - rate) (n + 1))-th smallest; inf where n is too small to say."""
    if not 0 < rate < 1:
        raise ValueError(f"a rate of {rate} is not in (0, 1)")
    values = np.sort(np.asarray(scores, float))
    rank = math.ceil((1 - rate) * (len(values) + 1) - 1e-9)
    return float(values[rank - 1]) if rank <= len(values) else math.inf


class AdaptiveThreshold:
    """Streaming peaks over threshold of one machine (Siffer et al., Anomaly Detection in Streams with Extreme Value
    Theory, KDD 2017): SPOT, and with ``depth`` > 0 DSPOT, which looks at the distance from the mean of the last
    ``depth`` normal scores.

    What is above the threshold is an alarm and is forgotten: it counts neither as a peak nor as a step, nor does it
    move the mean. So a fault is not learned however long it lasts; a lasting new normal is not either, until another is
    fitted on it. What creeps up below the threshold is learned: for slow wear a fixed threshold is the right one.

    Every peak renews the tail; the part of it that alarms took away is put back as the promise has it (the method as
    published leaves it out, and its threshold sinks for ever). The result does not depend on how a stream is cut.
    """

    def __init__(self, excesses: Floats, initial: float, n: int, runs: int, rate: float, gap: int) -> None:
        self.rate, self.initial, self.gap = rate, initial, gap
        self._excesses: deque[float] = deque(excesses[-KEPT:], maxlen=KEPT)
        self._n, self._peaks, self._runs = n, len(excesses), runs
        self._streamed = self._streamed_steps = 0  # peaks and steps learned since
        self._tail: Gpd | None = None
        self._since_peak = gap  # steps without a peak, up to ``gap``
        self._window: list[float] = []
        self._place, self._sum = 0, 0.0
        self.excess = math.inf  # of the present threshold above ``initial``; inf until there are peaks enough
        self._renew()

    @classmethod
    def fit(cls, scores: ArrayLike, *, rate: float, level: float = 0.98, gap: int = 1, depth: int = 0) -> Self:
        """Start from (n,) scores of normal steps in order, n > ``depth``: peaks are what is above the share ``level``
        of them, and ``gap`` is as for ``decluster``."""
        values = np.asarray(scores, float)
        if len(values) <= depth or depth < 0:
            raise ValueError(f"{len(values)} scores are too few for a mean over {depth}")
        if not 0 < rate < 1 - level < 1:
            raise ValueError(f"a rate of {rate} is not in the tail above the share {level}")
        distances = values[depth:]
        if depth:
            distances = distances - np.lib.stride_tricks.sliding_window_view(values, depth)[:-1].mean(axis=1)
        initial = float(np.quantile(distances, level, method="higher"))
        peaks = distances[distances > initial] - initial
        found = cls(peaks, initial, len(distances), len(decluster(distances, initial, gap)), rate, gap)
        found._window = values[len(values) - depth :].tolist()
        found._sum = math.fsum(found._window)
        return found

    @property
    def threshold(self) -> float:
        """What the next score is held against; inf while too few peaks are known."""
        return self.initial + self.excess + self._mean

    @property
    def _mean(self) -> float:
        return self._sum / len(self._window) if self._window else 0.0

    def push(self, scores: ArrayLike) -> Followed:
        """Judge the next (n,) finite scores, one after the other: each against the threshold left by those before."""
        values = np.asarray(scores, float)
        if not np.isfinite(values).all():
            raise ValueError("scores must be finite")
        thresholds, alarms = np.empty(len(values)), np.zeros(len(values), bool)
        for index, value in enumerate(values.tolist()):
            mean = self._mean
            excess = value - mean - self.initial
            thresholds[index] = self.initial + self.excess + mean
            if excess > self.excess:
                alarms[index] = True
                continue
            self._n += 1
            self._streamed_steps += 1
            if excess > 0:
                self._peaks += 1
                self._streamed += 1
                self._runs += self._since_peak >= self.gap
                self._since_peak = 0
                self._excesses.append(excess)
                self._renew()
            else:
                self._since_peak += 1
            if self._window:
                self._move(value)
        return Followed(thresholds, alarms)

    def _move(self, value: float) -> None:
        """Let the newest normal score take the place of the oldest. The sum is made anew at each turn, so that rounding
        does not pile up."""
        self._sum += value - self._window[self._place]
        self._window[self._place] = value
        self._place = (self._place + 1) % len(self._window)
        if not self._place:
            self._sum = math.fsum(self._window)

    def _renew(self) -> None:
        if self._runs < FEWEST:
            return
        kept = np.sort(np.array(self._excesses))
        if self._tail is None:
            self._tail = fit_gpd(kept, self._runs)
        if self._streamed:
            chance = self.rate / self._peak_rate
            missing = min(self._streamed, len(kept)) * chance / (1 - chance)
            self._tail = _completed(kept, missing / (missing + len(kept)), self.excess, self._tail, self._runs)
        self.excess = float(self._tail.isf(min(self.rate / self._peak_rate, 1.0)))

    @property
    def _peak_rate(self) -> float:
        """Share of normal steps that are peaks or above, those forgotten as alarms included."""
        forgotten = self.rate / (1 - self.rate) * self._streamed_steps
        return (self._peaks + forgotten) / (self._n + forgotten)


def _completed(kept: Floats, missing: float, start: float, tail: Gpd, runs: int) -> Gpd:
    """The tail of ascending excesses of which a share ``missing`` of all, those above ``start``, was left out.

    Fitted to what was kept alone, the tail would shrink, the threshold fall, and more be left out: without end. So the
    moments are those of what was kept and, above ``start``, of the present ``tail``.
    """
    if not math.isfinite(start):
        return fit_gpd(kept, runs)
    there, k = 1 - missing, len(kept)
    scale = tail.sigma + tail.gamma * start
    mean = there * kept.mean() + missing * (start + scale / (1 - tail.gamma))
    weighted = there * (missing * kept.mean() + there * (kept @ np.arange(k - 1, -1, -1)) / (k * max(k - 1, 1)))
    weighted += missing**2 * (start + scale / (2 - tail.gamma)) / 2
    gamma = 0.0 if min(k, runs) < MIN_SHAPE else float(np.clip(2 - mean / (mean - 2 * weighted), *GAMMA))
    return Gpd(gamma, float(mean * (1 - gamma)))
