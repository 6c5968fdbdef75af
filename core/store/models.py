"""The models that a workspace knows."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.store import atomic, modelarchive
from core.store.datasets import clean_name
from core.store.manifest import Manifest
from core.store.modelfolder import model_id, read_manifest, verify
from core.store.workspace import Workspace

# A model's own metrics are those of its run over the dataset that it was trained on.
_SELECT = (
    "SELECT models.*, runs.metrics AS metrics FROM models"
    " LEFT JOIN runs ON runs.model_id = models.id AND runs.dataset_id = models.dataset_id"
)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model in lists. ``metrics`` is the evaluation on its own dataset, empty where there is none."""

    id: str
    name: str
    detector: str
    dataset_id: str
    tags: tuple[str, ...]
    created_at: float
    deleted_at: float | None
    metrics: dict[str, Any]
    manifest: Manifest


class ModelStore:
    """Models by id: immutable folders, with names and tags in the index."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add(self, folder: Path, name: str) -> ModelRow:
        """Take over a model folder on the workspace's file system: it is moved. The same model again keeps its id."""
        verify(folder)
        found, manifest = model_id(folder), read_manifest(folder)
        home = self.workspace.models / found
        if not home.exists():
            atomic.move_folder(folder, home)
        with self.workspace.transaction() as db:
            db.execute(
                "INSERT INTO models (id, name, detector, dataset_id, tags, manifest, created_at)"
                " VALUES (?, ?, ?, ?, '[]', ?, ?) ON CONFLICT (id) DO UPDATE SET deleted_at = NULL",
                (
                    found,
                    clean_name(name),
                    manifest.detector,
                    manifest.dataset.id,
                    manifest.model_dump_json(),
                    time.time(),
                ),
            )
        return self.get(found)

    def list(self, deleted: bool = False, dataset_id: str | None = None) -> list[ModelRow]:
        """What there is (or what was removed), newest first; ``dataset_id`` keeps those trained on that set."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        with self.workspace.connect() as db:
            rows = db.execute(
                f"{_SELECT} WHERE models.deleted_at {condition} AND (? IS NULL OR models.dataset_id = ?)"
                " ORDER BY models.created_at DESC, models.id",
                (dataset_id, dataset_id),
            ).fetchall()
        return [_row(row) for row in rows]

    def get(self, model: str) -> ModelRow:
        """A model, removed or not. UserError for an unknown id."""
        with self.workspace.connect() as db:
            row = db.execute(f"{_SELECT} WHERE models.id = ?", (model,)).fetchone()
        if row is None:
            raise UserError("This model is not in the workspace", model, "Choose one from the Models page")
        return _row(row)

    def folder(self, model: str) -> Path:
        """The model's folder, to read from only."""
        return self.workspace.models / self.get(model).id

    def rename(self, model: str, name: str) -> None:
        self._update(model, "name", clean_name(name))

    def tag(self, model: str, tags: Iterable[str]) -> None:
        """Replace the tags."""
        self._update(model, "tags", json.dumps(sorted({clean_name(tag) for tag in tags}), ensure_ascii=False))

    def remove(self, model: str) -> None:
        """Take it out of the lists. Nothing is deleted: ``restore`` brings it back."""
        self._update(model, "deleted_at", time.time())

    def restore(self, model: str) -> None:
        self._update(model, "deleted_at", None)

    def export_zip(self, model: str) -> Path:
        """The model as a zip for download; it lies in the workspace for a day. UserError for an altered model."""
        folder = self.folder(model)
        verify(folder)
        dest = self.workspace.exports / f"{model}.zip"
        modelarchive.pack(folder, dest)
        return dest

    def import_zip(self, source: Path, name: str | None = None) -> ModelRow:
        """Take in a zip that ``export_zip`` wrote, here or elsewhere. UserError, and no trace, for anything else."""
        with self.workspace.temporary() as folder:
            modelarchive.unpack(source, folder / "model")
            return self.add(folder / "model", name or read_manifest(folder / "model").name)

    def _update(self, model: str, column: str, value: str | float | None) -> None:
        self.get(model)
        with self.workspace.transaction() as db:
            db.execute(f"UPDATE models SET {column} = ? WHERE id = ?", (value, model))  # noqa: S608


def _row(row: sqlite3.Row) -> ModelRow:
    return ModelRow(
        id=row["id"],
        name=row["name"],
        detector=row["detector"],
        dataset_id=row["dataset_id"],
        tags=tuple(json.loads(row["tags"])),
        created_at=row["created_at"],
        deleted_at=row["deleted_at"],
        metrics=json.loads(row["metrics"]) if row["metrics"] else {},
        manifest=Manifest.model_validate_json(row["manifest"]),
    )
