"""The datasets that a workspace knows, and what its people said about single images."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

from core.datasets.dataset import Dataset
from core.datasets.said import Judgement, Said
from core.datasets.series import SeriesSet
from core.datasets.types import ImageSet
from core.errors import UserError
from core.store import atomic, imagefile, seriesfile
from core.store.workspace import Workspace

Names = list[str]  # inside a class that has a method of that name, «list» is the method


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset in lists. Times are seconds since the epoch; ``owned`` files live in the workspace. Items are images
    or units of recordings, of ``n_steps`` in all; ``n_masks`` of them say where a fault is, or which sensor's it is."""

    id: str
    name: str
    format: str
    root: Path
    owned: bool
    n_items: int
    n_train: int
    n_test: int
    n_bad: int
    n_masks: int
    n_rejected: int
    created_at: float
    deleted_at: float | None
    modality: Literal["image", "series"]
    n_steps: int


class DatasetStore:
    """Datasets by content id. Indexed images stay where they are, adopted ones live in ``datasets/<id>/files``.
    Recordings are always copied, as arrays that can be mapped: ``datasets/<id>/series``."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def add(self, data: Dataset, name: str | None = None) -> DatasetRow:
        """Index a dataset where it lies. The same content added again keeps its id and takes the new place."""
        if isinstance(data, SeriesSet):
            return self._add_series(data, name)
        known = self._find(data.content_id)
        if known and known.owned and self._whole(known.id):
            return self._listed(known.id)
        imagefile.write(self._file(data.content_id), data, owned=False)
        return self._insert(data, name, data.root, owned=False)

    def adopt(self, folder: Path, data: Dataset, name: str | None = None) -> DatasetRow:
        """Take over imported files: ``folder``, the root of ``data``, is moved into the workspace."""
        if isinstance(data, SeriesSet):
            row = self._add_series(data, name)
            atomic.remove(folder)
            return row
        known = self._find(data.content_id)
        home = self.workspace.datasets / data.content_id
        if known and known.owned and self._whole(known.id):
            shutil.rmtree(folder)
            return self._listed(known.id)
        files = home / "files"
        if files.exists():  # a crash came between the move and the index, or somebody changed the files since
            shutil.rmtree(files)
        atomic.move_folder(folder, files)
        moved = replace(
            data,
            root=files,
            items=tuple(
                replace(
                    item,
                    path=_moved(item.path, folder, files),
                    mask=_moved(item.mask, folder, files) if item.mask else None,
                )
                for item in data.items
            ),
        )
        imagefile.write(self._file(data.content_id), moved, owned=True)
        return self._insert(data, name, files, owned=True)

    def list(self, deleted: bool = False) -> list[DatasetRow]:
        """What there is (or what was removed), newest first."""
        condition = "IS NOT NULL" if deleted else "IS NULL"
        with self.workspace.connect() as db:
            rows = db.execute(
                f"SELECT * FROM datasets WHERE deleted_at {condition} ORDER BY created_at DESC, id"  # noqa: S608
            ).fetchall()
        return [self._row(row) for row in rows]

    def row(self, dataset_id: str) -> DatasetRow:
        """The row of a dataset, removed or not. UserError for an unknown one."""
        found = self._find(dataset_id)
        if found is None:
            raise UserError("This dataset is not in the workspace", dataset_id[:12], "Choose one from the Data page")
        return found

    def get(self, dataset_id: str) -> ImageSet:
        """The dataset under its present name. Kept in memory: it is immutable."""
        row = self.row(dataset_id)
        if row.modality != "image":
            raise UserError(f"«{row.name}» holds recordings, not images", dataset_id[:12], "Choose another dataset")
        path = self._file(dataset_id)
        if not path.is_file():
            raise UserError(
                "The dataset's list of images was deleted", str(path), "Read the folder or the zip in again"
            )
        return _load(path, path.stat().st_mtime_ns, row.name)

    def series(self, dataset_id: str) -> SeriesSet:
        """The recordings under their present name, mapped from disk. Kept in memory: they are immutable."""
        row = self.row(dataset_id)
        if row.modality != "series":
            raise UserError(f"«{row.name}» holds images, not recordings", dataset_id[:12], "Choose another dataset")
        path = self._series(dataset_id) / seriesfile.FILE
        if not path.is_file():
            raise UserError("The recordings were deleted", str(path), "Read the files in again")
        return _load_series(path.parent, path.stat().st_mtime_ns, row.name)

    def rename(self, dataset_id: str, name: str) -> None:
        self._update(dataset_id, "name", clean_name(name))

    def remove(self, dataset_id: str) -> None:
        """Take it out of the lists. Nothing is deleted: ``restore`` brings it back."""
        self._update(dataset_id, "deleted_at", time.time())

    def restore(self, dataset_id: str) -> None:
        self._update(dataset_id, "deleted_at", None)

    def changed_files(self, dataset_id: str) -> Names:
        """Items whose files were changed, moved or deleted since they were read. Another time alone is no change."""
        if self.row(dataset_id).modality == "series":  # they are our own copy
            return []
        return imagefile.changed(self._file(dataset_id))

    def get_unchanged(self, dataset_id: str) -> ImageSet:
        """As ``get``. UserError where a file is not the one that was read: what is learned from it or said of it would
        go under the identity of another picture."""
        data = self.get(dataset_id)
        changed = self.changed_files(dataset_id)
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            raise UserError(
                f"Images of «{data.name}» were changed, moved or deleted since they were read: {changed[0]}{more}",
                str(data.root),
                "Read the folder again on the Data page",
            )
        return data

    def folder(self, dataset_id: str) -> Path:
        """Where things that belong to a dataset are kept."""
        return self.workspace.datasets / self.row(dataset_id).id

    def excluded(self, dataset_id: str) -> frozenset[str]:
        """Names of the training images that a person left out of training."""
        with self.workspace.connect() as db:
            rows = db.execute("SELECT item FROM exclusions WHERE dataset_id = ?", (dataset_id,)).fetchall()
        return frozenset(row["item"] for row in rows)

    def set_excluded(self, dataset_id: str, names: Iterable[str], excluded: bool) -> None:
        """Leave images out of training, or take them in again."""
        pairs = [(dataset_id, name) for name in self._known(dataset_id, names)]
        statement = (
            "INSERT OR IGNORE INTO exclusions (dataset_id, item) VALUES (?, ?)"
            if excluded
            else "DELETE FROM exclusions WHERE dataset_id = ? AND item = ?"
        )
        with self.workspace.transaction() as db:
            db.executemany(statement, pairs)

    def labels(self, dataset_id: str) -> dict[str, Judgement]:
        """The user's own judgements, by item."""
        with self.workspace.connect() as db:
            rows = db.execute("SELECT item, label FROM labels WHERE dataset_id = ?", (dataset_id,)).fetchall()
        return {row["item"]: row["label"] for row in rows}

    def said(self, dataset_id: str) -> Said:
        """Everything that people said of the images: with it ``Said.seen`` gives the dataset as they see it."""
        return Said(self.labels(dataset_id), self.excluded(dataset_id))

    def set_label(self, dataset_id: str, item: str, label: Judgement | None) -> None:
        """Judge one image; None takes the judgement back."""
        self._known(dataset_id, [item])
        if label is not None and label not in get_args(Judgement):
            raise UserError(f"«{label}» is not a judgement", item, "Choose good, bad or unsure")
        with self.workspace.transaction() as db:
            if label is None:
                db.execute("DELETE FROM labels WHERE dataset_id = ? AND item = ?", (dataset_id, item))
            else:
                db.execute(
                    "INSERT OR REPLACE INTO labels (dataset_id, item, label, labelled_at) VALUES (?, ?, ?, ?)",
                    (dataset_id, item, label, time.time()),
                )

    def _add_series(self, data: SeriesSet, name: str | None) -> DatasetRow:
        home = self._series(data.content_id)
        if not seriesfile.whole(home):
            atomic.remove(home)
            with atomic.new_folder(home) as folder:
                seriesfile.write(folder, data)
        return self._insert(data, name, data.root, owned=True)

    def _series(self, dataset_id: str) -> Path:
        return self.workspace.datasets / dataset_id / "series"

    def _file(self, dataset_id: str) -> Path:
        return self.workspace.datasets / dataset_id / imagefile.FILE

    def _whole(self, dataset_id: str) -> bool:
        """Whether the list of images and every file in it are as they were read."""
        return self._file(dataset_id).is_file() and not self.changed_files(dataset_id)

    def _find(self, dataset_id: str) -> DatasetRow | None:
        with self.workspace.connect() as db:
            row = db.execute("SELECT * FROM datasets WHERE id = ?", (dataset_id,)).fetchone()
        return self._row(row) if row else None

    def _listed(self, dataset_id: str) -> DatasetRow:
        self.restore(dataset_id)
        return self.row(dataset_id)

    def _insert(self, data: Dataset, name: str | None, root: Path, *, owned: bool) -> DatasetRow:
        values = {
            "id": data.content_id,
            "name": clean_name(name or data.name),
            "format": data.format,
            "root": str(root),
            "owned": owned,
            "modality": data.modality,
            "n_items": len(data),
            "n_rejected": len(data.rejected),
            "created_at": time.time(),
            **(_series_counts(data) if isinstance(data, SeriesSet) else _image_counts(data)),
        }
        columns, places = ", ".join(values), ", ".join(f":{column}" for column in values)
        with self.workspace.transaction() as db:
            db.execute(
                f"INSERT INTO datasets ({columns}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET"  # noqa: S608
                " root = excluded.root, owned = excluded.owned, format = excluded.format,"
                " n_rejected = excluded.n_rejected, deleted_at = NULL",
                values,
            )
        return self.row(data.content_id)

    def _update(self, dataset_id: str, column: str, value: str | float | None) -> None:
        self.row(dataset_id)
        with self.workspace.transaction() as db:
            db.execute(f"UPDATE datasets SET {column} = ? WHERE id = ?", (value, dataset_id))  # noqa: S608

    def _known(self, dataset_id: str, names: Iterable[str]) -> Names:
        known, wanted = self.get(dataset_id).by_name, list(names)
        for name in wanted:
            if name not in known:
                raise UserError(f"There is no image «{name}» in this dataset", dataset_id[:12], "Reload the page")
        return wanted

    @staticmethod
    def _row(row: object) -> DatasetRow:
        values = dict(cast("dict[str, object]", row))
        return DatasetRow(**{**values, "root": Path(str(values["root"])), "owned": bool(values["owned"])})  # type: ignore[arg-type]


def clean_name(name: str) -> str:
    """A name for lists: one line, 1 to 120 characters. UserError for an empty one."""
    cleaned = " ".join(name.split())[:120]
    if not cleaned:
        raise UserError("A name is empty", "", "Give at least one letter")
    return cleaned


def _image_counts(data: ImageSet) -> dict[str, int]:
    return {
        "n_train": sum(item.split == "train" for item in data.items),
        "n_test": sum(item.split == "test" for item in data.items),
        "n_bad": sum(item.label == "bad" for item in data.items),
        "n_masks": sum(item.mask is not None for item in data.items),
        "n_steps": 0,
    }


def _series_counts(data: SeriesSet) -> dict[str, int]:
    return {
        "n_train": sum(unit.split == "train" for unit in data.units),
        "n_test": sum(unit.split == "test" for unit in data.units),
        "n_bad": sum(bool(unit.events) for unit in data.units),
        "n_masks": sum(any(event.sensors for event in unit.events or ()) for unit in data.units),
        "n_steps": data.n_steps,
    }


def _moved(path: Path, old: Path, new: Path) -> Path:
    """ValueError where a file lies outside the folder that is moved: readers do not leave their root."""
    return new / path.relative_to(old)


@lru_cache(maxsize=8)
def _load(path: Path, mtime_ns: int, name: str) -> ImageSet:
    """``mtime_ns`` makes a rewritten file a new entry."""
    return replace(imagefile.read(path), name=name)


@lru_cache(maxsize=4)
def _load_series(folder: Path, mtime_ns: int, name: str) -> SeriesSet:
    """``mtime_ns`` makes a rewritten set a new entry."""
    data = seriesfile.read(folder)
    renamed = replace(data, name=name)
    renamed.__dict__["content_id"] = data.content_id  # not of the name: no need to compute it again
    return renamed
