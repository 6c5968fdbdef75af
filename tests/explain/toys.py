"""Detectors small enough to know what the truth is, and models and data around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.detectors.base import DetectorInfo, Params
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.contract import Pushed, Scores, SeriesDetector, SeriesStream, Signal
from core.detectors.series.model import SHARED, Member, SeriesModel
from core.detectors.series.scaling import Scaler
from core.features.signals.front_end import FrontEnd
from core.progress import Progress

INFO = DetectorInfo("toy", "Toy", "series", "For tests.", "none", Params, "tests.explain.toys:Quadratic")


class Quadratic(SeriesDetector):
    """score = x' M x of the newest step; parts are x * (M x). M is the inverse covariance of the normals."""

    info: ClassVar[DetectorInfo] = INFO

    def __init__(self, matrix: NDArray[np.float64] | None = None) -> None:
        super().__init__(Params())
        self.matrix = matrix if matrix is not None else np.zeros((0, 0))

    @property
    def context(self) -> int:
        return 1

    def fit(self, normals: Any, progress: Progress) -> None:
        rows = np.concatenate(normals).astype(float)
        self.matrix = np.linalg.inv(np.cov(rows.T) + 1e-3 * np.eye(rows.shape[1]))

    def stream(self) -> SeriesStream:
        return _Stream(self)

    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.judge(windows[:, -1]).score

    def judge(self, values: Signal) -> Scores:
        x = np.nan_to_num(values).astype(float)
        pull = x @ self.matrix
        return Scores((x * pull).sum(axis=1), (x * pull).astype(np.float32))

    def save(self, folder: Path) -> None:
        np.save(folder / "matrix.npy", self.matrix)

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        return cls(np.load(folder / "matrix.npy"))


class _Stream(SeriesStream):
    def __init__(self, detector: Quadratic) -> None:
        self._detector = detector

    def push(self, values: Signal) -> Pushed:
        found = self._detector.judge(values)
        return Pushed(found, found)

    def close(self) -> Scores:
        return Scores.joined([], len(self._detector.matrix))


def correlated(n: int, seed: int = 0, width: int = 6) -> NDArray[np.float32]:
    """(n, width) from two common causes and a little noise of each sensor's own."""
    rng = np.random.default_rng(seed)
    loads = np.random.default_rng(42).standard_normal((2, width))
    return (rng.standard_normal((n, 2)) @ loads + 0.3 * rng.standard_normal((n, width))).astype(np.float32)


def unit(name: str, values: NDArray[np.float32], split: Any = "test", events: tuple[Event, ...] = ()) -> SeriesUnit:
    return SeriesUnit(name, "m", split, values, np.arange(len(values), dtype=float) + 100, events)


def data(test: NDArray[np.float32], events: tuple[Event, ...] = (), seed: int = 0) -> SeriesSet:
    """Four thousand normal steps to learn from, and a test unit."""
    width = test.shape[1]
    units = (unit("train", correlated(4000, seed, width), "train"), unit("test", test, "test", events))
    sensors = tuple(Sensor(f"s{index}") for index in range(width))
    return SeriesSet("toy", Path(), "toy", sensors, units, time_unit="cycle")


def model(found: SeriesSet, detector: SeriesDetector | None = None) -> SeriesModel:
    """A detector fitted on the training normals, scaled and calibrated on the same."""
    detector = detector or Quadratic()
    normals = found.normals()
    scaler = Scaler.fit(normals)
    scaled = [scaler.apply(one.values) for one in normals.units]
    detector.fit(scaled, Progress())
    calibration = SeriesCalibration.fit([detector.score(one) for one in scaled], detector.context, detector.delay)
    member = Member(scaler, detector, calibration)
    return SeriesModel(
        sensors=found.sensors,
        raw_sensors=found.sensors,
        kind=found.kind,
        time_unit=found.time_unit,
        rate=found.rate,
        raw_rate=found.rate,
        frontend=FrontEnd.auto(found),
        members={SHARED: member},
    )
