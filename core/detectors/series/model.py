"""A trained model over time: one member for the whole fleet, or one for each machine; raw readings in, surprise out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Kind, Sensor, SeriesSet, SeriesUnit, TimeUnit
from core.detectors.base import DetectorInfo, Params
from core.detectors.series.calibration import Mode, SeriesCalibration
from core.detectors.series.contract import Scores, SeriesDetector, SeriesStream, implementation
from core.detectors.series.description import REMEDY, Description
from core.detectors.series.scaling import Scaler
from core.errors import UserError
from core.features.signals.frames import FrameStream
from core.features.signals.front_end import FrontEnd
from core.progress import Progress

SHARED = "*"  # the member that judges every machine of a fleet
RATE_TOLERANCE = 1e-3  # of a sampling rate: a rate that is read off time stamps is not exact


@dataclass(frozen=True)
class Member:
    """What was learned from one machine, or from a fleet."""

    scaler: Scaler
    detector: SeriesDetector
    calibration: SeriesCalibration


@dataclass(frozen=True)
class Judged:
    """Consecutive steps with their scores (detector's units), sensors' parts, and surprise (-log10 p), (n,)."""

    scores: Scores
    surprise: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.surprise)


@dataclass(frozen=True)
class JudgedUnit:
    """All steps of a unit, judged at once (``now``) and with hindsight (``settled``)."""

    now: Judged
    settled: Judged

    def mode(self, mode: Mode) -> Judged:
        return self.now if mode == "now" else self.settled


@dataclass(frozen=True)
class SeriesModel:
    """Members by machine, ``SHARED`` for a fleet's. ``sensors`` are those of the frames where there is a front end,
    in the order of training."""

    sensors: tuple[Sensor, ...]
    raw_sensors: tuple[Sensor, ...]
    kind: Kind
    time_unit: TimeUnit
    rate: float | None  # steps per second
    raw_rate: float | None  # samples per second of what is cut into frames
    frontend: FrontEnd
    members: Mapping[str, Member]
    refused: Mapping[str, str] = field(default_factory=dict)  # machines that could not be learned, and why

    def member(self, machine: str) -> Member:
        """Who judges a machine. UserError for one that no member has learned."""
        found = self.members.get(SHARED) or self.members.get(machine)
        if machine in self.refused and found is None:
            raise UserError(f"The machine «{machine}» could not be learned: {self.refused[machine]}")
        if found is None:
            known = ", ".join(sorted(self.members)[:8])
            raise UserError(
                f"The model has not learned the machine «{machine}»",
                f"it knows {known}",
                "Train on this machine's normal running first, or train one model for the whole fleet",
            )
        return found

    @property
    def signals(self) -> list[Sensor]:
        """The sensors that parts and causes are about, in their order."""
        return [sensor for sensor in self.sensors if sensor.role == "signal"]

    def prepared(self, data: SeriesSet, progress: Progress = Progress()) -> SeriesSet:
        """``data`` as the members take it: columns in the order of training, raw signals cut into frames.

        UserError where a sensor is missing, rows that no time connects meet a model of time, or raw signals were
        sampled at another rate than in training: the same band of a frame would mean other frequencies. Sensors that
        the model does not know are left aside.
        """
        if data.kind == "rows" and self.kind != "rows":
            raise UserError(
                "The model has learned a time series, and the data holds independent rows",
                data.name,
                "Name the column of time in a mapping, or train on these rows",
            )
        data = aligned(data, self.raw_sensors)
        if self.frontend.kind != "none" and data.rate and self.raw_rate and not _same(data.rate, self.raw_rate):
            raise UserError(
                f"The signals have {data.rate:g} samples per second, the model has learned {self.raw_rate:g}",
                data.name,
                "Resample them, or train on recordings of this rate",
            )
        return self.frontend.apply(data, progress)

    def score(self, unit: SeriesUnit, progress: Progress = Progress()) -> JudgedUnit:
        """Judge a unit of ``prepared`` data."""
        member = self.member(unit.machine)
        found = member.detector.score(member.scaler.apply(unit.values), progress)
        surprise = member.calibration.surprise
        return JudgedUnit(
            Judged(found.now, surprise(found.now.score, "now")),
            Judged(found.settled, surprise(found.settled.score, "settled")),
        )

    def stream(self, machine: str) -> ModelStream:
        """A fresh stream of readings of ``raw_sensors`` of one machine."""
        raw = self.frontend.kind != "none"
        frames = self.frontend.stream(self.raw_sensors, self.raw_rate) if raw and self.raw_rate else None
        return ModelStream(self.member(machine), frames)

    def save(self, folder: Path) -> None:
        """Everything but the calibrations into an existing folder: ``model.json`` and a folder per member."""
        about = Description(
            sensors=self.sensors,
            raw_sensors=self.raw_sensors,
            kind=self.kind,
            time_unit=self.time_unit,
            rate=self.rate,
            raw_rate=self.raw_rate,
            frontend=self.frontend,
            members=tuple(sorted(self.members)),
            refused=dict(self.refused),
        )
        about.write(folder)
        for index, machine in enumerate(sorted(self.members)):
            home = folder / f"{index:04}"
            home.mkdir()
            self.members[machine].scaler.save(home / "scaler.safetensors")
            self.members[machine].detector.save(home)

    @classmethod
    def load(
        cls, folder: Path, info: DetectorInfo, params: Params, seed: int, calibrations: Mapping[str, SeriesCalibration]
    ) -> Self:
        """What ``save`` wrote, with the calibrations by machine. UserError for what does not fit together."""
        about = Description.read(folder)
        if set(about.members) != set(calibrations):
            raise UserError("The model's calibrations are not those of its members", str(folder), REMEDY)
        members = {}
        for index, machine in enumerate(about.members):
            home = folder / f"{index:04}"
            scaler = Scaler.load(home / "scaler.safetensors")
            if (scaler.signals, scaler.conditions) != about.columns:
                raise UserError("The model's scaling is that of other sensors", str(home), REMEDY)
            members[machine] = Member(scaler, _detector(home, info, params, seed, scaler), calibrations[machine])
        return cls(
            sensors=about.sensors,
            raw_sensors=about.raw_sensors,
            kind=about.kind,
            time_unit=about.time_unit,
            rate=about.rate,
            raw_rate=about.raw_rate,
            frontend=about.frontend,
            members=members,
            refused=about.refused,
        )


class ModelStream:
    """One unit's scoring, live: push rows of readings, get what has become known. Where raw signals are cut into
    frames, steps are frames: a push may complete none, one or many."""

    def __init__(self, member: Member, frames: FrameStream | None = None) -> None:
        self._member = member
        self._frames = frames
        self._stream: SeriesStream = member.detector.stream()

    def push(self, values: NDArray[np.float32]) -> JudgedUnit:
        """The next (n, D) readings: ``now`` of those steps, ``settled`` of the steps that have become settled."""
        if self._frames is not None:
            values = self._frames.push(values)
        found = self._stream.push(self._member.scaler.apply(values))
        return JudgedUnit(self._judged(found.now, "now"), self._judged(found.settled, "settled"))

    def close(self) -> Judged:
        """The settled steps still owed."""
        return self._judged(self._stream.close(), "settled")

    def _judged(self, scores: Scores, mode: Mode) -> Judged:
        return Judged(scores, self._member.calibration.surprise(scores.score, mode))


def _detector(home: Path, info: DetectorInfo, params: Params, seed: int, scaler: Scaler) -> SeriesDetector:
    """What was saved in ``home``, tried on one step: state that does not fit itself, or the scaler, shows there."""
    step = np.zeros((1, len(scaler.signals)), np.float32)
    try:
        found = implementation(info).load(home, params, seed)
        stream = found.stream()
        widths = {stream.push(step).now.parts.shape[1], stream.close().parts.shape[1]}
    except (OSError, ValueError, TypeError, KeyError, IndexError, RuntimeError) as error:
        raise UserError("The model's state is damaged", str(home), REMEDY) from error
    if widths != {step.shape[1]}:
        raise UserError("The model's state is that of other sensors", str(home), REMEDY)
    return found


def _same(rate: float, other: float) -> bool:
    return abs(rate - other) <= RATE_TOLERANCE * other


def aligned(data: SeriesSet, sensors: tuple[Sensor, ...]) -> SeriesSet:
    """``data`` with exactly these sensors, in this order, found by name. UserError for a missing one."""
    there = {sensor.name for sensor in data.sensors}
    missing = [sensor.name for sensor in sensors if sensor.name not in there]
    if missing:
        raise UserError(
            f"The data has no sensor «{missing[0]}»" + (f" and {len(missing) - 1} more" if missing[1:] else ""),
            data.name,
            "Name the columns as in the training data, or train on these sensors",
        )
    return data.with_sensors(sensors)
