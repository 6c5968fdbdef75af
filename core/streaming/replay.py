"""Recordings played back, as if their machines ran now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from core.datasets.series import SeriesSet, SeriesUnit
from core.errors import UserError
from core.streaming.rounds import named
from core.streaming.source import Batch, Clockwork, Tally

STEPS_PER_S = 1.0  # at speed 1, where the recording has cycles or steps and no clock


class Replay:
    """The units of ``data`` one after the other at a chosen speed; with ``loop`` from the beginning again, and again.

    A unit played again has its round behind its name. Nothing depends on the speed but when a step comes.
    """

    def __init__(self, data: SeriesSet, *, loop: bool = False) -> None:
        if not any(len(unit) for unit in data.units):
            raise UserError("There is nothing to replay", data.name, "Choose units with at least one step")
        self.sensors: Sequence[str] = tuple(sensor.name for sensor in data.sensors)
        self.tally = Tally()
        self._data, self._loop = data, loop
        self._clock = Clockwork(steps_per_second(data))
        self._units = self._order()
        self._unit: tuple[str, SeriesUnit] | None = next(self._units)
        self._position = 0

    def take(self, now: float, most: int) -> list[Batch]:
        due = self._clock.due(now)
        room = most if math.isinf(due) else min(most, int(due))
        found = []
        while room > 0 and self._unit is not None:
            name, unit = self._unit
            stop = min(self._position + room, len(unit))
            found.append(self._batch(name, unit, stop))
            room -= stop - self._position
            self._clock.taken(stop - self._position)
            self._position = stop
            if stop == len(unit):
                self._unit, self._position = next(self._units, None), 0
        self.tally.rows += sum(map(len, found))
        return found

    def _batch(self, name: str, unit: SeriesUnit, stop: int) -> Batch:
        whole = stop == len(unit)
        start, labels = self._position, unit.labels()
        return Batch(
            name,
            unit.machine,
            unit.time[start:stop],
            np.asarray(unit.values[start:stop]),
            complete=whole,
            failed=whole and unit.failed,
            labels=None if labels is None else labels[start:stop],
        )

    def _order(self) -> Iterator[tuple[str, SeriesUnit]]:
        rounds = 1
        while True:
            for unit in self._data.units:
                if len(unit):
                    yield named(unit.name, rounds), unit
            if not self._loop:
                return
            rounds += 1

    @property
    def exhausted(self) -> bool:
        return self._unit is None

    def behind(self, now: float) -> int:
        due = self._clock.due(now)
        return 0 if math.isinf(due) else int(due)

    def set_speed(self, speed: float, now: float) -> None:
        self._clock.set_speed(speed, now)

    def close(self) -> None:
        """Nothing is held open."""


def steps_per_second(data: SeriesSet) -> float:
    """Of the real machine: the sampling rate where it is known, else from the time stamps; 1 for cycles and steps."""
    if data.rate:
        return float(data.rate)
    if data.time_unit in ("s", "epoch"):
        gaps = [float(np.median(np.diff(unit.time))) for unit in data.units if len(unit) > 1]
        if gaps and np.median(gaps) > 0:
            return 1 / float(np.median(gaps))
    return STEPS_PER_S
