"""Detectors that judge every window on its own: what PCA, k-means and isolation forest share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import Params
from core.detectors.series.contract import Pushed, Scores, SeriesDetector, SeriesStream, Signal
from core.detectors.series.windows import Fill, WindowMeans, Windows, training_windows
from core.errors import UserError
from core.progress import Progress

MOST_LEARNED = 2**24  # numbers in the training windows, 64 MiB of float32
MOST_AT_ONCE = 2**20  # numbers in the windows judged at a time: bounds what a long push takes


class WindowedDetector(SeriesDetector):
    """*Now* is the score of the window that ends in a step; *settled* the mean over all windows that hold it.

    A missing value is the sensor's last one in the window's reach, else 0, the training median. A sensor without any
    reading in a window is unknown there: its part is 0.
    """

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._width = 0  # sensors; known once fitted

    @property
    @abstractmethod
    def window(self) -> int:
        """Steps of a window."""

    @property
    def most_windows(self) -> int:
        """Training windows beyond so many are thinned evenly."""
        return 100_000

    @abstractmethod
    def learn(self, windows: Signal, progress: Progress) -> None:
        """Fit on windows (m, window, d) without holes, m >= 1."""

    @abstractmethod
    def judge(self, windows: Signal, known: NDArray[np.bool_]) -> Scores:
        """Of n >= 1 windows (n, window, d) without holes; ``known`` (n, d) is false for a sensor unknown in one."""

    @property
    def context(self) -> int:
        return self.window

    @property
    def delay(self) -> int:
        return self.window - 1

    def fit(self, normals: Sequence[Signal], progress: Progress) -> None:
        normals = [one for one in normals if len(one) >= self.shortest]
        if not normals:
            raise UserError(
                "There is nothing to learn from", self.info.title, f"Give stretches of at least {self.shortest} steps"
            )
        self._width = normals[0].shape[1]
        most = max(min(self.most_windows, MOST_LEARNED // (self.window * self._width)), 1)
        progress.report(0, 1, "Cutting windows")
        self.learn(training_windows(normals, self.window, most), progress)
        progress.report(1, 1, "Fitted")

    def stream(self) -> SeriesStream:
        return _WindowedStream(self, self._width)

    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        b, t, d = windows.shape
        filled, known = Fill(b * d, self.window - 1).push(windows.transpose(1, 0, 2).reshape(t, b * d))
        recordings = filled.reshape(t, b, d)
        if t < self.window:
            recordings = np.concatenate([np.repeat(recordings[:1], self.window - t, axis=0), recordings])
        last = recordings[-self.window :].transpose(1, 0, 2)
        return self.judged(last, known[-1].reshape(b, d)).score

    def judged(self, windows: Signal, known: NDArray[np.bool_]) -> Scores:
        """``judge``, as many windows at a time as memory should hold."""
        size = max(MOST_AT_ONCE // (self.window * self._width), 1)
        if 0 < len(windows) <= size:
            return self.judge(windows, known)
        starts = range(0, len(windows), size)
        return Scores.joined((self.judge(windows[s : s + size], known[s : s + size]) for s in starts), self._width)


class _WindowedStream(SeriesStream):
    def __init__(self, detector: WindowedDetector, width: int) -> None:
        self._detector = detector
        self._fill = Fill(width, detector.window - 1)
        self._windows = Windows(detector.window)
        self._means = WindowMeans(detector.window, 1 + width)

    def push(self, values: Signal) -> Pushed:
        filled, known = self._fill.push(values)
        now = self._detector.judged(self._windows.push(filled), known)
        if self._detector.window == 1:
            return Pushed(now, now)
        return Pushed(now, _scores(self._means.push(np.column_stack([now.score, now.parts]))))

    def close(self) -> Scores:
        return _scores(self._means.close())


def _scores(columns: NDArray[np.float64]) -> Scores:
    return Scores(columns[:, 0], columns[:, 1:].astype(np.float32))
