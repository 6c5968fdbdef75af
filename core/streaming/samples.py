"""Readings by name, as a machine's gateway sends them, to rows of the feed's sensors.

A row's ``time`` (seconds since the epoch, an ISO date, or any number that grows) is taken where there is one, else the
step counts. ``unit`` says which run of which machine it belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from core.streaming.source import Batch, Tally

TIME_NAMES = ("time", "timestamp", "datetime", "date", "ts", "t")
UNIT_NAMES = ("unit", "unit_id", "unit id", "machine")


@dataclass(frozen=True)
class Sample:
    """One step of one unit; ``readings`` in the order of the feed's sensors."""

    unit: str
    time: float | None
    readings: Sequence[float]


def reading(value: Any) -> float | None:
    """A cell as a number: NaN where nothing was measured, None where it holds something that is no number.

    What is not finite was not measured.
    """
    if value is None or value == "":
        return math.nan
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        empty = isinstance(value, str) and value.strip().lower() in ("", "na", "null", "none", "-")
        return math.nan if empty else None
    return found if math.isfinite(found) and abs(found) < 3e38 else math.nan


def moment(value: Any) -> float | None:
    """A time stamp as seconds since the epoch, or the number it is; None where it is neither."""
    found = reading(value)
    if found is not None:
        return None if math.isnan(found) else found
    try:
        return datetime.fromisoformat(str(value).strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


class Reader:
    """Rows by name to samples of ``sensors``; what cannot be used is counted in ``tally``."""

    def __init__(self, sensors: Sequence[str], tally: Tally, unit: str) -> None:
        self._sensors, self._tally, self._unit = tuple(sensors), tally, unit
        self._names: dict[tuple[str, ...], tuple[str | None, str | None]] = {}

    def sample(self, row: Mapping[str, Any]) -> Sample:
        """One row. Names that the feed does not know are left aside."""
        time_name, unit_name = self._columns(row)
        values = []
        for sensor in self._sensors:
            found = reading(row.get(sensor))
            if found is None:
                self._tally.words += 1
                self._tally.said = f"«{str(row[sensor])[:40]}» is no reading of {sensor}"
                found = math.nan
            values.append(found)
        unit = row.get(unit_name) if unit_name else None
        return Sample(
            self._unit if unit in (None, "") else str(unit)[:80],
            moment(row.get(time_name)) if time_name else None,
            values,
        )

    def _columns(self, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
        names = tuple(row)
        if names not in self._names:
            self._names.clear()  # one layout at a time: a feed that changes it all the time cannot fill the memory
            self._names[names] = columns(names, self._sensors)
        return self._names[names]


def columns(names: Iterable[str], sensors: Sequence[str]) -> tuple[str | None, str | None]:
    """The names that hold the time and the unit. Sensors are never taken for either."""
    free = {str(name).strip().lower(): name for name in names if name not in sensors}
    return (
        next((free[name] for name in TIME_NAMES if name in free), None),
        next((free[name] for name in UNIT_NAMES if name in free), None),
    )


class Sorter:
    """Samples in order of arrival to batches by unit. Units that have been silent longest are complete when others
    have had ``SILENT`` rows since, or when there are more than ``MOST`` at once."""

    SILENT = 10_000
    MOST = 64

    def __init__(self, tally: Tally, width: int) -> None:
        self._tally, self._width = tally, width
        self._last: dict[str, tuple[int, float, int]] = {}  # unit: rows of the feed, its time, its steps
        self._rows = 0

    def batches(self, samples: Sequence[Sample]) -> list[Batch]:
        """One batch for each unit that has samples here, and an empty one for each unit that is complete by now."""
        groups: dict[str, list[Sample]] = {}
        for sample in samples:
            groups.setdefault(sample.unit, []).append(sample)
        found = []
        for unit, rows in groups.items():
            _, before, steps = self._last.pop(unit, (0, -math.inf, 0))
            times = []
            for row in rows:
                time = float(steps) if row.time is None else row.time
                if time <= before:
                    self._tally.backwards += 1
                    self._tally.said = f"time does not grow at {time:g} of {unit}"
                before, steps = time, steps + 1
                times.append(time)
            self._rows += len(rows)
            self._last[unit] = (self._rows, before, steps)
            readings = np.array([row.readings for row in rows], np.float32).reshape(len(rows), self._width)
            found.append(Batch(unit, unit, np.array(times, float), readings))
        self._tally.rows += len(samples)
        return found + self._silent()

    def finish(self, unit: str) -> Batch:
        """The end of a unit that somebody has called complete."""
        self._last.pop(unit, None)
        return Batch(unit, unit, np.zeros(0), np.zeros((0, self._width), np.float32), complete=True)

    def _silent(self) -> list[Batch]:
        excess = len(self._last) - self.MOST
        gone = [
            unit
            for index, (unit, (seen, _, _)) in enumerate(self._last.items())
            if index < excess or self._rows - seen > self.SILENT
        ]
        return [self.finish(unit) for unit in gone]
