"""The runs that a workspace knows: at most one per model and dataset."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.store import atomic
from core.store.datasets import clean_name
from core.store.runfolder import Run
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.store.seriesrun import SeriesRun

MAX_NOTE = 4000  # characters


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in lists. ``metrics`` is None where the dataset has no labels to evaluate against."""

    id: str
    model_id: str
    dataset_id: str
    created_at: float
    metrics: dict[str, Any] | None
    tags: tuple[str, ...] = ()
    note: str = ""
    deleted_at: float | None = None


# Beside its own mark, a run is off the lists where its model or its dataset is removed.
_STANDING = (
    "SELECT runs.* FROM runs JOIN models ON models.id = runs.model_id JOIN datasets ON datasets.id = runs.dataset_id"
    " WHERE models.deleted_at IS NULL AND datasets.deleted_at IS NULL"
)


class RunStore:
    """Runs by model and dataset. Runs of removed models stay, and come back with them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def reserve(self, model_id: str, dataset_id: str) -> Path:
        """A free place for a new run of this model over this dataset, to be written and then added."""
        token = atomic.temporary_name(self.workspace.runs).name[-12:]
        return self.workspace.runs / f"{model_id}-{dataset_id[:16]}-{token}"

    def add(self, folder: Path, metrics: dict[str, Any] | None = None) -> RunRow:
        """Index a finished run at a reserved place. It takes the place of an earlier run of the same two, removed or
        not, with its tags and its note."""
        if folder.parent != self.workspace.runs:
            raise ValueError(f"{folder} was not reserved")
        about = json.loads((folder / "run.json").read_bytes())
        pair = (about["model_id"], about["dataset_id"])
        text = None if metrics is None else json.dumps(metrics, allow_nan=False)
        with self.workspace.transaction() as db:
            earlier = db.execute(
                "SELECT id, tags, note FROM runs WHERE model_id = ? AND dataset_id = ?", pair
            ).fetchone()
            kept = (earlier["tags"], earlier["note"]) if earlier else ("[]", "")
            db.execute("DELETE FROM runs WHERE model_id = ? AND dataset_id = ?", pair)
            db.execute(
                "INSERT INTO runs (id, model_id, dataset_id, metrics, created_at, tags, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (folder.name, *pair, text, time.time(), *kept),
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
                "SELECT id FROM runs WHERE model_id = ? AND dataset_id = ? AND deleted_at IS NULL",
                (model_id, dataset_id),
            ).fetchone()
        return self.workspace.runs / row["id"] if row else None

    def listed(self, run_id: str) -> bool:
        """Whether the run is there, over a dataset and by a model that are not removed."""
        with self.workspace.connect() as db:
            found = db.execute(f"{_STANDING} AND runs.deleted_at IS NULL AND runs.id = ?", (run_id,)).fetchone()
        return found is not None

    def everywhere(self, deleted: bool = False) -> list[RunRow]:
        """The runs over all datasets (or those that were removed), newest first; none of a removed model or dataset."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        with self.workspace.connect() as db:
            rows = db.execute(
                f"{_STANDING} AND runs.deleted_at {condition} ORDER BY runs.created_at DESC, runs.id"
            ).fetchall()
        return [_row(row) for row in rows]

    def list(self, dataset_id: str) -> list[RunRow]:
        """The runs over a dataset of models that are not removed, newest first."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT runs.* FROM runs JOIN models ON models.id = runs.model_id"
                " WHERE runs.dataset_id = ? AND models.deleted_at IS NULL AND runs.deleted_at IS NULL"
                " ORDER BY runs.created_at DESC, runs.id",
                (dataset_id,),
            ).fetchall()
        return [_row(row) for row in rows]

    def annotate(self, run_id: str, *, tags: Iterable[str], note: str) -> None:
        """Replace the tags and the note. They stay when the same model scores the same dataset again."""
        cleaned = json.dumps(sorted({clean_name(tag) for tag in tags}), ensure_ascii=False)
        self._update(run_id, "tags = ?, note = ?", cleaned, _clean_note(note))

    def remove(self, run_id: str) -> None:
        """Take it out of the lists. Nothing is deleted: ``restore`` brings it back until the pair is scored again."""
        self._update(run_id, "deleted_at = ?", time.time())

    def restore(self, run_id: str) -> None:
        self._update(run_id, "deleted_at = ?", None)

    def _update(self, run_id: str, assignment: str, *values: str | float | None) -> None:
        self.row(run_id)
        with self.workspace.transaction() as db:
            db.execute(f"UPDATE runs SET {assignment} WHERE id = ?", (*values, run_id))  # noqa: S608


def _clean_note(text: str) -> str:
    """A note without control characters, except its line breaks. UserError for one that is too long to be a note."""
    if len(text) > MAX_NOTE:
        raise UserError(f"A note of {len(text)} characters is too long", "", f"Keep it below {MAX_NOTE}")
    return "".join(character for character in text if character == "\n" or character.isprintable()).strip()


def _row(row: sqlite3.Row) -> RunRow:
    return RunRow(
        id=row["id"],
        model_id=row["model_id"],
        dataset_id=row["dataset_id"],
        created_at=row["created_at"],
        metrics=json.loads(row["metrics"]) if row["metrics"] else None,
        tags=tuple(json.loads(row["tags"])),
        note=row["note"],
        deleted_at=row["deleted_at"],
    )
