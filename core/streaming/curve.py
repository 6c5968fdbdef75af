"""A whole run in a few hundred points, however long it gets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 400


class Curve:
    """The lowest and the highest value of each stretch of steps, by column. Stretches double whenever there are
    ``POINTS`` of them, so that peaks stay and memory does not grow."""

    def __init__(self, width: int) -> None:
        self._low, self._high = np.full((POINTS, width), np.inf), np.full((POINTS, width), -np.inf)
        self.stride, self.steps = 1, 0

    def push(self, values: NDArray[np.float64]) -> None:
        """The next (n, width) values."""
        while len(values):
            room = POINTS * self.stride - self.steps
            if room == 0:
                self._halve()
                continue
            part, values = values[:room], values[room:]
            places = (self.steps + np.arange(len(part))) // self.stride
            starts = np.flatnonzero(np.diff(places, prepend=-1))
            rows = places[starts]
            self._low[rows] = np.minimum(self._low[rows], np.minimum.reduceat(part, starts))
            self._high[rows] = np.maximum(self._high[rows], np.maximum.reduceat(part, starts))
            self.steps += len(part)

    def _halve(self) -> None:
        half = POINTS // 2
        for array, empty, fold in ((self._low, np.inf, np.minimum), (self._high, -np.inf, np.maximum)):
            array[:half] = fold(array[0::2], array[1::2])
            array[half:] = empty
        self.stride *= 2

    def to_json(self, names: list[str], digits: int = 3) -> dict[str, Any]:
        """``{"stride", "steps", "low": {name: […]}, "high": {name: […]}}``; the k-th value covers the steps from
        ``k * stride`` on."""
        used = -(-self.steps // self.stride)  # + 0.0 below makes -0.0 plain
        return {
            "stride": self.stride,
            "steps": self.steps,
            "low": {name: (np.round(self._low[:used, k], digits) + 0.0).tolist() for k, name in enumerate(names)},
            "high": {name: (np.round(self._high[:used, k], digits) + 0.0).tolist() for k, name in enumerate(names)},
        }
