"""What can be looked at: readings, scores, causes, units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from starlette.responses import Response

from core.api import answers
from core.api.operation import Call, Problem, Query
from core.live.blocks import Steps, read
from core.live.exports import units_csv
from core.live.table import FeedRow
from core.streaming import words
from core.streaming.rule import ENSEMBLE

MOST_STEPS = 5000


class Window(Query):
    unit: str | None = Field(None, max_length=200, description="name of a unit; without it the latest one")
    last: int = Field(300, ge=1, le=MOST_STEPS, description="steps, counted from the newest")


class SensorWindow(Window):
    sensors: str | None = Field(None, max_length=20_000, description="names with commas between them; without: all")


class OfUnit(Query):
    unit: str | None = Field(None, max_length=200, description="name of a unit; without it the latest one")


class Listing(Query):
    limit: int = Field(100, ge=1, le=2000, description="units, newest first")
    format: Literal["json", "csv"] = Field("json", description="csv: a file for a spreadsheet")


def state(call: Call) -> answers.Feed:
    """The feed as a whole."""
    return feed_answer(call.feed.table.feed())


def feed_answer(feed: FeedRow | None) -> answers.Feed:
    status: dict[str, Any] = {} if feed is None else feed.status
    speed = None if feed is None else "max" if math.isinf(feed.speed) else feed.speed
    return answers.Feed.model_validate(
        {
            "state": "empty" if feed is None else feed.state,
            "error": None if feed is None else feed.error,
            "spec": None if feed is None else feed.spec,
            "speed": speed,
            **{name: status.get(name, []) for name in ("detectors", "sensors", "units")},
            **{name: status.get(name, 0) for name in ("steps", "seconds", "steps_per_second", "behind")},
            **{name: status.get(name, {}) for name in ("tally", "refused")},
        }
    )


def sensor_data(call: Call) -> answers.SensorData:
    """The last readings of a unit."""
    feed, steps, unit = _window(call)
    sensors: list[str] = feed.status.get("sensors", []) if feed else []
    asked = sensors if call.query.sensors is None else [name.strip() for name in call.query.sensors.split(",")]
    unknown = [name for name in asked if name not in sensors]
    if unknown:
        raise Problem(404, f"There is no sensor «{unknown[0][:60]}»", "", f"Choose of {', '.join(sensors[:50])}")
    units = feed.status.get("units_of", {}) if feed else {}
    return answers.SensorData(
        unit=unit,
        state=feed.state if feed else "empty",
        time_unit=feed.status.get("time_unit") if feed else None,
        sensors=[answers.SensorInfo(name=name, unit=units.get(name)) for name in asked],
        step=steps.step.tolist(),
        time=numbers(steps.time),
        values={name: numbers(short(steps.readings[:, sensors.index(name)])) for name in asked},
    )


def anomaly_scores(call: Call) -> answers.AnomalyScores:
    """The last scores of a unit by every detector, on one calibrated axis."""
    feed, steps, unit = _window(call)
    detectors: list[str] = feed.status.get("detectors", []) if feed else []
    titles = {one["name"]: one["title"] for one in feed.status.get("models", [])} if feed else {}
    found = {name: _score(steps, k, titles.get(name, "Ensemble")) for k, name in enumerate([*detectors, ENSEMBLE])}
    return answers.AnomalyScores.model_validate(
        {
            **found,
            "unit": unit,
            "state": feed.state if feed else "empty",
            "step": steps.step.tolist(),
            "time": numbers(steps.time),
            "health": numbers(np.round(steps.health.astype(float), 2)),
        }
    )


def _score(steps: Steps, k: int, title: str) -> answers.Score:
    found = np.round(steps.surprise[:, k].astype(float), 3) if len(steps) else np.zeros(0)
    limits = np.round(steps.limits[:, k].astype(float), 3) if len(steps) else np.zeros(0)
    return answers.Score(
        score=float(found[-1]) if len(found) else None,
        threshold=float(limits[-1]) if len(limits) else None,
        alarm=bool(len(found) and found[-1] > limits[-1]),
        title=title,
        scores=numbers(found),
        thresholds=numbers(limits),
    )


def xai_analysis(call: Call) -> answers.Analysis:
    """Which sensors made a unit score as it does."""
    feed = call.feed.table.feed()
    live = _live(feed, call.query.unit)
    if call.query.unit is not None and live is None:
        raise Problem(404, f"No unit «{call.query.unit}» is under watch", "", "GET /api/state lists those that are")
    unit = live["unit"] if live else None
    alarms = [alarm_answer(one) for one in call.feed.table.alarms() if unit is None or one["unit"] == unit]
    causes = live["causes"] if live else []
    return answers.Analysis(
        unit=unit,
        state=feed.state if feed else "empty",
        causes=[cause_answer(one) for one in causes],
        agreement=words.agreement(causes),
        alarm=next((one for one in reversed(alarms) if live and one.key == live["alarm"]), None),
        alarms=alarms[-50:],
    )


def unit_analysis(call: Call) -> answers.UnitAnalysis:
    """One unit in full: as it is now, and as it was when it ended."""
    live = _live(call.feed.table.feed(), call.name)
    kept = call.feed.table.unit(call.name)
    if live is None and kept is None:
        raise Problem(
            404, f"There is no unit «{call.name[:100]}»", "", "GET /api/units/completed lists those that ended"
        )
    alarms = kept["alarms"] if kept else []
    if live is not None:
        alarms = [one for one in call.feed.table.alarms() if one["unit"] == live["unit"]]
    return answers.UnitAnalysis(
        live=answers.Unit.model_validate(live) if live else None,
        causes=[cause_answer(one) for one in live["causes"]] if live else [],
        completed=answers.CompletedUnit.model_validate(_row(call, kept["id"])) if kept else None,
        curve=answers.Extremes.model_validate(kept["curve"]) if kept else None,
        alarms=[alarm_answer(one) for one in alarms],
        alarms_left_out=kept["alarms_left_out"] if kept and live is None else 0,
    )


def completed_units(call: Call) -> answers.CompletedUnits | Response:
    """Units seen to their end, newest first."""
    rows = call.feed.table.units(call.query.limit)
    if call.query.format == "csv":
        headers = {"Content-Disposition": 'attachment; filename="completed-units.csv"'}
        return Response(units_csv(rows), media_type="text/csv", headers=headers)
    return answers.CompletedUnits(units=[answers.CompletedUnit.model_validate(row) for row in rows])


def cause_answer(one: Mapping[str, Any]) -> answers.Cause:
    return answers.Cause.model_validate({**one, "words": words.cause(one)})


def alarm_answer(one: Mapping[str, Any]) -> answers.Alarm:
    return answers.Alarm.model_validate({**one, "causes": [cause_answer(cause) for cause in one["causes"]]})


def numbers(values: NDArray[Any]) -> list[float | None]:
    """As JSON, null for NaN."""
    return [None if value != value else value for value in values.tolist()]


def short(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """float32 readings as the shortest decimals that stand for them, about seven digits."""
    exact = values.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = 6 - np.floor(np.log10(np.abs(exact)))
    scale = np.where(np.isfinite(places), 10.0 ** np.clip(places, -30, 30), 1.0)
    return np.asarray(np.round(exact * scale) / scale)


def _row(call: Call, unit_id: int) -> Mapping[str, Any]:
    return next(row for row in call.feed.table.units() if row["id"] == unit_id)


def _live(feed: FeedRow | None, name: str | None) -> dict[str, Any] | None:
    """A unit under watch by its name, the latest where none is asked for."""
    units: list[dict[str, Any]] = feed.status.get("units", []) if feed else []
    if name is None:
        return units[-1] if units else None
    return next((one for one in units if one["unit"] == name), None)


def _window(call: Call) -> tuple[FeedRow | None, Steps, str | None]:
    """The feed, the steps asked for, and the unit that they are of."""
    feed, unit = call.feed.table.feed(), call.query.unit
    if unit is None:
        newest = read(call.feed.table, last=1)
        unit = str(newest.unit[-1]) if len(newest) else None
    steps = read(call.feed.table, last=call.query.last, unit=unit or "")
    if call.query.unit is not None and not len(steps):
        raise Problem(404, f"There are no steps of a unit «{unit}»", "", "GET /api/state lists the units under watch")
    return feed, steps, unit
