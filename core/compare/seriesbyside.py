"""Several models' runs over the same recordings, reduced to what makes a fair comparison.

Counted are the recordings that every model scored, step for step, and none learned from: of the test split where there
is one. All models speak of one axis, the surprise (-log10 p): a step alarms where it is above -log10 of the rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.compare.contestants import Contest, Contestant
from core.compare.scoredunit import TOGETHER
from core.compare.sidebyside import LeftOut
from core.detectors.series.calibration import RATE, Mode
from core.errors import UserError
from core.metrics.series.stretches import Stretches, stretches
from core.store.seriesrun import MODES, SeriesRun

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

COLUMNS = ["unit", "machine", "split", "time", "label", "surprise_now", "surprise_settled", "role"]


@dataclass(frozen=True, slots=True)
class UnitSpan:
    """A recording among the counted steps: ``start`` to ``stop - 1`` of the arrays. ``labelled``: somebody said what of
    it is normal."""

    name: str
    machine: str
    start: int
    stop: int
    labelled: bool

    @property
    def steps(self) -> slice:
        return slice(self.start, self.stop)


@dataclass(frozen=True, eq=False)
class SeriesSideBySide(Contest[SeriesRun]):
    """m contestants over the same n steps of the same recordings, one after the other."""

    units: tuple[UnitSpan, ...]
    time: Floats  # (n,) in the dataset's unit
    anomalous: Bools  # (n,) labelled anomalous; false where nobody said
    surprise: dict[Mode, NDArray[np.float32]]  # (m, n)
    places: tuple[NDArray[np.int64], ...]  # of each contestant, (n,) the steps' rows in its own table
    left_out: tuple[LeftOut, ...]

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def known(self) -> Bools:
        """(n,) true where somebody said whether the step is normal."""
        found = np.zeros(len(self), bool)
        for unit in self.units:
            found[unit.steps] = unit.labelled
        return found

    @property
    def has_truth(self) -> bool:
        """Whether there are normal and anomalous steps."""
        return bool(self.anomalous.any() and (self.known & ~self.anomalous).any())

    @cached_property
    def events(self) -> tuple[tuple[UnitSpan, int, int], ...]:
        """Labelled anomalies as (recording, first step, step after the last), steps counted in the recording."""
        found = []
        for unit in self.units:
            spans: Stretches = stretches(self.anomalous[unit.steps])
            found += [(unit, int(start), int(stop)) for start, stop in spans]
        return tuple(found)

    @cached_property
    def machines(self) -> dict[str, NDArray[np.int64]]:
        """The labelled steps of each machine. Where every machine is either normal or anomalous throughout, none can be
        judged by itself: they are taken together."""
        units: dict[str, list[UnitSpan]] = {}
        for unit in self.units:
            if unit.labelled:
                units.setdefault(unit.machine, []).append(unit)
        found = {name: np.concatenate([np.arange(u.start, u.stop) for u in own]) for name, own in units.items()}
        if self.has_truth and not any(self.has_both(steps) for steps in found.values()):
            return {TOGETHER: np.concatenate(list(found.values()))}
        return found

    def has_both(self, steps: NDArray[np.int64]) -> bool:
        """Whether there are normal and anomalous ones among these labelled steps."""
        return bool(0 < self.anomalous[steps].sum() < len(steps))

    def alarms(self, mode: Mode = "settled", rate: float = RATE) -> Bools:
        """(m, n) steps above the limit that promises ``rate``. A detector that still warms up counts as any other."""
        if not 0 < rate < 1:
            raise UserError(f"A false-alarm rate of {rate} is not between 0 and 1", "", "Give a share such as 0.001")
        return np.asarray(self.surprise[mode] > -math.log10(rate))

    def scores(self, index: int, mode: Mode) -> Floats:
        """(n,) a contestant's scores in its own units, read anew: they rank finer than the surprise, but only within
        one machine."""
        values = self.contestants[index].run.scores(columns=[mode])[mode].to_numpy(float)
        return np.asarray(values[self.places[index]])


def align_series(contestants: Sequence[Contestant[SeriesRun]]) -> SeriesSideBySide:
    """The recordings that all of them judged step for step and none learned from, in the order of the first run.

    UserError where none is left, or a run's scores cannot be read.
    """
    tables = [_Table(one) for one in contestants]
    left: list[LeftOut] = []
    common = [name for name in tables[0].spans if all(name in table.spans for table in tables)]
    everything = set[str]().union(*(table.spans for table in tables))
    _note(left, len(everything) - len(common), "not scored by every model")
    uneven = {name for name in common if not all(table.same_steps(name, tables[0]) for table in tables[1:])}
    _note(left, len(uneven), "cut into other steps by some models")
    kept = [name for name in common if name not in uneven]
    for one, table in zip(contestants, tables, strict=True):
        learned = {name for name in kept if table.of(name, "role") != "unseen"}
        _note(left, len(learned), f"{one.name} was fitted or calibrated on them")
        kept = [name for name in kept if name not in learned]
    tests = {name for name in tables[0].spans if tables[0].of(name, "split") == "test"}
    if tests:
        _note(left, len(set(kept) - tests), "kept for training")
        kept = [name for name in kept if name in tests]
    if not kept:
        raise UserError(
            "No recording was judged by all of these models without one having learned from it",
            contestants[0].run.info.dataset_name,
            "Score the same test recordings with each of them",
        )
    places = tuple(np.concatenate([table.spans[name] for name in kept]) for table in tables)
    first = tables[0].frame
    labels = first["label"].to_numpy()[places[0]]
    return SeriesSideBySide(
        contestants=tuple(contestants),
        units=_units(tables[0], kept),
        time=first["time"].to_numpy(float)[places[0]],
        anomalous=np.asarray(labels == True, bool),  # noqa: E712 - an array that may hold None
        surprise={
            mode: np.array(
                [
                    table.frame[f"surprise_{mode}"].to_numpy(np.float32)[rows]
                    for table, rows in zip(tables, places, strict=True)
                ]
            )
            for mode in MODES
        },
        places=places,
        left_out=tuple(left),
    )


class _Table:
    """A run's rows, and where each recording's lie. UserError where they cannot be read."""

    def __init__(self, one: Contestant[SeriesRun]) -> None:
        damaged = UserError("The scores of this run are damaged", str(one.run.folder), "Score the dataset again")
        try:
            self.frame: pd.DataFrame = one.run.scores(columns=COLUMNS)
        except (OSError, ValueError, KeyError):  # pyarrow's errors are of these
            raise damaged from None
        if len(self.frame) != sum(one.run.info.lengths):
            raise damaged
        stops = np.cumsum(one.run.info.lengths)
        self.spans = {
            name: np.arange(stop - length, stop)
            for name, stop, length in zip(one.run.info.units, stops, one.run.info.lengths, strict=True)
        }

    def of(self, unit: str, column: str) -> str:
        """What all rows of a recording say in a column."""
        return str(self.frame[column].iloc[int(self.spans[unit][0])]) if len(self.spans[unit]) else ""

    def same_steps(self, unit: str, other: _Table) -> bool:
        times = (table.frame["time"].to_numpy()[table.spans[unit]] for table in (self, other))
        return bool(np.array_equal(*times))


def _units(table: _Table, names: Sequence[str]) -> tuple[UnitSpan, ...]:
    start, found = 0, []
    known = table.frame["label"].notna().to_numpy()
    for name in names:
        rows = table.spans[name]
        labelled = bool(len(rows) and known[rows[0]])
        found.append(UnitSpan(name, table.of(name, "machine"), start, start + len(rows), labelled))
        start += len(rows)
    return tuple(found)


def _note(left: list[LeftOut], n: int, reason: str) -> None:
    if n:
        left.append(LeftOut(n, reason))
