"""What a recording is: sensors over time, of one or many machines, with an identity that follows from its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.datasets.types import Rejected, Split

Role = Literal["signal", "condition"]
Kind = Literal["series", "rows", "waveform", "sound"]
TimeUnit = Literal["epoch", "s", "cycle", "step"]


@dataclass(frozen=True, slots=True)
class Sensor:
    """One column. A ``condition`` (operating setting, command) says what the machine was asked to do: detectors judge
    signals in its light and never judge the condition itself."""

    name: str
    unit: str | None = None
    role: Role = "signal"


@dataclass(frozen=True, slots=True)
class Event:
    """A labelled anomaly: steps ``start`` to ``stop - 1``; ``sensors`` are indices of columns, empty where nobody said
    which were at fault."""

    start: int
    stop: int
    sensors: tuple[int, ...] = ()
    kind: str | None = None


@dataclass(frozen=True, eq=False)
class SeriesUnit:
    """One unbroken recording.

    ``values`` is (n, d) float32, NaN where nothing was measured, and may be mapped from disk; ``time`` is (n,) float64,
    strictly increasing, in the set's time unit. ``events`` of None: nobody said what is normal; (): all of it is.
    ``machine`` is the thing that was recorded: what is held out is held out by machine.
    """

    name: str  # unique in its set
    machine: str
    split: Split
    values: NDArray[np.float32]
    time: NDArray[np.float64]
    events: tuple[Event, ...] | None = None
    healthy: int | None = None  # the first so many steps stand for normal, where there are no labels
    failed: bool = False  # the last step is the machine's failure
    life_left: float | None = None  # from the last step to the failure, in the set's time unit, where known

    @cached_property
    def sha256(self) -> str:
        """Of values and times."""
        digest = hashlib.sha256(repr(self.values.shape).encode())
        for array in (self.values, self.time):
            for start in range(0, len(array), 65536):
                digest.update(np.ascontiguousarray(array[start : start + 65536]).tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.values)

    def labels(self) -> NDArray[np.bool_] | None:
        """(n,) true where anomalous, None where nobody said."""
        if self.events is None:
            return None
        found = np.zeros(len(self), bool)
        for event in self.events:
            found[event.start : event.stop] = True
        return found

    def normal(self) -> NDArray[np.bool_]:
        """(n,) true where the unit may be learned from: not labelled anomalous and, where only the first part stands
        for normal, in it."""
        labels = self.labels()
        found = np.ones(len(self), bool) if labels is None else ~labels
        if self.healthy is not None:
            found[self.healthy :] = False
        return found

    def cut(self, start: int, stop: int) -> SeriesUnit:
        """Steps ``start`` to ``stop - 1`` as a unit of the same name; arrays are views."""
        stop = min(stop, len(self))
        events = self.events
        if events is not None:
            events = tuple(
                replace(event, start=max(event.start, start) - start, stop=min(event.stop, stop) - start)
                for event in events
                if event.start < stop and event.stop > start
            )
        whole = stop == len(self)
        return replace(
            self,
            values=self.values[start:stop],
            time=self.time[start:stop],
            events=events,
            healthy=None if self.healthy is None else min(max(self.healthy - start, 0), stop - start),
            failed=self.failed and whole,
            life_left=self.life_left if whole else None,
        )


@dataclass(frozen=True)
class SeriesSet:
    """Recordings with the same sensors.

    ``kind``: ``series`` (readings over time), ``rows`` (independent readings: no time runs from one to the next),
    ``waveform`` and ``sound`` (raw signals at ``rate`` samples per second, to be cut into frames first).
    ``fleet``: the units are the same kind of machine and share one model; else every machine gets its own.
    """

    name: str
    root: Path
    format: str
    sensors: tuple[Sensor, ...]
    units: tuple[SeriesUnit, ...]
    kind: Kind = "series"
    time_unit: TimeUnit = "step"
    rate: float | None = None  # samples per second, where it is one and regular
    fleet: bool = True
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()  # what the reader assumed, and what misleads in this dataset
    modality: Literal["series"] = field(default="series", init=False)

    @cached_property
    def content_id(self) -> str:
        """sha256 over sensors, values, splits and labels: the same content has the same id, wherever it lies."""
        digest = hashlib.sha256(b"faultline.SeriesSet.1\n")
        digest.update(repr((self.sensors, self.kind, self.time_unit, self.rate, self.fleet)).encode())
        for unit in sorted(self.units, key=lambda unit: unit.name):
            fields = (unit.name, unit.machine, unit.split, unit.sha256, unit.events, unit.healthy, unit.failed)
            digest.update(repr((*fields, unit.life_left)).encode())
        return digest.hexdigest()

    @cached_property
    def by_name(self) -> dict[str, SeriesUnit]:
        return {unit.name: unit for unit in self.units}

    @property
    def machines(self) -> list[str]:
        return sorted({unit.machine for unit in self.units})

    @property
    def signals(self) -> list[int]:
        """Columns that detectors judge."""
        return [index for index, sensor in enumerate(self.sensors) if sensor.role == "signal"]

    @property
    def conditions(self) -> list[int]:
        """Columns that say what the machine was asked to do."""
        return [index for index, sensor in enumerate(self.sensors) if sensor.role == "condition"]

    @property
    def n_steps(self) -> int:
        return sum(len(unit) for unit in self.units)

    def __len__(self) -> int:
        return len(self.units)

    def where(self, keep: Callable[[SeriesUnit], bool]) -> SeriesSet:
        """The units for which ``keep`` is true."""
        return replace(self, units=tuple(unit for unit in self.units if keep(unit)))

    def of(self, units: Sequence[SeriesUnit]) -> SeriesSet:
        """The same set with other units."""
        return replace(self, units=tuple(units))

    def with_sensors(self, sensors: Sequence[Sensor]) -> SeriesSet:
        """The same recordings with these of its sensors, found by name, in this order. KeyError for an unknown one."""
        place = {sensor.name: index for index, sensor in enumerate(self.sensors)}
        order = [place[sensor.name] for sensor in sensors]
        if order == list(range(len(self.sensors))):
            return replace(self, sensors=tuple(sensors))
        moved = {index: position for position, index in enumerate(order)}

        def turned(unit: SeriesUnit) -> SeriesUnit:
            events = unit.events
            if events is not None:
                events = tuple(
                    replace(event, sensors=tuple(moved[index] for index in event.sensors if index in moved))
                    for event in events
                )
            return replace(unit, values=unit.values[:, order], events=events)

        return replace(self, sensors=tuple(sensors), units=tuple(turned(unit) for unit in self.units))

    def normals(self) -> SeriesSet:
        """What a detector may learn from: the normal stretches of training units, each a unit of its own. Of rows, all
        normal ones of a unit: no time runs through them that an anomaly could interrupt."""
        found = []
        for unit in self.units:
            if unit.split != "train":
                continue
            normal = unit.normal()
            if self.kind == "rows" and normal.any():
                events = None if unit.events is None else ()
                values, time = unit.values[normal], unit.time[normal]
                found.append(replace(unit, values=values, time=time, events=events, healthy=None))
                continue
            edges = np.flatnonzero(np.diff(normal.astype(np.int8), prepend=0, append=0))
            found += [unit.cut(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
        return self.of(found)

    def test(self) -> SeriesSet:
        """The units kept from training."""
        return self.where(lambda unit: unit.split == "test")
