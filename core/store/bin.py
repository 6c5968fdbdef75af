"""What was removed from the lists still lies on the disk until the bin is emptied."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from core.store import atomic
from core.store.workspace import Workspace

# Of every kind of thing, which can go. A run goes with its model or its dataset. A dataset stays while a model that is
# not removed learned from it: its photographs are what such a model is explained, extended and trained again with.
_DOOMED = {
    "models": "SELECT id FROM models WHERE deleted_at IS NOT NULL",
    "datasets": "SELECT id FROM datasets WHERE deleted_at IS NOT NULL"
    " AND id NOT IN (SELECT dataset_id FROM models WHERE deleted_at IS NULL)"
    " AND id NOT IN (SELECT added.value FROM models, json_each(manifest, '$.provenance.continued.datasets') AS added"
    " WHERE deleted_at IS NULL AND added.type = 'text')",
    "rust_sets": "SELECT id FROM rust_sets WHERE deleted_at IS NOT NULL",
    "continual_runs": "SELECT id FROM continual_runs WHERE deleted_at IS NOT NULL",
}
_DOOMED |= {
    "runs": "SELECT id FROM runs WHERE deleted_at IS NOT NULL"  # noqa: S608
    f" OR model_id IN ({_DOOMED['models']}) OR dataset_id IN ({_DOOMED['datasets']})",
    "rust_analyses": f"SELECT id FROM rust_analyses WHERE set_id IN ({_DOOMED['rust_sets']})",  # noqa: S608
}
_HANGING = ("exclusions", "labels")  # rows about items of a dataset


@dataclass(frozen=True)
class Contents:
    """What would go: ``counts`` by kind, the size on disk in bytes, and how many removed datasets have to stay."""

    counts: dict[str, int]
    n_bytes: int
    kept_datasets: int

    @property
    def empty(self) -> bool:
        return not any(self.counts.values())


class Bin:
    """The removed things of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folders = {
            "models": workspace.models,
            "datasets": workspace.datasets,
            "runs": workspace.runs,
            "rust_sets": workspace.rust_sets,
            "rust_analyses": workspace.rust_analyses,
            "continual_runs": workspace.continual,
        }

    def contents(self) -> Contents:
        """What lies in the bin; walks the folders of what was removed."""
        with self._workspace.connect() as db:
            doomed = _doomed(db)
            removed = db.execute("SELECT COUNT(*) FROM datasets WHERE deleted_at IS NOT NULL").fetchone()[0]
        n_bytes = sum(_size(self._folders[kind] / found) for kind, ids in doomed.items() for found in ids)
        return Contents({kind: len(ids) for kind, ids in doomed.items()}, n_bytes, removed - len(doomed["datasets"]))

    def empty(self) -> Contents:
        """Delete it all for good; what was deleted. Photographs that a dataset only points at are not touched.

        The rows go first, all or none: a folder without a row is swept later, a row without a folder would be an error.
        """
        found = self.contents()
        with self._workspace.transaction() as db:
            doomed = _doomed(db)
            for kind, ids in doomed.items():
                db.executemany(f"DELETE FROM {kind} WHERE id = ?", [(one,) for one in ids])  # noqa: S608
            for table in _HANGING:
                db.executemany(f"DELETE FROM {table} WHERE dataset_id = ?", [(one,) for one in doomed["datasets"]])  # noqa: S608
        for kind, ids in doomed.items():
            for one in ids:
                atomic.remove(self._folders[kind] / one)
        return found


def _doomed(db: sqlite3.Connection) -> dict[str, list[str]]:
    return {kind: [row["id"] for row in db.execute(query)] for kind, query in _DOOMED.items()}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
