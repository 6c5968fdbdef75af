"""A toy detector over time, recordings for it, and models made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.detectors.base import DetectorInfo, Params
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.contract import Pushed, Scores, SeriesDetector, SeriesStream, Signal
from core.detectors.series.model import SHARED, Member, SeriesModel
from core.detectors.series.scaling import Scaler
from core.features.signals.front_end import FrontEnd
from core.progress import Progress

SENSORS = ("flow", "pressure", "temperature")


class ToyParams(Params):
    power: float = 2.0


class Deviations(SeriesDetector):
    """The distance from usual, to a power, summed over the sensors."""

    info: ClassVar[DetectorInfo] = DetectorInfo(
        "toy", "Toy", "series", "For tests.", "none", ToyParams, f"{__name__}:Deviations"
    )

    @property
    def context(self) -> int:
        return 1

    def fit(self, normals: object, progress: Progress) -> None:
        return None

    def stream(self) -> SeriesStream:
        return DeviationsStream(self.params.power)

    def save(self, folder: Path) -> None:
        return None

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Deviations:
        return cls(params, seed)


class DeviationsStream(SeriesStream):
    def __init__(self, power: float) -> None:
        self._power = power
        self._width = len(SENSORS)

    def push(self, values: Signal) -> Pushed:
        self._width = values.shape[1]
        parts = np.abs(np.nan_to_num(values)) ** self._power
        scores = Scores(parts.sum(axis=1).astype(float), parts.astype(np.float32))
        return Pushed(scores, scores)

    def close(self) -> Scores:
        return Scores(np.zeros(0), np.zeros((0, self._width), np.float32))


def recording(
    seed: int,
    n: int = 2000,
    faults: tuple[Event, ...] = (),
    name: str = "a",
    split: str = "test",
    size: float = 6.0,
) -> SeriesUnit:
    """Three independent normal sensors; a fault moves its sensors by ``size`` spreads."""
    values = np.random.default_rng(seed).standard_normal((n, len(SENSORS))).astype(np.float32)
    for fault in faults:
        values[fault.start : fault.stop, list(fault.sensors)] += size
    return SeriesUnit(name, "pump", split, values, np.arange(n, dtype=float), faults)  # type: ignore[arg-type]


def swinging(unit: SeriesUnit) -> SeriesUnit:
    """The same sensors, all following one slow swing: something that a network can learn."""
    swing = 3 * np.sin(np.arange(len(unit)) / 9).astype(np.float32)
    mixed = (0.3 * unit.values + swing[:, None] * np.array([1.0, 0.8, -0.6], np.float32)).astype(np.float32)
    return replace(unit, values=mixed)


def dataset(*units: SeriesUnit) -> SeriesSet:
    sensors = tuple(Sensor(name) for name in SENSORS)
    return SeriesSet("toys", Path(), "toy", sensors, units, time_unit="s")


def toy_member(data: SeriesSet, power: float = 2.0) -> Member:
    """What is learned from the first unit of ``data``."""
    detector = Deviations(ToyParams(power=power))
    scaler = Scaler.fit(data)
    scored = detector.score(scaler.apply(data.units[0].values))
    return Member(scaler, detector, SeriesCalibration.fit([scored], 1, 0))


def toy_model(power: float = 2.0, order: tuple[str, ...] = SENSORS) -> SeriesModel:
    data = dataset(recording(0, 4000, split="train")).with_sensors([Sensor(name) for name in order])
    members = {SHARED: toy_member(data, power)}
    return SeriesModel(data.sensors, data.sensors, "series", "s", 1.0, None, FrontEnd(), members)


def toy_models() -> dict[str, SeriesModel]:
    """Three detectors over the same sensors, one of them with its columns in another order."""
    return {"vae": toy_model(2.0), "kalman": toy_model(1.0), "arima": toy_model(4.0, SENSORS[::-1])}
