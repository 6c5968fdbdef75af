"""The step before a detector: raw vibration or sound is cut into frames, and each frame becomes a row of features."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.errors import UserError
from core.features.signals.extract import BandLevels, EnvelopeLevels, Extractor, LogMel
from core.features.signals.frames import BLOCK, FrameStream
from core.progress import Progress

FrontEndKind = Literal["none", "bands", "envelope", "logmel"]


class FrontEnd(BaseModel):
    """What is made of raw samples, as settings that a model keeps: ``model_dump_json`` and ``model_validate_json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FrontEndKind = Field("none", title="Features of a frame")
    frame: float = Field(0.2, gt=0, title="Length of a frame, s")
    hop: float = Field(0.1, gt=0, title="From one frame to the next, s")
    bands: int = Field(12, ge=1, le=256, title="Bands")
    low: float = Field(0.0, ge=0, title="Lowest frequency of the signal, Hz")
    high: float | None = Field(None, gt=0, title="Highest frequency of the signal, Hz (empty: half the sampling rate)")
    fastest: float = Field(500.0, gt=0, title="Fastest rhythm of the envelope, Hz")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.high is not None and self.high <= self.low:
            raise ValueError("the highest frequency must lie above the lowest")
        return self

    @classmethod
    def auto(cls, data: SeriesSet) -> FrontEnd:
        """The usual one for this kind of recording: none for series and rows, band levels for a waveform, 64 log-mel
        bands of 64 ms frames for sound. Frames are no longer than the shortest recording."""
        if data.kind in ("series", "rows"):
            return cls()
        rate = _rate(data)
        longest = min((len(unit) for unit in data.units), default=0) / rate or 1.0
        if data.kind == "sound":
            frame = min(0.064, longest)
            return cls(kind="logmel", frame=frame, hop=frame / 2, bands=64)
        frame = min(0.2, longest)
        return cls(kind="bands", frame=frame, hop=frame / 2)

    def samples(self, rate: float) -> tuple[int, int]:
        """Frame and hop in samples at ``rate`` samples per second."""
        return max(2, round(self.frame * rate)), max(1, round(self.hop * rate))

    def sensors(self, sensors: tuple[Sensor, ...], rate: float) -> tuple[Sensor, ...]:
        """What the features of these sensors are called, in the order of a frame's columns: those of each signal, then
        the conditions. UserError where the settings do not fit the rate."""
        if self.kind == "none":
            return sensors
        extractor = self._extractor(rate)
        found = [one for sensor in sensors if sensor.role == "signal" for one in extractor.sensors(sensor.name)]
        return (*found, *(sensor for sensor in sensors if sensor.role == "condition"))

    def stream(self, sensors: tuple[Sensor, ...], rate: float) -> FrameStream:
        """For one live recording: raw samples in, the rows that ``apply`` would give out, to the last bit."""
        if self.kind == "none":
            raise ValueError("readings that need no front end are not cut into frames")
        signals = [index for index, sensor in enumerate(sensors) if sensor.role == "signal"]
        conditions = [index for index, sensor in enumerate(sensors) if sensor.role == "condition"]
        return FrameStream(self._extractor(rate), self.samples(rate)[1], signals, conditions)

    def apply(self, data: SeriesSet, progress: Progress = Progress()) -> SeriesSet:
        """The recordings as series of frames; the same set where the kind is ``none``.

        A frame has the time of its last sample: what a monitor knows then. It is anomalous where one of its samples is,
        and healthy where all are. Recordings shorter than a frame are left out and told. UserError where nothing is
        left, where the sampling rate is not known, or where the settings do not fit it.
        """
        if self.kind == "none":
            return data
        if data.kind in ("series", "rows"):
            what = "Readings that are no raw signal cannot be cut into frames of features"
            raise UserError(what, data.name, "Choose the front end «none»")
        rate = _rate(data)
        size, hop = self.samples(rate)
        sensors = self.sensors(data.sensors, rate)
        units, rejected, done, total = [], list(data.rejected), 0, max(data.n_steps, 1)
        for unit in data.units:
            share = progress.part(done / total, (done + len(unit)) / total)
            done += len(unit)
            if len(unit) < size:
                rejected.append(Rejected(unit.name, f"shorter than a frame of {self.frame:g} s"))
                continue
            units.append(self._frames(unit, data, rate, size, hop, share))
        if not units:
            what = f"No recording is as long as a frame of {self.frame:g} s"
            raise UserError(what, data.name, "Take shorter frames")
        note = (
            f"Frames of {size / rate:g} s, one every {hop / rate:g} s; the time of a frame is that of its last sample."
        )
        return replace(
            data,
            sensors=sensors,
            units=tuple(units),
            kind="series",
            time_unit="s" if data.time_unit == "step" else data.time_unit,
            rate=rate / hop,
            rejected=tuple(rejected),
            notes=(*data.notes, note),
        )

    def _frames(
        self, unit: SeriesUnit, data: SeriesSet, rate: float, size: int, hop: int, progress: Progress
    ) -> SeriesUnit:
        stream, found = self.stream(data.sensors, rate), []
        for start in range(0, len(unit), BLOCK):
            found.append(stream.push(unit.values[start : start + BLOCK]))
            progress.report(min(start + BLOCK, len(unit)), len(unit), "Cutting into frames")
        values = np.concatenate(found)
        last = np.arange(len(values)) * hop + size - 1  # sample that completes each frame
        time, life_left = unit.time[last], unit.life_left
        if life_left is not None:
            life_left += float(unit.time[-1] - time[-1])
        if data.time_unit == "step":
            time = time / rate
            life_left = None if life_left is None else life_left / rate
        events, healthy = unit.events, unit.healthy
        if events is not None:
            columns = _columns(data, values.shape[1])
            mapped = (_in_frames(event, size, hop, len(values), columns) for event in events)
            events = tuple(event for event in mapped if event.start < event.stop)
        if healthy is not None:
            healthy = min(max(0, (healthy - size) // hop + 1), len(values))
        return replace(unit, values=values, time=time, events=events, healthy=healthy, life_left=life_left)

    def _extractor(self, rate: float) -> Extractor:
        size, _ = self.samples(rate)
        high = rate / 2 if self.high is None else self.high
        if not self.low < high <= rate / 2:
            what = f"At {rate:g} samples per second there is nothing from {self.low:g} to {high:g} Hz"
            raise UserError(what, "front end", f"Choose frequencies from 0 to {rate / 2:g} Hz")
        span = (self.low, high)
        if self.kind == "envelope":
            if self.fastest > rate / 2:
                remedy = f"Choose {rate / 2:g} Hz at most"
                raise UserError(f"A rhythm of {self.fastest:g} Hz is faster than the samples show", "front end", remedy)
            return EnvelopeLevels(size, rate, self.bands, span, self.fastest)
        return (LogMel if self.kind == "logmel" else BandLevels)(size, rate, self.bands, span)


def _in_frames(event: Event, size: int, hop: int, count: int, columns: dict[int, range]) -> Event:
    """The frames that hold a sample of the event; its culprits are all features of the sensors at fault."""
    first = max(0, -(-(event.start - size + 1) // hop))
    stop = min((event.stop - 1) // hop + 1, count)
    culprits = tuple(column for sensor in event.sensors for column in columns[sensor])
    return replace(event, start=first, stop=stop, sensors=culprits)


def _columns(data: SeriesSet, width: int) -> dict[int, range]:
    """Which of ``width`` columns of a frame come from which sensor."""
    judged = len(data.signals) and (width - len(data.conditions)) // len(data.signals)
    found = {sensor: range(place * judged, (place + 1) * judged) for place, sensor in enumerate(data.signals)}
    first = judged * len(data.signals)
    return found | {sensor: range(first + place, first + place + 1) for place, sensor in enumerate(data.conditions)}


def _rate(data: SeriesSet) -> float:
    if not data.rate:
        what = "The sampling rate of the signals is not known, so their frequencies are not"
        raise UserError(what, data.name, "Say the rate when you read the dataset")
    return data.rate
