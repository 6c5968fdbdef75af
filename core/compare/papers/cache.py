"""What a benchmark has measured and what it was asked for, as files that appear whole or not at all.

    <folder>/<benchmark>/plans/<id>.json       a request: its categories, methods and the keys of its entries
    <folder>/<benchmark>/entries/<key>.json    one method on one category

The key of an entry is a hash of its data, settings, weights and the detector's own code, so that whoever asks for the
same again finds it; ``FORMAT`` stands for the code around the detector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.compare.papers.tables import Method, Table
from core.detectors import registry
from core.errors import UserError
from core.store import atomic

FOLDER = "benchmarks"  # of a workspace
FORMAT = 3  # goes up where the same data and settings would be measured differently


@dataclass(frozen=True)
class Planned:
    """One entry of a plan."""

    category: str
    method: str
    key: str


@dataclass(frozen=True)
class Plan:
    """A request. ``reduced``: category to what its data lack; ``methods`` as the table's, with all their parameters."""

    id: str
    table: str
    data: str
    seed: int
    methods: tuple[dict[str, Any], ...]
    categories: tuple[str, ...]
    missing: tuple[str, ...]
    reduced: Mapping[str, str]
    notes: tuple[str, ...]
    entries: tuple[Planned, ...]
    created_at: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Plan:
        """KeyError or TypeError for what is none."""
        lists = ("methods", "categories", "missing", "notes")
        entries = tuple(Planned(**one) for one in found["entries"])
        return cls(**{**found, **{name: tuple(found[name]) for name in lists}, "entries": entries})


class Cache:
    """The files of one benchmark below ``folder``, which need not exist yet."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name

    def entry(self, key: str) -> dict[str, Any] | None:
        """What was measured, or ``{"failed": why}``; None where nobody has tried."""
        return _read(self.folder / "entries" / f"{key}.json")

    def keep(self, key: str, entry: Mapping[str, Any]) -> None:
        atomic.write_json(self.folder / "entries" / f"{key}.json", entry)

    def stamp(self, plan: Plan) -> tuple[int, ...]:
        """Changes whenever an entry of the plan comes or changes: when each was written, 0 for one that waits."""
        return tuple(_written(self.folder / "entries" / f"{one.key}.json") for one in plan.entries)

    def keep_plan(self, plan: Plan) -> None:
        atomic.write_json(self.folder / "plans" / f"{plan.id}.json", plan.to_json())

    def plan(self, plan_id: str) -> Plan:
        """UserError where it is not there or damaged."""
        found = _read(self.folder / "plans" / f"{plan_id}.json") if plan_id.isalnum() else None
        try:
            return Plan.from_json(found or {})
        except (KeyError, TypeError):
            raise UserError("This table is not in the workspace any more", plan_id, "Measure it again") from None

    def plans(self) -> list[Plan]:
        """Newest first; damaged ones are passed over."""
        found = []
        for path in (self.folder / "plans").glob("*.json"):
            try:
                found.append(self.plan(path.stem))
            except UserError:
                continue
        return sorted(found, key=lambda plan: plan.created_at, reverse=True)


def entry_key(table: Table, method: Method, category: str, content_id: str, seed: int) -> str:
    """The name of an entry: data, settings with their defaults, the weights, and the code of the detector."""
    params = method.checked().model_dump(mode="json")
    known = [FORMAT, table.name, category, content_id, method.detector, params, seed, table.rate]
    known += [_weights(params.get("backbone")), _code(method.detector)]
    return _digest(known)


def plan_id(table: Table, keys: list[str]) -> str:
    return _digest([table.name, *keys])


@cache
def _weights(backbone: str | None) -> str | None:
    """The hash of a backbone's weights; None without a backbone, or where its weights are not to be had."""
    if backbone is None:
        return None
    from core.features.backbones import load_backbone

    try:
        return load_backbone(backbone).sha256
    except UserError:  # told where it is measured, of the rows that need it alone
        return None


@cache
def _code(detector: str) -> str:
    """A hash of the detector's own files: figures of other code are not this code's."""
    package = registry.info(detector).implementation.partition(":")[0].rpartition(".")[0]
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in Path(folder).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]


def _read(path: Path) -> dict[str, Any] | None:
    """None where the file is missing or is no JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
