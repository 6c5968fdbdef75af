"""The stretch of time that is to be explained, as its detector sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.detectors.series.calibration import Mode
from core.detectors.series.contract import Scores, Signal
from core.detectors.series.model import Member, SeriesModel
from core.detectors.series.windows import Fill, Windows
from core.errors import UserError

PROBES = 24  # steps of a stretch whose windows are probed: half the highest, half evenly spread
LEAST_LEAD = 256  # steps scored before the stretch at least: recursive detectors have then found their state


@dataclass(frozen=True, eq=False)
class Stretch:
    """Steps ``start`` to ``stop - 1`` of a unit and what the detector needs around them.

    ``values`` (m, d) are scaled readings from ``lead`` steps before the stretch to ``delay`` steps after it, as far as
    the unit goes; NaN where nothing was measured.
    """

    member: Member
    mode: Mode
    start: int
    n: int  # steps of the stretch itself
    lead: int
    values: Signal

    @classmethod
    def of(cls, model: SeriesModel, unit: SeriesUnit, start: int, stop: int, mode: Mode) -> Self:
        """Steps ``start`` to ``stop - 1`` of a unit of prepared data. UserError where there is no such step."""
        if not 0 <= start < stop <= len(unit):
            raise UserError(
                f"There are no steps {start} to {stop} in «{unit.name}»",
                f"it has {len(unit)} steps",
                f"Give a start from 0 and an end up to {len(unit)}, later than the start",
            )
        member = model.member(unit.machine)
        first = max(start - max(2 * member.detector.context, LEAST_LEAD), 0)
        last = min(stop + member.detector.delay, len(unit))
        return cls(member, mode, start, stop - start, start - first, member.scaler.apply(unit.values[first:last]))

    @property
    def inside(self) -> Signal:
        """(n, d) the stretch itself."""
        return self.values[self.lead : self.lead + self.n]

    @property
    def width(self) -> int:
        """d, the number of signals."""
        return int(self.values.shape[1])

    @cached_property
    def scores(self) -> Scores:
        """Of the stretch's steps, in its mode."""
        return self.rescored(self.values)

    def rescored(self, values: Signal) -> Scores:
        """Scores of the stretch's steps, had the readings, those around them included, been ``values`` (m, d)."""
        found = self.member.detector.score(values)
        whole = found.now if self.mode == "now" else found.settled
        part = slice(self.lead, self.lead + self.n)
        return Scores(whole.score[part], whole.parts[part])

    @cached_property
    def now(self) -> NDArray[np.float64]:
        """(n,) *now* scores of the stretch's steps: those that probing explains."""
        part = slice(self.lead, self.lead + self.n)
        return self.member.detector.score(self.values).now.score[part] if self.mode == "settled" else self.scores.score

    @cached_property
    def probed(self) -> NDArray[np.int64]:
        """(k,) steps, counted from the stretch's first, whose windows stand for it: half of them the highest *now*
        scores, half evenly spread; all where there are few."""
        if self.n <= PROBES:
            return np.arange(self.n)
        highest = np.argsort(-self.now, kind="stable")[: PROBES // 2]
        spread = np.linspace(0, self.n - 1, PROBES // 2).round().astype(np.int64)
        return np.unique(np.concatenate([highest, spread]))

    @cached_property
    def windows(self) -> Signal:
        """(k, t, d) the windows that end in the probed steps, t the detector's context."""
        return np.ascontiguousarray(Windows(self.member.detector.context).push(self.values)[self.lead + self.probed])

    @cached_property
    def peak(self) -> int:
        """Index in ``probed`` of the step with the highest *now* score."""
        return int(np.argmax(self.now[self.probed]))


def filled(values: Signal) -> Signal:
    """(…, t, d) without holes: the last known value of the same window, else 0, the training median."""
    if np.isfinite(values).all():
        return values
    flat = values.reshape(-1, *values.shape[-2:])
    length, width = flat.shape[1:]
    return np.stack([Fill(width, length).push(one)[0] for one in flat]).reshape(values.shape)
