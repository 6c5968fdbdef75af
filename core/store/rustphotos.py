"""Sets of photographs for an analysis of rust, and what a person said about them.

``rust/sets/<id>/`` holds the photographs as they came, for ever: the id follows from their names and bytes. The table
of parts, times and views and the corrected outlines can change; they are in the index.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.progress import Progress
from core.severity import correction
from core.severity.correction import Correction
from core.severity.photos import PhotoRow, Photos, from_rows, read_photos, rows
from core.store import atomic
from core.store.datasets import clean_name
from core.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RustSetRow:
    """A set in lists. Times are seconds since the epoch."""

    id: str
    name: str
    n_photos: int
    created_at: float
    deleted_at: float | None


class RustPhotoStore:
    """Sets of photographs by content id."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add(self, folder: Path, name: str, progress: Progress = Progress()) -> RustSetRow:
        """Copy the photographs of a folder. The same ones again keep their id and what was said about them.

        UserError where the folder holds no readable photograph.
        """
        found = read_photos(folder, progress.part(0.0, 0.6))
        table, digest = rows(found), hashlib.sha256()
        for done, row in enumerate(sorted(table, key=lambda row: row.file), 1):
            digest.update(row.file.encode() + b"\0" + hashlib.sha256((folder / row.file).read_bytes()).digest())
            progress.part(0.6, 0.8).report(done, len(table), "Reading photographs")
        set_id = digest.hexdigest()[:32]
        home = self.workspace.rust_sets / set_id
        if not home.exists():
            with atomic.new_folder(home) as building:
                for done, row in enumerate(table, 1):
                    (building / row.file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(folder / row.file, building / row.file)
                    progress.part(0.8, 1.0).report(done, len(table), "Copying photographs")
        said = {"rows": [asdict(row) for row in table], "notes": [*found.notes], "rejected": _left_out(found)}
        with self.workspace.transaction() as db:
            db.execute(
                "INSERT INTO rust_sets (id, name, n_photos, photos, corrections, created_at)"
                " VALUES (?, ?, ?, ?, '{}', ?)"
                " ON CONFLICT (id) DO UPDATE SET deleted_at = NULL",
                (set_id, clean_name(name), len(table), json.dumps(said, ensure_ascii=False), time.time()),
            )
        return self.row(set_id)

    def list(self, deleted: bool = False) -> list[RustSetRow]:
        """What there is (or what was removed), newest first."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        with self.workspace.connect() as db:
            found = db.execute(
                f"SELECT * FROM rust_sets WHERE deleted_at {condition} ORDER BY created_at DESC, id"  # noqa: S608
            ).fetchall()
        return [_row(row) for row in found]

    def row(self, set_id: str) -> RustSetRow:
        """A set, removed or not. UserError for an unknown id."""
        return _row(self._found(set_id))

    def photos(self, set_id: str) -> Photos:
        """The photographs as the table of the set has them. UserError where no row has a time."""
        return from_rows(self.folder(set_id), self.rows(set_id))

    def folder(self, set_id: str) -> Path:
        """Where the photographs lie, to read from only."""
        home = self.workspace.rust_sets / self.row(set_id).id
        if not home.is_dir():
            raise UserError("The photographs were deleted", str(home), "Add them again")
        return home

    def rows(self, set_id: str) -> tuple[PhotoRow, ...]:
        """The table of parts, times and views."""
        return tuple(PhotoRow(**row) for row in self._said(set_id)["rows"])

    def remarks(self, set_id: str) -> tuple[str, ...]:
        """What reading the folder found odd or left out, as sentences."""
        said = self._said(set_id)
        return (*said["notes"], *said["rejected"])

    def set_rows(self, set_id: str, table: Iterable[PhotoRow]) -> None:
        """Replace the table. UserError, and no change, for one that cannot be read."""
        kept = tuple(table)
        from_rows(self.folder(set_id), kept)
        said = self._said(set_id) | {"rows": [asdict(row) for row in kept]}
        self._update(set_id, "photos", json.dumps(said, ensure_ascii=False))

    def corrections(self, set_id: str) -> dict[str, Correction]:
        """Corrected outlines by ``correction.key``."""
        return correction.from_json(json.loads(self._found(set_id)["corrections"]))

    def set_corrections(self, set_id: str, corrections: dict[str, Correction]) -> None:
        """Replace all corrected outlines."""
        self._update(set_id, "corrections", json.dumps(correction.to_json(corrections), ensure_ascii=False))

    def rename(self, set_id: str, name: str) -> None:
        self._update(set_id, "name", clean_name(name))

    def remove(self, set_id: str) -> None:
        """Take it out of the lists. Nothing is deleted: ``restore`` brings it back."""
        self._update(set_id, "deleted_at", time.time())

    def restore(self, set_id: str) -> None:
        self._update(set_id, "deleted_at", None)

    def _said(self, set_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._found(set_id)["photos"])
        return found

    def _found(self, set_id: str) -> sqlite3.Row:
        with self.workspace.connect() as db:
            row: sqlite3.Row | None = db.execute("SELECT * FROM rust_sets WHERE id = ?", (set_id,)).fetchone()
        if row is None:
            raise UserError("These photographs are not in the workspace", set_id, "Add them on the Rust page")
        return row

    def _update(self, set_id: str, column: str, value: str | float | None) -> None:
        self._found(set_id)
        with self.workspace.transaction() as db:
            db.execute(f"UPDATE rust_sets SET {column} = ? WHERE id = ?", (value, set_id))  # noqa: S608


def _left_out(found: Photos) -> list[str]:
    return [f"{one.name} was left out: {one.reason}." for one in found.rejected]


def _row(row: sqlite3.Row) -> RustSetRow:
    return RustSetRow(row["id"], row["name"], row["n_photos"], row["created_at"], row["deleted_at"])
