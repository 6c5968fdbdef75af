"""From the mapped columns of table files to units: rows in order of time, labels as events, everything odd counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings import labels, tablefile, times
from core.datasets.recordings.ordering import Findings, in_order, sampling
from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.units import described, steps
from core.datasets.series import Sensor, SeriesUnit
from core.datasets.wording import count
from core.errors import UserError

FEWEST_ROWS = 20
_TIME_WORDS = {"epoch": "s", "s": "s", "cycle": "cycles", "step": "steps"}


@dataclass
class TableReader:
    """Reads files that share a mapping, and remembers what a person should be told of all of them together."""

    mapping: TableMapping
    findings: Findings = field(default_factory=Findings)
    notes: list[str] = field(default_factory=list)
    infinite: Counter[str] = field(default_factory=Counter)
    short: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the units' values."""
        return (*self.mapping.sensors, *self.mapping.conditions)

    def units(self, path: Path, name: str) -> list[SeriesUnit]:
        """The units of a file, all for training: one of this name, or ``name/unit`` for each value of the unit column.
        UserError where the file has few rows, lacks a column, or holds what is no number or no time."""
        loaded = tablefile.load(path, self.mapping)
        frame = loaded.frame
        if len(frame) < FEWEST_ROWS:
            what = f"{path.name} has {count(len(frame), 'row')}, fewer than the {FEWEST_ROWS} that it takes to learn"
            raise UserError(what, str(path), "Name a longer recording")
        self.notes += loaded.notes
        time = self._time(frame, path)
        kinds = self._kinds(frame, path)
        groups = {name: np.arange(len(frame))}
        if self.mapping.unit is not None:
            found = frame.groupby(self.mapping.unit, sort=True).indices
            groups = {f"{name}/{unit}" if name else str(unit): np.asarray(rows) for unit, rows in found.items()}
            self._homeless(frame[self.mapping.unit], path)
        values = self._matrix(frame)
        units = [unit for key, rows in groups.items() if (unit := self._unit(key, rows, values, time, kinds))]
        if not units:
            raise UserError(f"{path.name} has no two rows with a time", str(path), "Map another column as the time")
        return units

    def sentences(self, sensors: Sequence[Sensor], units: Sequence[SeriesUnit]) -> list[str]:
        """What was found, each thing once."""
        notes = [*self.notes, *self.findings.sentences(_TIME_WORDS[times.time_unit(self.mapping)])]
        if self.short:
            notes.append(f"{count(self.short, 'unit')} of fewer than two rows left out.")
        notes += [f"{column}: {count(n, 'infinite value')} taken for missing." for column, n in self.infinite.items()]
        return list(dict.fromkeys([*notes, *described(sensors, units)]))

    @property
    def rate(self) -> float | None:
        """Samples per second, where time is in seconds and all steps are equal."""
        step = self.findings.step
        return 1 / step if step and times.time_unit(self.mapping) in ("epoch", "s") else None

    def _unit(
        self,
        name: str,
        rows: NDArray[np.intp],
        values: NDArray[np.float32],
        time: NDArray[np.float64],
        kinds: pd.Series | None,
    ) -> SeriesUnit | None:
        kept = rows[in_order(time[rows], self.findings)]
        if len(kept) < 2:
            self.short += 1
            return None
        sampling(time[kept], self.findings)
        untouched = len(kept) == len(values) and bool((np.diff(kept) == 1).all())
        return SeriesUnit(
            name=name,
            machine=name,
            split="train",
            values=values if untouched else values[kept],
            time=time if untouched else time[kept],
            events=None if kinds is None else labels.events(kinds.iloc[kept]),
        )

    def _time(self, frame: pd.DataFrame, path: Path) -> NDArray[np.float64]:
        if self.mapping.time is None:
            return steps(len(frame))
        time, notes = times.seconds(frame[self.mapping.time], self.mapping, path.name)
        self.notes += notes
        return time

    def _kinds(self, frame: pd.DataFrame, path: Path) -> pd.Series | None:
        if self.mapping.label is None:
            return None
        kinds, notes = labels.kinds(frame[self.mapping.label], self.mapping.normal_label, path.name)
        self.notes += notes
        return kinds

    def _homeless(self, column: pd.Series, path: Path) -> None:
        if n := int(column.isna().sum()):
            self.notes.append(f"{path.name}: {count(n, 'row')} without {column.name} left out.")

    def _matrix(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """(n, d), NaN for columns that the file lacks and in place of infinite values, which are counted."""
        values = np.full((len(frame), len(self.columns)), np.nan, np.float32)
        for index, column in enumerate(self.columns):
            if column not in frame:
                continue
            values[:, index] = frame[column].to_numpy()
            del frame[column]  # each is held once only
            infinite = np.isinf(values[:, index])
            if n := int(infinite.sum()):
                values[infinite, index] = np.nan
                self.infinite[column] += n
        return values
