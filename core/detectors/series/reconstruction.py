"""The stream that all detectors share which redraw a window and judge each of its steps by the error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Pushed, Scores, SeriesStream, Signal
from core.detectors.series.windows import Fill, StepMeans, Windows

LEAST_SPREAD = 0.5**0.5
BATCH = 256  # windows at a time: what they say must fit a cache, not the memory


@dataclass(frozen=True, eq=False)
class Judged:
    """What b windows say: ``steps`` (b, t, 1 + d), of each of their last t steps the score and each sensor's part;
    ``newest`` (b, 1 + d), what only the newest step is charged with besides (None: nothing)."""

    steps: NDArray[np.float32]
    newest: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Usual:
    """Mean and spread, (d,) each, of a sensor's part over held-out normals, for both kinds of score."""

    now: tuple[NDArray[np.float64], NDArray[np.float64]]
    settled: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def none(cls, width: int) -> Usual:
        """Leaves parts as they are."""
        return cls((np.zeros(width), np.ones(width)), (np.zeros(width), np.ones(width)))


Judge = Callable[[Signal, NDArray[np.bool_] | None], Judged]


class ReconstructionStream(SeriesStream):
    """*Now* is what the window that ends in a step says of it, *settled* the mean over all windows that hold it.

    ``judge`` gets windows (b, ``context``, d) without holes and what of them was measured (None: all).
    """

    def __init__(self, judge: Judge, context: int, span: int, usual: Usual) -> None:
        """``span``: how many last steps of a window are judged."""
        width = len(usual.now[0])
        self._judge, self._usual = judge, usual
        self._fill, self._windows, self._known = Fill(width, context), Windows(context), Windows(context)
        self._means = StepMeans(span, 1 + width)
        self._newest = np.zeros((0, 1 + width))  # of the steps not yet settled
        self._width = width

    def push(self, values: Signal) -> Pushed:
        now, settled = [], []
        for start in range(0, len(values), BATCH):
            one, other = self._block(values[start : start + BATCH])
            now.append(one)
            settled.append(other)
        empty = np.zeros((0, 1 + self._width))
        return Pushed(
            _scores(np.concatenate([empty, *now]), self._usual.now),
            _scores(np.concatenate([empty, *settled]), self._usual.settled),
        )

    def close(self) -> Scores:
        return _scores(self._means.close() + self._newest, self._usual.settled)

    def _block(self, values: Signal) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        measured = np.isfinite(values)
        windows = self._windows.push(self._fill.push(values)[0])
        known = self._known.push(measured.astype(np.float32))
        judged = self._judge(windows, None if known.all() else known > 0)
        now = judged.steps[:, -1].astype(np.float64)
        settled = self._means.push(judged.steps)
        newest = np.zeros_like(now) if judged.newest is None else judged.newest.astype(np.float64)
        self._newest = np.concatenate([self._newest, newest])
        due, self._newest = self._newest[: len(settled)], self._newest[len(settled) :]
        return now + newest, settled + due


def _scores(found: NDArray[np.float64], usual: tuple[NDArray[np.float64], NDArray[np.float64]]) -> Scores:
    mean, spread = usual
    return Scores(found[:, 0], ((found[:, 1:] - mean) / spread).astype(np.float32))


def usual_parts(stream: Callable[[], SeriesStream], held_out: Sequence[Signal], context: int) -> Usual:
    """Of parts over held-out stretches, each at least ``context`` long; the stream must leave its parts as they are.

    The spread is at least that of half a squared standard normal number, 0.71: less means that the sensor hardly moves
    and its least scale is at work, and a small stir of it would be blamed beyond measure.
    """
    now, settled = [], []
    for values in held_out:
        one = stream()
        found = one.push(values)
        now.append(found.now.parts[context - 1 :])
        parts = np.concatenate([found.settled.parts, one.close().parts])
        settled.append(parts[context - 1 :])
    return Usual(_moments(now), _moments(settled))


def _moments(parts: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    joined = np.concatenate(parts).astype(np.float64)
    return joined.mean(axis=0), np.maximum(joined.std(axis=0), LEAST_SPREAD)
