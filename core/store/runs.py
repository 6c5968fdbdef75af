"""The runs that a workspace knows: at most one per model and dataset."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.store import atomic
from core.store.runfolder import Run
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.store.seriesrun import SeriesRun


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in lists. ``metrics`` is None where the dataset has no labels to evaluate against."""

    id: str
    model_id: str
    dataset_id: str
    created_at: float
    metrics: dict[str, Any] | None


class RunStore:
    """Runs by model and dataset. Runs of removed models stay, and come back with them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def reserve(self, model_id: str, dataset_id: str) -> Path:
        """A free place for a new run of this model over this dataset, to be written and then added."""
        token = atomic.temporary_name(self.workspace.runs).name[-12:]
        return self.workspace.runs / f"{model_id}-{dataset_id[:16]}-{token}"

    def add(self, folder: Path, metrics: dict[str, Any] | None = None) -> RunRow:
        """Index a finished run at a reserved place. It takes the place of an earlier run of the same two."""
        if folder.parent != self.workspace.runs:
            raise ValueError(f"{folder} was not reserved")
        about = json.loads((folder / "run.json").read_bytes())
        pair = (about["model_id"], about["dataset_id"])
        text = None if metrics is None else json.dumps(metrics, allow_nan=False)
        with self.workspace.transaction() as db:
            earlier = db.execute("SELECT id FROM runs WHERE model_id = ? AND dataset_id = ?", pair).fetchone()
            db.execute("DELETE FROM runs WHERE model_id = ? AND dataset_id = ?", pair)
            db.execute(
                "INSERT INTO runs (id, model_id, dataset_id, metrics, created_at) VALUES (?, ?, ?, ?, ?)",
                (folder.name, *pair, text, time.time()),
            )
        if earlier and earlier["id"] != folder.name:
            shutil.rmtree(self.workspace.runs / earlier["id"], ignore_errors=True)
        return self.row(folder.name)

    def row(self, run_id: str) -> RunRow:
        with self.workspace.connect() as db:
            row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UserError("This run is not in the workspace", run_id, "Score the dataset with the model again")
        return _row(row)

    def get(self, model_id: str, dataset_id: str) -> Run | None:
        """The run of a model over images, or None where they were not scored."""
        folder = self._folder(model_id, dataset_id)
        return Run(folder) if folder else None

    def series(self, model_id: str, dataset_id: str) -> SeriesRun | None:
        """The run of a model over recordings, or None where they were not scored."""
        folder = self._folder(model_id, dataset_id)
        if folder is None:
            return None
        from core.store.seriesrun import SeriesRun

        return SeriesRun(folder)

    def _folder(self, model_id: str, dataset_id: str) -> Path | None:
        with self.workspace.connect() as db:
            row = db.execute(
                "SELECT id FROM runs WHERE model_id = ? AND dataset_id = ?", (model_id, dataset_id)
            ).fetchone()
        return self.workspace.runs / row["id"] if row else None

    def listed(self, run_id: str) -> bool:
        """Whether the run is there, over a dataset and by a model that are not removed."""
        with self.workspace.connect() as db:
            row = db.execute(
                "SELECT 1 FROM runs JOIN models ON models.id = runs.model_id"
                " JOIN datasets ON datasets.id = runs.dataset_id"
                " WHERE runs.id = ? AND models.deleted_at IS NULL AND datasets.deleted_at IS NULL",
                (run_id,),
            ).fetchone()
        return row is not None

    def list(self, dataset_id: str) -> list[RunRow]:
        """The runs over a dataset of models that are not removed, newest first."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT runs.* FROM runs JOIN models ON models.id = runs.model_id"
                " WHERE runs.dataset_id = ? AND models.deleted_at IS NULL ORDER BY runs.created_at DESC, runs.id",
                (dataset_id,),
            ).fetchall()
        return [_row(row) for row in rows]


def _row(row: sqlite3.Row) -> RunRow:
    return RunRow(
        id=row["id"],
        model_id=row["model_id"],
        dataset_id=row["dataset_id"],
        created_at=row["created_at"],
        metrics=json.loads(row["metrics"]) if row["metrics"] else None,
    )
