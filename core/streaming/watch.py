"""One unit under watch: every detector's stream, the ensemble, the health and the alarms of its steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Scores
from core.streaming.alarms import Alarm, AlarmTracker, Judgement
from core.streaming.causes import Cause, ranked
from core.streaming.curve import Curve
from core.streaming.ensemble import combined
from core.streaming.health import Health
from core.streaming.rule import ENSEMBLE, Limit, Rule
from core.streaming.source import Batch

if TYPE_CHECKING:
    from core.detectors.series.model import SeriesModel

MOST_ALARMS = 200  # of a unit are remembered; the rest are counted
RECENT = 32  # steps that the causes of this moment rest on
Models = Mapping[str, "SeriesModel"]


@dataclass(frozen=True)
class Scored:
    """Consecutive steps of a unit with all that was found. ``readings`` (n, D) of the model's sensors; ``surprise`` and
    ``limits`` are (n, k + 1): the detectors in their order, then the ensemble; ``health`` (n,). ``alarms`` are those
    that began, grew or closed."""

    unit: str
    machine: str
    first: int
    time: NDArray[np.float64]
    readings: NDArray[np.float32]
    surprise: NDArray[np.float64]
    limits: NDArray[np.float64]
    health: NDArray[np.float64]
    labels: NDArray[np.bool_] | None
    alarms: list[Alarm]

    def __len__(self) -> int:
        return len(self.time)


class UnitWatch:
    """The state of one unit; its memory does not grow with the steps.

    All ``models`` watch the same sensors; where they judge frames of a raw signal, the frames are cut here, once for
    all of them. UserError for a machine that a model has not learned.
    """

    def __init__(self, unit: str, machine: str, models: Models, rule: Rule, limits: list[Limit]) -> None:
        from core.detectors.series.model import ModelStream

        self.unit, self.machine = unit, machine
        self._names, self._rule, self._limits = list(models), rule, limits
        first = next(iter(models.values()))
        self._scaler = first.member(machine).scaler
        self._columns = {name: _order(model, first) for name, model in models.items()}
        self._streams = {name: ModelStream(model.member(machine)) for name, model in models.items()}
        framed = first.frontend.kind != "none" and first.raw_rate is not None
        self._frames = first.frontend.stream(first.raw_sensors, first.raw_rate or 1.0) if framed else None
        self._size, self._hop = first.frontend.samples(first.raw_rate or 1.0) if framed else (1, 1)
        sensors = [sensor.name for sensor in first.signals]
        self._sensors, self._signals = sensors, [_order(model, first, signals=True) for model in models.values()]
        self.health = Health(rule.limit, rule.half_life)
        self._tracker = AlarmTracker(unit, machine, self._names, sensors, rule.gap)
        self.curve = Curve(len(self._names) + 2)
        self._width = len(first.sensors)
        self._recent: deque[tuple[NDArray[np.float64], list[NDArray[np.float32]], NDArray[np.float32]]] = deque()
        self.raw, self.steps = 0, 0
        self.started_time = self.latest_time = float("nan")
        self.alarms: deque[Alarm] = deque(maxlen=MOST_ALARMS)
        self.n_alarms = 0
        self.first_alarm: Alarm | None = None
        self.peaks = dict.fromkeys([*self._names, ENSEMBLE], 0.0)
        self.latest = dict.fromkeys([*self._names, ENSEMBLE], 0.0)
        self.latest_limits = dict.fromkeys([*self._names, ENSEMBLE], rule.limit)

    def push(self, batch: Batch) -> Scored:
        """Judge the next readings; whatever the cut, the same steps are judged the same."""
        time, readings, labels = self._steps(batch)
        judged = [stream.push(readings[:, self._columns[name]]).now for name, stream in self._streams.items()]
        each = np.stack([one.surprise for one in judged], axis=1)
        surprise = np.column_stack([each, combined(each)])
        limits = np.column_stack([limit.push(surprise[:, k]) for k, limit in enumerate(self._limits)])
        health = self.health.push(surprise[:, -1])
        parts = [_in_order(one.scores, order) for one, order in zip(judged, self._signals, strict=True)]
        decides = -1 if self._rule.decides == ENSEMBLE else self._names.index(self._rule.decides)
        deviation = self._scaler.apply(readings)
        alarms = self._tracker.push(
            Judgement(self.steps, time, surprise[:, decides], limits[:, decides], each, limits, parts, deviation)
        )
        self._remember(alarms)
        self._look_back(each, parts, deviation)
        self.curve.push(np.column_stack([surprise, health]))
        first, self.steps = self.steps, self.steps + len(time)
        if len(time):
            self.started_time = self.started_time if first else float(time[0])
            self.latest_time = float(time[-1])
            for k, name in enumerate(self.peaks):
                self.peaks[name] = max(self.peaks[name], float(surprise[:, k].max()))
                self.latest[name], self.latest_limits[name] = float(surprise[-1, k]), float(limits[-1, k])
        return Scored(
            self.unit, self.machine, first, time, readings, surprise, limits, health, labels, alarms
        )  # fmt: skip

    def close(self) -> list[Alarm]:
        """The end of the unit: an open alarm closes with it."""
        alarms = self._tracker.close()
        self._remember(alarms)
        return alarms

    @property
    def open_alarm(self) -> Alarm | None:
        return self._tracker.current

    def causes(self) -> list[Cause]:
        """Who made the last steps as surprising as they are, by the detectors' own parts, most to blame first."""
        if not self._recent:
            return []
        parts = {
            name: np.max([np.maximum(part[k], 0).max(axis=0) for _, part, _ in self._recent], axis=0).astype(float)
            for k, name in enumerate(self._names)
        }
        deviation = np.concatenate([rows for _, _, rows in self._recent])
        seen = np.isfinite(deviation)
        mean = np.divide(
            np.where(seen, deviation, 0).sum(axis=0), seen.sum(axis=0),
            out=np.full(deviation.shape[1], np.nan), where=seen.any(axis=0),
        )  # fmt: skip
        return ranked(self._sensors, parts, mean)

    def status(self) -> dict[str, Any]:
        """How the unit is doing now, as JSON."""
        trend = self.health.trend()
        return {
            "unit": self.unit,
            "machine": self.machine,
            "steps": self.steps,
            "time": number(self.latest_time),
            "surprise": {name: round(value, 3) for name, value in self.latest.items()},
            "limits": {name: round(value, 3) for name, value in self.latest_limits.items()},
            "peaks": {name: round(value, 3) for name, value in self.peaks.items()},
            "health": round(self.health.latest, 2),
            "health_lowest": round(self.health.lowest, 2),
            "trend": {key: value if isinstance(value, str) else number(value) for key, value in asdict(trend).items()},
            "alarms": self.n_alarms,
            "alarm": None if self.open_alarm is None else self.open_alarm.key,
            "causes": [asdict(cause) for cause in self.causes()],
        }

    def _steps(self, batch: Batch) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.bool_] | None]:
        """The batch in steps: as it is, or the frames that it completes with the times of their last samples."""
        before, self.raw = self.raw, self.raw + len(batch)
        if self._frames is None:
            return batch.time, batch.readings, batch.labels
        rows = self._frames.push(batch.readings)
        last = (self.steps + np.arange(len(rows))) * self._hop + self._size - 1 - before
        return batch.time[last], rows, None if batch.labels is None else batch.labels[last]

    def _remember(self, alarms: list[Alarm]) -> None:
        """Alarms that have closed; the first to begin is kept for the lead time, however many follow."""
        for alarm in alarms:
            if not alarm.open:
                self.alarms.append(alarm)
                self.n_alarms += 1
            if self.first_alarm is None or self.first_alarm.key == alarm.key:
                self.first_alarm = alarm

    def _look_back(
        self, each: NDArray[np.float64], parts: list[NDArray[np.float32]], deviation: NDArray[np.float32]
    ) -> None:
        kept = slice(-RECENT, None)
        if not len(each):
            return
        self._recent.append((each[kept], [part[kept] for part in parts], deviation[kept]))
        while sum(len(one) for one, _, _ in self._recent) - len(self._recent[0][0]) >= RECENT:
            self._recent.popleft()


def number(value: float) -> float | None:
    """JSON knows no NaN and no infinity."""
    return round(value, 6) if np.isfinite(value) else None


def _order(model: SeriesModel, first: SeriesModel, *, signals: bool = False) -> list[int]:
    """Where the sensors of ``model`` are among those of ``first``; ``signals``: where those of ``first`` are among the
    model's."""
    if signals:
        place = {sensor.name: index for index, sensor in enumerate(model.signals)}
        return [place[sensor.name] for sensor in first.signals]
    place = {sensor.name: index for index, sensor in enumerate(first.sensors)}
    return [place[sensor.name] for sensor in model.sensors]


def _in_order(scores: Scores, order: list[int]) -> NDArray[np.float32]:
    return scores.parts if order == list(range(scores.parts.shape[1])) else scores.parts[:, order]
