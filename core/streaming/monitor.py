"""The live monitor: trained detectors side by side over one feed of any number of units."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import UserError
from core.streaming.limits import Limits
from core.streaming.rule import ENSEMBLE, Rule
from core.streaming.source import Batch
from core.streaming.watch import Models, Scored, UnitWatch, number

MOST_UNITS = 64  # under watch at once; the one that was silent longest makes room
MOST_REFUSED = 16


@dataclass(frozen=True)
class Completed:
    """A unit seen to its end. ``summary`` is a row for lists; ``analysis`` holds its curves and alarms."""

    unit: str
    machine: str
    summary: dict[str, Any]
    analysis: dict[str, Any]


class Monitor:
    """Scores every step of a feed. ``models``: by the name they are shown under.

    Memory holds the state of up to 64 units and nothing that grows with the steps. What is found does not depend on how
    the readings are cut into batches. UserError where the models watch different sensors.
    """

    def __init__(self, models: Models, rule: Rule = Rule()) -> None:  # noqa: B008
        if not models:
            raise UserError("There is no detector to judge the feed", "", "Choose at least one trained model")
        refuse_different(models)
        if rule.decides != ENSEMBLE and rule.decides not in models:
            raise UserError(f"There is no detector «{rule.decides}» to decide", "", f"Choose of {', '.join(models)}")
        self.models, self.rule = models, rule
        first = next(iter(models.values()))
        self.raw_sensors = [sensor.name for sensor in first.raw_sensors]
        self.sensors = [sensor.name for sensor in first.sensors]
        self.detectors = list(models)
        self.steps = 0
        self.refused: OrderedDict[str, str] = OrderedDict()  # units that no model can judge, and why
        self._units: OrderedDict[str, UnitWatch] = OrderedDict()
        context = max(member.detector.context for model in models.values() for member in model.members.values())
        self._limits = Limits(rule, len(models) + 1, context)

    def push(self, batch: Batch) -> tuple[Scored | None, Completed | None]:
        """Judge a batch. (None, None) for a unit of a machine that a model does not know: see ``refused``."""
        watch = self._watch(batch)
        if watch is None:
            return None, None
        scored = watch.push(batch)
        self.steps += len(scored)
        if not batch.complete:
            return scored, None
        self._units.pop(batch.unit)
        return scored, self._completed(watch, scored, failed=batch.failed)

    def status(self) -> list[dict[str, Any]]:
        """Every unit under watch, the latest last."""
        return [watch.status() for watch in self._units.values()]

    def _watch(self, batch: Batch) -> UnitWatch | None:
        found = self._units.get(batch.unit)
        if found is None:
            try:
                limits = self._limits.of(batch.machine)
                found = UnitWatch(batch.unit, batch.machine, self.models, self.rule, limits)
            except UserError as error:
                self.refused[batch.unit] = str(error)
                while len(self.refused) > MOST_REFUSED:
                    self.refused.popitem(last=False)
                return None
            self._units[batch.unit] = found
            while len(self._units) > MOST_UNITS:
                self._units.popitem(last=False)
        self._units.move_to_end(batch.unit)
        return found

    def _completed(self, watch: UnitWatch, scored: Scored, *, failed: bool) -> Completed:
        scored.alarms.extend(watch.close())
        first, trend = watch.first_alarm, watch.health.trend()
        lead = watch.latest_time - first.start_time if failed and first else None
        summary = {
            "unit": watch.unit,
            "machine": watch.machine,
            "steps": watch.steps,
            "start": number(watch.started_time),
            "end": number(watch.latest_time),
            "failed": failed,
            "alarms": watch.n_alarms,
            "first_alarm": None if first is None else number(first.start_time),
            "lead_time": None if lead is None else number(lead),
            "health": round(watch.health.latest, 2),
            "health_lowest": round(watch.health.lowest, 2),
            "trend": trend.direction,
            "peaks": {name: round(value, 3) for name, value in watch.peaks.items()},
        }
        analysis = {
            "curve": watch.curve.to_json([*watch.peaks, "health"]),
            "trend": {key: value if isinstance(value, str) else number(value) for key, value in asdict(trend).items()},
            "limit": round(self.rule.limit, 3),
            "alarms": [alarm.to_json() for alarm in watch.alarms],
            "alarms_left_out": watch.n_alarms - len(watch.alarms),
        }
        return Completed(watch.unit, watch.machine, summary, analysis)


def refuse_different(models: Models) -> None:
    """UserError unless all models watch the same sensors in the same way."""
    (name, first), *others = models.items()
    for other_name, other in others:
        same = (
            {sensor.name for sensor in first.sensors} == {sensor.name for sensor in other.sensors}
            and {sensor.name for sensor in first.signals} == {sensor.name for sensor in other.signals}
            and first.frontend == other.frontend
            and first.raw_rate == other.raw_rate
        )
        if not same:
            raise UserError(
                f"{name} and {other_name} watch different sensors, or cut them into different frames", "",
                "Choose models that were trained on the same data",
            )  # fmt: skip
