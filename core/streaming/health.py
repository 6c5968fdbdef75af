"""How a unit is doing: one number from 0 to 100, and where it is heading."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import theilslopes

USUAL = 1 / math.log(10)  # the mean of -log10 p over normal steps, p being uniform
CAP = 3.0  # a single step counts for at most so many times the limit: one spike is no lasting illness
LEAST_BLOCKS, MOST_BLOCKS = 6, 30
CONFIDENCE = 0.95

Direction = Literal["falling", "steady", "rising", "unknown"]


@dataclass(frozen=True, slots=True)
class Trend:
    """Points of health gained per 1,000 steps, with its 95 % interval; nan while it is too early to tell."""

    direction: Direction
    slope: float
    low: float
    high: float


class Health:
    """Health of one unit from the ensemble's surprise s on the calibrated axis:

        e_t = e_(t-1) + a (min(s_t, 3 L) - e_(t-1)),   e_0 = u,   a = 1 - 2^(-1 / half_life)
        health_t = 100 * 2^(-max(e_t - u, 0) / (L - u))

    u = 0.434 is the mean surprise of normal steps and L the limit of the promised false-alarm rate: health is 100 at
    usual, 50 where the smoothed surprise stands at the limit, 25 at twice that distance. ``half_life`` is in steps.

    The trend is the Theil-Sen slope over means of ``half_life`` steps (Sen 1968), up to 30 of them, with its interval:
    the direction is told only where the interval leaves out 0.
    """

    def __init__(self, limit: float, half_life: int = 50) -> None:
        if limit <= USUAL:
            raise ValueError(f"a limit of {limit} is no surprise")
        self._limit, self._half_life = limit, half_life
        self._a = 1 - 2 ** (-1 / half_life)
        self._smoothed = USUAL
        self._sum, self._n = 0.0, 0
        self._blocks: deque[float] = deque(maxlen=MOST_BLOCKS)
        self.lowest = self.latest = 100.0

    def push(self, surprise: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) surprises of the next steps to (n,) health, the same however the steps are cut."""
        if not len(surprise):
            return np.zeros(0)
        a = self._a
        capped = np.minimum(surprise, CAP * self._limit)
        smoothed, _ = lfilter([a], [1, a - 1], capped, zi=[(1 - a) * self._smoothed])
        self._smoothed = float(smoothed[-1])
        health = 100 * np.exp2(-np.maximum(smoothed - USUAL, 0) / (self._limit - USUAL))
        self.latest, self.lowest = float(health[-1]), min(self.lowest, float(health.min()))
        self._gather(health)
        return np.asarray(health)

    def trend(self) -> Trend:
        """Where it has been heading over the last ``30 * half_life`` steps."""
        if len(self._blocks) < LEAST_BLOCKS:
            return Trend("unknown", math.nan, math.nan, math.nan)
        means = np.array(self._blocks)
        found = theilslopes(means, np.arange(len(means)), alpha=CONFIDENCE)
        slope, low, high = (1000 / self._half_life * float(value) for value in (found[0], found[2], found[3]))
        direction: Direction = "falling" if high < 0 else "rising" if low > 0 else "steady"
        return Trend(direction, slope, low, high)

    def _gather(self, health: NDArray[np.float64]) -> None:
        for value in np.split(health, np.arange(self._half_life - self._n, len(health), self._half_life)):
            self._sum += float(value.sum())
            self._n += len(value)
            if self._n == self._half_life:
                self._blocks.append(self._sum / self._n)
                self._sum, self._n = 0.0, 0
