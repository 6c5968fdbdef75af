"""The stream that all detectors share which redraw a window and judge each of its steps by the error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Pushed, Scores, SeriesStream, Signal
from core.detectors.series.windows import Fill, StepMeans, Windows

USUAL = ("now_mean", "now_sd", "settled_mean", "settled_sd")  # names of what is saved of ``Usual``
BATCH = 128  # windows at a time: what they say must fit the processor's cache


Spread = NDArray[np.float64]  # (d,)


@dataclass(frozen=True, eq=False)
class Judged:
    """What b windows say: ``steps`` (b, t, 1 + d), of each of their last t steps the score and each sensor's part;
    ``newest`` (b, 1 + d), what only the newest step is charged with besides (None: nothing)."""

    steps: NDArray[np.float32]
    newest: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Usual:
    """Mean and spread, (d,) each, of a sensor's part over held-out normals, for both kinds of score."""

    now: tuple[Spread, Spread]
    settled: tuple[Spread, Spread]

    @property
    def width(self) -> int:
        return len(self.now[0])

    @classmethod
    def none(cls, width: int) -> Usual:
        """Leaves parts as they are."""
        return cls((np.zeros(width), np.ones(width)), (np.zeros(width), np.ones(width)))

    def arrays(self) -> dict[str, Spread]:
        """By the names of ``USUAL``; ``of`` takes them back."""
        return dict(zip(USUAL, (*self.now, *self.settled), strict=True))

    @classmethod
    def of(cls, arrays: Mapping[str, Spread]) -> Usual:
        found = [arrays[name] for name in USUAL]
        return cls((found[0], found[1]), (found[2], found[3]))


Prepare = Callable[[Signal], Signal]
Judge = Callable[[Signal, NDArray[np.bool_] | None], Judged]


class ReconstructionStream(SeriesStream):
    """*Now* is what the window that ends in a step says of it, *settled* the mean over all windows that hold it.

    ``judge`` gets windows (b, ``context``, d) without holes and what of them was measured (None: all); ``prepare``
    turns steps (n, d) into what windows are made of, once for all windows that will hold them. A hole takes the
    sensor's last value for up to ``context - 1`` steps, then 0, the training median; it is not judged, its part is 0.
    """

    def __init__(self, prepare: Prepare, judge: Judge, context: int, span: int, usual: Usual) -> None:
        """``span``: how many last steps of a window are judged."""
        self._width = usual.width
        self._prepare, self._judge, self._usual = prepare, judge, usual
        self._fill, self._windows, self._known = Fill(self._width, context - 1), Windows(context), Windows(context)
        self._means = StepMeans(span, 1 + self._width)
        # Of the steps not yet settled: what only they were charged with, and which sensors were measured.
        self._newest, self._measured = np.zeros((0, 1 + self._width)), np.zeros((0, self._width), bool)

    def push(self, values: Signal) -> Pushed:
        now, settled = [], []
        for start in range(0, len(values), BATCH):
            one, other = self._block(values[start : start + BATCH])
            now.append(one)
            settled.append(other)
        return Pushed(Scores.joined(now, self._width), Scores.joined(settled, self._width))

    def close(self) -> Scores:
        return _scores(self._means.close() + self._newest, self._measured, self._usual.settled)

    def _block(self, values: Signal) -> tuple[Scores, Scores]:
        measured = np.isfinite(values)
        known = self._known.push(measured.astype(np.float32))
        windows = self._windows.push(self._prepare(self._fill.push(values)[0]))
        # The windows overlap: the first of them and the last step of the others hold every value there is.
        whole = bool(known[0].all() and known[:, -1].all())
        judged = self._judge(windows, None if whole else known > 0)
        now = judged.steps[:, -1].astype(np.float64)
        newest = np.zeros_like(now) if judged.newest is None else judged.newest.astype(np.float64)
        settled = self._means.push(judged.steps)
        due = len(settled)
        self._newest = np.concatenate([self._newest, newest])
        self._measured = np.concatenate([self._measured, measured])
        old = _scores(settled + self._newest[:due], self._measured[:due], self._usual.settled)
        self._newest, self._measured = self._newest[due:].copy(), self._measured[due:].copy()
        return _scores(now + newest, measured, self._usual.now), old


def _scores(found: NDArray[np.float64], measured: NDArray[np.bool_], usual: tuple[Spread, Spread]) -> Scores:
    mean, spread = usual
    return Scores(found[:, 0], (measured * ((found[:, 1:] - mean) / spread)).astype(np.float32))


def usual_parts(stream: Callable[[], SeriesStream], held_out: Sequence[Signal], context: int, least: float) -> Usual:
    """Of parts over held-out stretches, each at least ``context`` long; the stream must leave its parts as they are.

    No spread is below ``least``: a sensor that hardly moves would be blamed beyond measure for a small stir.
    """
    now, settled = [], []
    for values in held_out:
        one = stream()
        found = one.push(values)
        now.append(found.now.parts[context - 1 :])
        parts = np.concatenate([found.settled.parts, one.close().parts])
        settled.append(parts[context - 1 :])
    return Usual(_moments(now, least), _moments(settled, least))


def _moments(parts: Sequence[NDArray[np.float32]], least: float) -> tuple[Spread, Spread]:
    joined = np.concatenate(parts).astype(np.float64)
    return joined.mean(axis=0), np.maximum(joined.std(axis=0), least)
