"""Isolation forest over sensors, or over windows (Liu, Ting and Zhou, ICDM 2008): grown by scikit-learn, walked by us.

    score = 2^(-E[h(x)] / c(sample)),    h the cuts until a row is alone

A sensor's part is by how much the cuts through it shortened the path, in units of c(sample). It may be negative.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import DetectorInfo, Params
from core.detectors.iforest.forest import Forest
from core.detectors.iforest.info import INFO, IForestParams
from core.detectors.series.arrays import load_arrays, save_arrays
from core.detectors.series.contract import Scores, Signal
from core.detectors.series.windowed import WindowedDetector
from core.progress import Progress

AXES = {"column": 1, "threshold": 1, "left": 1, "right": 1, "expected": 1, "roots": 1, "usual": 1, "sensors": 1}


class IForest(WindowedDetector):
    """An isolation forest whose state is plain arrays."""

    info: ClassVar[DetectorInfo] = INFO
    params: IForestParams
    _forest: Forest  # once fitted

    @property
    def window(self) -> int:
        return self.params.window

    def learn(self, windows: Signal, progress: Progress) -> None:
        from sklearn.ensemble import IsolationForest

        flat = windows.reshape(len(windows), -1)
        progress.report(0, 1, f"{self.params.trees} trees")
        sample = min(self.params.sample, len(flat))
        forest = IsolationForest(n_estimators=self.params.trees, max_samples=sample, random_state=self.seed)
        self._forest = Forest.of(forest.fit(flat))

    def judge(self, windows: Signal, known: NDArray[np.bool_]) -> Scores:
        n, length, d = windows.shape
        score, parts = self._forest.judge(windows.reshape(n, length * d))
        by_sensor = parts.reshape(n, length, d).sum(axis=1)
        return Scores(score, np.where(known, by_sensor, 0).astype(np.float32))

    def save(self, folder: Path) -> None:
        arrays = asdict(self._forest)
        arrays["usual"], arrays["sensors"] = np.array([self._forest.usual]), np.array([self._width])
        save_arrays(folder, arrays)

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        arrays = load_arrays(folder, AXES)
        usual, sensors = float(arrays.pop("usual")[0]), int(arrays.pop("sensors")[0])
        detector._forest, detector._width = Forest(**arrays, usual=usual).checked(detector.window * sensors), sensors
        return detector
