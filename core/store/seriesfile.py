"""A SeriesSet in the workspace: one JSON file, and an array file per unit that is mapped when it is read.

series.json    sensors, units, labels, notes        values/<k>.npy  float32 (n, d)       time/<k>.npy  float64 (n,)
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.store import atomic

FORMAT = 1
FILE = "series.json"


def write(folder: Path, data: SeriesSet) -> None:
    """Fill an existing, empty folder."""
    for name in ("values", "time"):
        (folder / name).mkdir()
    for index, unit in enumerate(data.units):
        np.save(folder / "values" / f"{index}.npy", np.ascontiguousarray(unit.values, np.float32), allow_pickle=False)
        np.save(folder / "time" / f"{index}.npy", np.ascontiguousarray(unit.time, np.float64), allow_pickle=False)
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


def read(folder: Path) -> SeriesSet:
    """The set that ``write`` wrote, its arrays mapped from disk."""
    about = json.loads((folder / FILE).read_text(encoding="utf-8"))
    units = [_unit(folder, index, fields) for index, fields in enumerate(about["units"])]
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
        "sha256": unit.sha256,
        "events": events,
        "healthy": unit.healthy,
        "failed": unit.failed,
        "life_left": unit.life_left,
    }


def _unit(folder: Path, index: int, fields: dict[str, Any]) -> SeriesUnit:
    events = fields["events"]
    if events is not None:
        events = tuple(Event(**{**event, "sensors": tuple(event["sensors"])}) for event in events)
    unit = SeriesUnit(
        name=fields["name"],
        machine=fields["machine"],
        split=fields["split"],
        values=np.load(folder / "values" / f"{index}.npy", mmap_mode="r", allow_pickle=False),
        time=np.load(folder / "time" / f"{index}.npy", mmap_mode="r", allow_pickle=False),
        events=events,
        healthy=fields["healthy"],
        failed=fields["failed"],
        life_left=fields["life_left"],
    )
    unit.__dict__["sha256"] = fields["sha256"]
    return unit
