"""The feed as tables to take along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.charts.csvtable import to_csv
from core.live.blocks import Steps
from core.streaming.rule import ENSEMBLE


def units_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Completed units, one row each, with a column for each detector's peak."""
    flat = [
        {key: value for key, value in row.items() if key != "peaks"}
        | {f"peak_{name}": value for name, value in row["peaks"].items()}
        for row in rows
    ]
    columns = list(dict.fromkeys(key for row in flat for key in row))
    return to_csv(columns, ([row.get(column) for column in columns] for row in flat))


def alarms_csv(alarms: Sequence[Mapping[str, Any]]) -> bytes:
    """Alarms, one row each: when, how high, who saw it, and the first cause."""
    columns = ("unit", "machine", "start", "stop", "start_time", "stop_time", "steps", "open", "peak", "peak_step")
    more = ("detectors", "cause", "share", "other_causes")
    rows = []
    for one in alarms:
        causes = one["causes"]
        first = (causes[0]["sensor"], causes[0]["share"]) if causes else (None, None)
        others = "; ".join(f"{cause['sensor']} {cause['share']:.2f}" for cause in causes[1:])
        rows.append([*(one[column] for column in columns), "; ".join(one["detectors"]), *first, others])
    return to_csv((*columns, *more), rows)


def steps_csv(steps: Steps, sensors: Sequence[str], detectors: Sequence[str]) -> bytes:
    """Steps with readings, scores and limits on the calibrated axis, and health."""
    voices = [*detectors, ENSEMBLE]
    columns = [
        "unit", "machine", "step", "time", *sensors, *(f"score_{name}" for name in voices),
        *(f"limit_{name}" for name in voices), "health",
    ]  # fmt: skip
    rows = (
        [str(steps.unit[k]), str(steps.machine[k]), int(steps.step[k]), float(steps.time[k]),
         *(None if value != value else value for value in steps.readings[k].tolist()),
         *steps.surprise[k].tolist(), *steps.limits[k].tolist(), float(steps.health[k])]
        for k in range(len(steps))
    )  # fmt: skip
    return to_csv(columns, rows)
