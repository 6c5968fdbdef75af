"""A SeriesSet in the workspace: one JSON file, and two array files that are mapped when it is read.

series.json    sensors, units, labels, notes        values.npy  float32 (N, d)       time.npy  float64 (N,)

The units lie one after the other: a fleet of a thousand keeps two files open, not two thousand.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.errors import UserError
from core.store import atomic

FORMAT = 2
FILE = "series.json"


def write(folder: Path, data: SeriesSet) -> None:
    """Fill an existing, empty folder."""
    shape = (data.n_steps, len(data.sensors))
    values = np.lib.format.open_memmap(folder / "values.npy", mode="w+", dtype=np.float32, shape=shape)
    time = np.lib.format.open_memmap(folder / "time.npy", mode="w+", dtype=np.float64, shape=shape[:1])
    start = 0
    for unit in data.units:
        values[start : start + len(unit)], time[start : start + len(unit)] = unit.values, unit.time
        start += len(unit)
    values.flush()
    time.flush()
    about = {
        "format": FORMAT,
        "content_id": data.content_id,
        "name": data.name,
        "root": str(data.root),
        "reader": data.format,
        "sensors": [asdict(sensor) for sensor in data.sensors],
        "kind": data.kind,
        "time_unit": data.time_unit,
        "rate": data.rate,
        "fleet": data.fleet,
        "rejected": [[one.name, one.reason] for one in data.rejected],
        "notes": list(data.notes),
        "units": [_about(unit) for unit in data.units],
    }
    atomic.write_json(folder / FILE, about)


def whole(folder: Path) -> bool:
    """Whether there is a set that this version can read."""
    path = folder / FILE
    return path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("format") == FORMAT


def read(folder: Path) -> SeriesSet:
    """The set that ``write`` wrote, its arrays mapped from disk. UserError for one of another version."""
    about = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if about["format"] != FORMAT:
        raise UserError(
            "The recordings were written by another version of Faultline", str(folder), "Read the files in again"
        )
    values, time = (
        np.asarray(np.load(folder / name, mmap_mode="r", allow_pickle=False)) for name in ("values.npy", "time.npy")
    )
    stops = np.cumsum([fields["steps"] for fields in about["units"]], dtype=int)
    units = [
        _unit(fields, values[stop - fields["steps"] : stop], time[stop - fields["steps"] : stop])
        for fields, stop in zip(about["units"], stops.tolist(), strict=True)
    ]
    data = SeriesSet(
        name=about["name"],
        root=Path(about["root"]),
        format=about["reader"],
        sensors=tuple(Sensor(**sensor) for sensor in about["sensors"]),
        units=tuple(units),
        kind=about["kind"],
        time_unit=about["time_unit"],
        rate=about["rate"],
        fleet=about["fleet"],
        rejected=tuple(Rejected(name, reason) for name, reason in about["rejected"]),
        notes=tuple(about["notes"]),
    )
    # What cached_property would compute by reading every value again.
    data.__dict__["content_id"] = about["content_id"]
    return data


def _about(unit: SeriesUnit) -> dict[str, Any]:
    events = None if unit.events is None else [asdict(event) for event in unit.events]
    return {
        "name": unit.name,
        "machine": unit.machine,
        "split": unit.split,
        "steps": len(unit),
        "sha256": unit.sha256,
        "events": events,
        "healthy": unit.healthy,
        "failed": unit.failed,
        "life_left": unit.life_left,
    }


def _unit(fields: dict[str, Any], values: NDArray[np.float32], time: NDArray[np.float64]) -> SeriesUnit:
    events = fields["events"]
    if events is not None:
        events = tuple(Event(**{**event, "sensors": tuple(event["sensors"])}) for event in events)
    unit = SeriesUnit(
        name=fields["name"],
        machine=fields["machine"],
        split=fields["split"],
        values=values,
        time=time,
        events=events,
        healthy=fields["healthy"],
        failed=fields["failed"],
        life_left=fields["life_left"],
    )
    unit.__dict__["sha256"] = fields["sha256"]
    return unit
