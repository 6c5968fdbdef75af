"""Windows over a stream, and what many windows say about one step. Nothing here depends on how the stream is cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal

Array = NDArray[np.float64]

FARTHEST = 1e6  # usual spreads: a reading beyond is as wrong as can be, and its square must stay a number


class Fill:
    """Missing values take the sensor's last known one for at most ``age`` steps, then 0, the training median.

    ``width`` is d. Infinite readings count as missing, those beyond ``FARTHEST`` are brought there. Scores look back up
    to ``age`` steps further because of this.
    """

    def __init__(self, width: int, age: int) -> None:
        self._age = age
        self._last = np.zeros(width, np.float32)
        self._missing = np.full(width, age + 1)  # steps since the last known value

    def push(self, values: Signal) -> tuple[Signal, NDArray[np.bool_]]:
        """(n, d) readings to the same without holes, and (n, d) true where the value is known or carried forward."""
        found = np.isfinite(values)
        values = np.clip(values, -FARTHEST, FARTHEST)
        n = len(values)
        if n and found.all():
            self._last, self._missing = values[-1].copy(), np.zeros_like(self._missing)
            return values, found
        steps = np.arange(1, n + 1)[:, None]
        # Row of the value to use: 0 is the one from before this push, i + 1 is row i of it.
        source = np.maximum.accumulate(np.where(found, steps, 0), axis=0)
        age = steps - source + np.where(source == 0, self._missing, 0)
        known = age <= self._age
        rows = np.concatenate([self._last[None], np.where(found, values, 0).astype(np.float32)])
        filled: Signal = np.where(known, np.take_along_axis(rows, source, axis=0), np.float32(0))
        if n:
            self._last, self._missing = filled[-1], np.minimum(age[-1], self._age + 1)
        return filled, known


class Windows:
    """The windows that end in the steps of a stream. Before its first step a window holds that step again."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._history: Signal | None = None  # the last length - 1 steps

    def push(self, values: Signal) -> Signal:
        """(n, d) steps without holes to (n, length, d) windows: a read-only view of one copy."""
        if not len(values):
            return np.empty((0, self._length, values.shape[1]), np.float32)
        before = np.repeat(values[:1], self._length - 1, axis=0) if self._history is None else self._history
        joined = np.concatenate([before, values])
        self._history = joined[len(values) :]
        if len(values) < len(before):
            self._history = self._history.copy()  # a view would keep the whole of a short push alive twice
        return sliding(joined, self._length)


def sliding(values: Signal, length: int) -> Signal:
    """The (n - length + 1, length, d) windows that lie whole in (n, d), a read-only view; none where n < length."""
    if len(values) < length:
        return np.empty((0, length, values.shape[1]), np.float32)
    if len(values) == length:
        return values[None]
    return np.lib.stride_tricks.sliding_window_view(values, length, axis=0).transpose(0, 2, 1)


def training_windows(normals: Sequence[Signal], length: int, most: int) -> Signal:
    """(m, length, d) windows of all stretches, holes filled: every one, or where they are more than ``most`` that many,
    evenly spaced over all of them."""
    filled = [Fill(one.shape[1], length - 1).push(one)[0] for one in normals]
    views = [sliding(one, length) for one in filled]
    total = sum(len(view) for view in views)
    chosen = np.linspace(0, total - 1, min(total, most)).round().astype(np.int64)
    starts = np.cumsum([0, *(len(view) for view in views)])
    return np.concatenate(
        [view[chosen[(chosen >= a) & (chosen < a + len(view))] - a] for view, a in zip(views, starts, strict=False)]
    )


class WindowMeans:
    """Mean of what the windows over a step say, where each window says k numbers: (n, k) in, (m, k) out.

    A step is settled when all ``length`` windows over it are known; ``close`` gives the rest from those there are.
    """

    def __init__(self, length: int, width: int) -> None:
        self._length = length
        self._owed = np.zeros((0, width))

    def push(self, values: Array) -> Array:
        """Of the next n windows, (n, k); the means of the steps that have become settled."""
        joined = np.concatenate([self._owed, values])
        settled = max(len(joined) - self._length + 1, 0)
        self._owed = joined[settled:].copy()
        return _moving_sum(joined, self._length) / self._length

    def close(self) -> Array:
        """Of the steps still owed: each from the windows that follow it."""
        sums: Array = np.cumsum(self._owed[::-1], axis=0)[::-1]
        return sums / np.arange(len(sums), 0, -1)[:, None]


class StepMeans:
    """Mean of what the windows over a step say, where each says k numbers for each of its steps: (n, length, k) in,
    (m, k) out. Steps settle as in ``WindowMeans``."""

    def __init__(self, length: int, width: int) -> None:
        self._length = length
        self._windows = 0
        self._sums = np.zeros((length - 1, width))  # of the last length - 1 steps, oldest first

    def push(self, values: NDArray[np.floating]) -> Array:
        """Of the next n windows; the means of the steps that have become settled."""
        n, length = len(values), self._length
        sums = np.concatenate([self._sums, np.zeros((n, self._sums.shape[1]))])
        # Either loop adds the windows over a step from the oldest to the newest: the sums are equal to the last bit.
        if n < length:
            for row, one in enumerate(values):
                sums[row : row + length] += one
        else:
            for place in reversed(range(length)):
                sums[place : place + n] += values[:, place]
        before = max(length - 1 - self._windows, 0)  # rows of steps before the first, which only pad
        self._windows += n
        self._sums = sums[n:].copy()
        return sums[min(before, n) : n] / length

    def close(self) -> Array:
        """Of the steps still owed: each from the windows there are."""
        owed = min(self._windows, self._length - 1)
        return self._sums[len(self._sums) - owed :] / np.arange(owed, 0, -1)[:, None]


def _moving_sum(values: Array, length: int) -> Array:
    """Sums of ``length`` consecutive rows by doubling: no running total, in which a spike would leave its rounding."""
    n = len(values) - length + 1
    if n <= 0:
        return values[:0]
    total, done, power, span = np.zeros((n, values.shape[1])), 0, values, 1
    while True:
        if length & span:
            total = total + power[done : done + n]
            done += span
        if done == length:
            return total
        power, span = power[:-span] + power[span:], 2 * span
