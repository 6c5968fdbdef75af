"""The continual runs that a workspace knows, and what a run that is still under way has recorded so far."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.continual.config import ContinualConfig
from core.continual.types import Records
from core.errors import UserError
from core.store import atomic
from core.store.continualrun import ContinualRun, write_continual
from core.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ContinualRow:
    """A run in lists. ``headline``: mean CAF1 and ACC by method, None where there is none."""

    id: str
    name: str
    stream: str
    config_sha256: str
    methods: tuple[str, ...]
    seeds: tuple[int, ...]
    headline: dict[str, dict[str, float | None]]
    created_at: float


class ContinualStore:
    """Runs by id, newest first."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add(self, config: ContinualConfig, records: Records) -> ContinualRow:
        """Write a run and index it."""
        run_id = atomic.temporary_name(self.workspace.continual).name[-12:]
        run = write_continual(self.workspace.continual / run_id, config, records)
        about = {
            "methods": list(dict.fromkeys(one.method for one in records.runs)),
            "seeds": sorted({one.seed for one in records.runs}),
            "headline": {
                method: {name: figures[name]["mean"] for name in ("caf1", "acc")}
                for method, figures in run.report["methods"].items()
            },
        }
        with self.workspace.transaction() as db:
            db.execute(
                "INSERT INTO continual_runs (id, name, stream, config_sha256, about, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, config.name, records.stream, records.config_hash, json.dumps(about), time.time()),
            )
        return self.row(run_id)

    def list(self) -> list[ContinualRow]:
        """Runs that are not removed."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT * FROM continual_runs WHERE deleted_at IS NULL ORDER BY created_at DESC, id"
            ).fetchall()
        return [_row(dict(row)) for row in rows]

    def row(self, run_id: str) -> ContinualRow:
        """UserError for an unknown or removed one."""
        with self.workspace.connect() as db:
            row = db.execute("SELECT * FROM continual_runs WHERE id = ? AND deleted_at IS NULL", (run_id,)).fetchone()
        if row is None:
            raise UserError("This continual run is not in the workspace", run_id, "Run it again")
        return _row(dict(row))

    def get(self, run_id: str) -> ContinualRun:
        """The run, to read from."""
        return ContinualRun(self.folder(run_id))

    def folder(self, run_id: str) -> Path:
        return self.workspace.continual / self.row(run_id).id

    def listed(self, run_id: str) -> bool:
        """Whether it is there and not removed."""
        return any(row.id == run_id for row in self.list())

    def remove(self, run_id: str) -> None:
        """Take it off the lists; its files stay, and so does the way back."""
        self._mark(run_id, time.time())

    def restore(self, run_id: str) -> None:
        """Put a removed run back."""
        self._mark(run_id, None)

    def _mark(self, run_id: str, deleted_at: float | None) -> None:
        with self.workspace.transaction() as db:
            db.execute("UPDATE continual_runs SET deleted_at = ? WHERE id = ?", (deleted_at, run_id))


def _row(row: dict[str, Any]) -> ContinualRow:
    about = json.loads(row["about"])
    return ContinualRow(
        id=row["id"],
        name=row["name"],
        stream=row["stream"],
        config_sha256=row["config_sha256"],
        methods=tuple(about["methods"]),
        seeds=tuple(about["seeds"]),
        headline=about["headline"],
        created_at=row["created_at"],
    )
