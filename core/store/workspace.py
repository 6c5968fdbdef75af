"""The folder that holds everything that lasts, and the index in it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from core.errors import UserError
from core.settings import settings
from core.store import atomic, database

SCRATCH_KEPT_S = 14 * 24 * 3600.0
UPLOADS_KEPT_S = 7 * 24 * 3600.0
EXPORTS_KEPT_S = 24 * 3600.0
UNINDEXED_KEPT_S = 24 * 3600.0
COMPARISONS_KEPT_S = 90 * 24 * 3600.0  # since somebody last looked; they can be made again


class Workspace:
    """Where datasets, models, runs and jobs live.

    index.sqlite   datasets/<id>/   models/<id>/   runs/<id>/   jobs/<id>/log.txt
    scratch/<key>/ checkpoints of unfinished work          uploads/<token>/ files that an import will take
    exports/        zips for download               rust/sets/<id>/ photographs   rust/analyses/<id>/
    continual/<id>/ records of continual runs              comparisons/<id>/ what took long of comparing runs
    backbones/<id>/ compact backbones that were distilled here
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        names = (
            "datasets", "models", "runs", "jobs", "uploads", "exports", "scratch", "rust/sets", "rust/analyses",
            "continual", "comparisons", "backbones",
        )  # fmt: skip
        folders = [self.root / name for name in names]
        self.datasets, self.models, self.runs, self.jobs, self.uploads, self.exports, self._scratch = folders[:7]
        self.rust_sets, self.rust_analyses, self.continual, self.comparisons, self.backbones = folders[7:]
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The workspace cannot be created: {error.strerror}",
                str(self.root),
                "Choose a folder that can be written to with FAULTLINE_DATA_DIR",
            ) from None
        database.prepare(self.index)

    @classmethod
    def default(cls) -> Workspace:
        """The workspace that the settings name."""
        return cls(settings().data_dir)

    @property
    def index(self) -> Path:
        return self.root / "index.sqlite"

    def connect(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection to read from."""
        return database.connect(self.index)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection to write through: all statements of the block, or none."""
        return database.transaction(self.index)

    def scratch(self, key: str) -> Path:
        """The folder in which work with this key may keep its checkpoints; created when missing."""
        folder = self._scratch / key
        folder.mkdir(exist_ok=True)
        return folder

    def drop_scratch(self, key: str) -> None:
        shutil.rmtree(self._scratch / key, ignore_errors=True)

    def upload_folder(self) -> Path:
        """A new folder for uploaded files, which an import with ``owned`` then takes over."""
        folder = self.uploads / atomic.temporary_name(self.uploads).name.removeprefix(atomic.PREFIX)
        folder.mkdir()
        return folder

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """A folder on the workspace's file system that is gone after the block."""
        folder = atomic.temporary_name(self.root)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> list[Path]:
        """Remove what dead processes left half-written, and what nobody came back for."""
        removed = []
        indexed_folders = {
            "datasets": self.datasets,
            "models": self.models,
            "runs": self.runs,
            "rust_sets": self.rust_sets,
            "rust_analyses": self.rust_analyses,
            "continual_runs": self.continual,
        }
        for folder in (self.root, self.exports, self.comparisons, *indexed_folders.values()):
            removed += atomic.sweep(folder)
        old = [path for path in self._scratch.iterdir() if _age_s(path) > SCRATCH_KEPT_S]
        old += [path for path in self.uploads.iterdir() if _age_s(path) > UPLOADS_KEPT_S]
        old += [path for path in self.exports.iterdir() if _age_s(path) > EXPORTS_KEPT_S]
        old += [path for path in self.comparisons.iterdir() if _age_s(path) > COMPARISONS_KEPT_S]
        # A crash between a folder's rename and its row leaves a whole folder that nobody will ever ask for.
        with self.connect() as db:
            for table, folder in indexed_folders.items():
                indexed = {row["id"] for row in db.execute(f"SELECT id FROM {table}")}  # noqa: S608
                old += [
                    path
                    for path in folder.iterdir()
                    if path.name not in indexed
                    and not path.name.startswith(atomic.PREFIX)
                    and _age_s(path) > UNINDEXED_KEPT_S
                ]
        for path in old:
            atomic.remove(path)
        return removed + old


def _age_s(path: Path) -> float:
    """Seconds since the last change; 0 where somebody was quicker and it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
