"""From alarmed steps to events: when it began, how high it rose, who saw it, and which sensors caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.streaming.causes import Cause, ranked


@dataclass(frozen=True)
class Alarm:
    """Steps ``start`` to ``stop - 1`` of a unit, the first and the last of them alarmed; ``steps`` counts the alarmed
    ones. ``detectors``: the highest surprise of each detector that surpassed its own limit."""

    unit: str
    machine: str
    start: int
    stop: int
    start_time: float
    stop_time: float
    steps: int
    open: bool
    peak: float
    peak_step: int
    peak_time: float
    detectors: dict[str, float]
    causes: tuple[Cause, ...]

    @property
    def key(self) -> str:
        """Its name in its feed."""
        return f"{self.unit}#{self.start}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"key": self.key}


@dataclass
class Event:
    """An alarm in the making."""

    start: int
    start_time: float
    last: int = 0
    last_time: float = 0.0
    steps: int = 0
    peak: float = -np.inf
    peak_step: int = 0
    peak_time: float = 0.0
    highest: dict[str, float] = field(default_factory=dict)  # by detector, where above its limit
    parts: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # by detector: (d,) highest share of blame
    deviation: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))  # (d,) sum over alarmed steps
    seen: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))  # (d,) alarmed steps with a reading


@dataclass(frozen=True)
class Judgement:
    """Consecutive steps as the tracker takes them. ``decision`` and its ``limit`` (n,) make the alarm; ``surprise`` and
    ``limits`` are (n, k) by detector, ``parts`` k arrays (n, d), ``deviation`` (n, d) in units of usual spread."""

    first: int
    time: NDArray[np.float64]
    decision: NDArray[np.float64]
    limit: NDArray[np.float64]
    surprise: NDArray[np.float64]
    limits: NDArray[np.float64]
    parts: Sequence[NDArray[np.float32]]
    deviation: NDArray[np.float32]


class AlarmTracker:
    """Alarms of one unit. Alarmed steps with fewer than ``gap`` quiet ones between them are one event, which stays open
    until ``gap`` quiet steps have followed. The events do not depend on how the steps are cut."""

    def __init__(self, unit: str, machine: str, detectors: Sequence[str], sensors: Sequence[str], gap: int) -> None:
        self._unit, self._machine = unit, machine
        self._detectors, self._sensors, self._gap = tuple(detectors), tuple(sensors), gap
        self._event: Event | None = None

    def push(self, judged: Judgement) -> list[Alarm]:
        """What changed: events that closed, then the one that is open if it grew."""
        found: list[Alarm] = []
        alarmed = np.flatnonzero(judged.decision > judged.limit)
        grown = False
        if len(alarmed):
            steps = judged.first + alarmed
            before = steps[0] if self._event is None else self._event.last
            cuts = np.flatnonzero(np.diff(steps, prepend=before) > self._gap)
            for index, run in enumerate(np.split(alarmed, cuts)):
                if index:
                    found += self.close()
                if len(run):
                    self._extend(judged, run)
                    grown = True
        if self._event is not None:
            if judged.first + len(judged.decision) - 1 - self._event.last >= self._gap:
                found += self.close()
            elif grown:
                found.append(self._alarm(self._event, open_=True))
        return found

    def close(self) -> list[Alarm]:
        """End the open event, if there is one."""
        event, self._event = self._event, None
        return [] if event is None else [self._alarm(event, open_=False)]

    @property
    def current(self) -> Alarm | None:
        """The event that is open."""
        return None if self._event is None else self._alarm(self._event, open_=True)

    def _extend(self, judged: Judgement, run: NDArray[np.intp]) -> None:
        event = self._event
        if event is None:
            width = judged.deviation.shape[1]
            event = self._event = Event(int(judged.first + run[0]), float(judged.time[run[0]]))
            event.deviation, event.seen = np.zeros(width), np.zeros(width)
        event.steps += len(run)
        event.last, event.last_time = int(judged.first + run[-1]), float(judged.time[run[-1]])
        top = run[np.argmax(judged.decision[run])]
        if judged.decision[top] > event.peak:
            event.peak, event.peak_time = float(judged.decision[top]), float(judged.time[top])
            event.peak_step = int(judged.first + top)
        for k, name in enumerate(self._detectors):
            above = run[judged.surprise[run, k] > judged.limits[run, k]]
            if not len(above):
                continue
            event.highest[name] = max(event.highest.get(name, -np.inf), float(judged.surprise[above, k].max()))
            parts = np.maximum(judged.parts[k][above], 0).max(axis=0).astype(float)
            event.parts[name] = np.maximum(event.parts.get(name, 0.0), parts)
        deviation = judged.deviation[run].astype(float)
        event.deviation += np.nansum(deviation, axis=0)
        event.seen += np.isfinite(deviation).sum(axis=0)

    def _alarm(self, event: Event, *, open_: bool) -> Alarm:
        deviation = np.divide(event.deviation, event.seen, out=np.full(len(event.seen), np.nan), where=event.seen > 0)
        return Alarm(
            self._unit,
            self._machine,
            event.start,
            event.last + 1,
            event.start_time,
            event.last_time,
            event.steps,
            open_,
            event.peak,
            event.peak_step,
            event.peak_time,
            dict(event.highest),
            tuple(ranked(self._sensors, event.parts, deviation)),
        )
