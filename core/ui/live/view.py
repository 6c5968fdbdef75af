"""What one look at the feed shows: the unit, the last steps, its alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.charts.live import Axis, Span, Voice
from core.live.blocks import Steps, read
from core.live.table import FeedRow, LiveTable
from core.streaming.rule import ENSEMBLE
from core.ui.live import room

SENSORS = 4  # drawn where nobody chose


@dataclass(frozen=True)
class View:
    """One unit's last steps. ``unit`` is its status from the worker, None once it has ended."""

    feed: FeedRow
    name: str
    unit: Mapping[str, Any] | None
    steps: Steps
    alarms: list[dict[str, Any]]

    @property
    def sensors(self) -> list[str]:
        return list(self.feed.status.get("sensors", []))

    @property
    def voices(self) -> list[str]:
        """The detectors in their order, then the ensemble."""
        return [*self.feed.status.get("detectors", []), ENSEMBLE]

    @property
    def decides(self) -> str:
        return str(self.feed.spec["decides"])

    @cached_property
    def axis(self) -> Axis:
        """Where the steps lie: dates, seconds, cycles or step numbers."""
        unit = str(self.feed.status.get("time_unit"))
        if unit == "epoch":
            return Axis(np.round(self.steps.time * 1000), "time", dates=True)
        if unit == "s":
            return Axis(self.steps.time, "time, s")
        return Axis(self.steps.step.astype(float), "cycle" if unit == "cycle" else "step")

    def gauges(self) -> list[Voice]:
        steps = self.steps
        return [
            Voice(
                room.title(name),
                float(steps.surprise[-1, k]),
                float(steps.limits[-1, k]),
                float(steps.surprise[:, k].max()),
            )
            for k, name in enumerate(self.voices)
        ]

    def scores(self) -> dict[str, NDArray[np.float32]]:
        return {room.title(name): self.steps.surprise[:, k] for k, name in enumerate(self.voices)}

    def limit(self) -> NDArray[np.float32]:
        """(n,) the limit of the voice that decides."""
        return self.steps.limits[:, self.voices.index(self.decides)]

    def spans(self) -> list[Span]:
        """Alarms within the steps shown."""
        x, first = self.axis.x.tolist(), int(self.steps.step[0])
        found = []
        for alarm in self.alarms:
            start, stop = max(alarm["start"] - first, 0), min(alarm["stop"] - first, len(x))
            if start < stop:
                blamed = tuple(cause["sensor"] for cause in alarm["causes"] if cause["share"] >= 0.2)
                found.append(Span(x[start], x[stop - 1], alarm["open"], blamed))
        return found

    def labelled(self) -> list[tuple[float, float]]:
        """Stretches that the replayed dataset calls anomalous."""
        edges = np.flatnonzero(np.diff((self.steps.labels == 1).astype(np.int8), prepend=0, append=0))
        x = self.axis.x.tolist()
        return [(x[start], x[stop - 1]) for start, stop in edges.reshape(-1, 2)]

    def blamed(self) -> list[str]:
        """The sensors to draw where nobody chose: those that the last alarm blames, filled up in their own order. They
        do not follow the moment: rows that change places every second cannot be read."""
        first = [cause["sensor"] for cause in self.alarms[-1]["causes"]] if self.alarms else []
        return list(dict.fromkeys([*first, *self.sensors]))[:SENSORS]

    @property
    def unusual(self) -> bool:
        """Whether any voice is above its limit now, or an alarm is open."""
        above = (self.steps.surprise[-1] > self.steps.limits[-1]).any()
        return bool(above) or any(alarm["open"] for alarm in self.alarms)


def look(table: LiveTable, feed: FeedRow, wanted: str | None, last: int) -> View | None:
    """The last steps of a unit, of the one with the newest step where ``wanted`` is not there; None without any."""
    steps = read(table, last=last, unit=wanted) if wanted else None
    if steps is None or not len(steps):
        newest = read(table, last=1)
        if not len(newest):
            return None
        wanted = str(newest.unit[-1])
        steps = read(table, last=last, unit=wanted)
    if not len(steps):
        return None
    unit = next((one for one in feed.status.get("units", []) if one["unit"] == wanted), None)
    alarms = [one for one in table.alarms() if one["unit"] == wanted]
    return View(feed, str(wanted), unit, steps, alarms)
