"""An ImageSet in one parquet file: the items as rows, the rest as JSON in the file's metadata."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.datasets.probe import file_sha256
from core.datasets.types import ImageItem, ImageSet, Rejected
from core.store import atomic

FILE = "dataset.parquet"
LOOKED_AT = "looked_at.json"
KEPT_EVERY_S = 5.0  # while bytes are read: what is stopped goes on from there
FORMAT = 1
_KEY = b"faultline"
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("name", "path", "split", "category", "label", "defect", "sha256")]
    + [(name, pa.int64()) for name in ("width", "height")]
    + [(name, pa.string()) for name in ("mask", "mask_sha256")]
    + [(name, pa.int64()) for name in ("size", "mtime_ns", "mask_size", "mask_mtime_ns")]
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size in bytes and time of change of a file when it was read."""

    size: int | None
    mtime_ns: int | None

    @classmethod
    def of(cls, path: Path | None) -> Stamp:
        """The stamp of a file as it is now; empty for no file or a missing one."""
        try:
            stat = path.stat() if path else None
        except OSError:
            stat = None
        return cls(stat.st_size, stat.st_mtime_ns) if stat else cls(None, None)


def write(dest: Path, data: ImageSet, *, owned: bool) -> None:
    """Write or replace ``dest``. Paths in the root are relative; an owned set's root is ``files`` beside it."""
    rows = []
    for item in data.items:
        image, mask = Stamp.of(item.path), Stamp.of(item.mask)
        rows.append(
            {
                "name": item.name,
                "path": _relative(item.path, data.root),
                "split": item.split,
                "category": item.category,
                "label": item.label,
                "defect": item.defect,
                "sha256": item.sha256,
                "width": item.width,
                "height": item.height,
                "mask": _relative(item.mask, data.root) if item.mask else None,
                "mask_sha256": item.mask_sha256,
                "size": image.size,
                "mtime_ns": image.mtime_ns,
                "mask_size": mask.size,
                "mask_mtime_ns": mask.mtime_ns,
            }
        )
    about = {
        "format": FORMAT,
        "root": None if owned else str(data.root),
        "name": data.name,
        "reader": data.format,
        "rejected": [[rejected.name, rejected.reason] for rejected in data.rejected],
        "notes": list(data.notes),
    }
    table = pa.Table.from_pylist(rows, _SCHEMA.with_metadata({_KEY: json.dumps(about).encode()}))
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer)
    atomic.write_bytes(dest, buffer.getvalue().to_pybytes())


def read(source: Path) -> ImageSet:
    """The set that ``write`` wrote, equal to the one given, its content id included."""
    table = pq.read_table(source)
    about = json.loads(table.schema.metadata[_KEY])
    root = _root(source, about)
    items = tuple(
        ImageItem(
            name=row["name"],
            path=root / row["path"],
            split=row["split"],
            category=row["category"],
            label=row["label"],
            defect=row["defect"],
            width=row["width"],
            height=row["height"],
            sha256=row["sha256"],
            mask=root / row["mask"] if row["mask"] else None,
            mask_sha256=row["mask_sha256"],
        )
        for row in table.to_pylist()
    )
    rejected = tuple(Rejected(name, reason) for name, reason in about["rejected"])
    return ImageSet(about["name"], root, about["reader"], items, rejected, tuple(about["notes"]))


def changed(source: Path) -> list[str]:
    """Names of the items whose picture or mask is missing, or holds other bytes than when it was read.

    Where only the time is another (a folder that was copied, a drive that was mounted anew) the bytes decide. What they
    told is kept beside ``source``, so that they are read once.
    """
    table = pq.read_table(source)
    root = _root(source, json.loads(table.schema.metadata[_KEY]))
    looks = _Looks(source.with_name(LOOKED_AT))
    found = [
        row["name"]
        for row in table.to_pylist()
        if not looks.same(root / row["path"], Stamp(row["size"], row["mtime_ns"]), row["sha256"])
        or (
            row["mask"]
            and not looks.same(root / row["mask"], Stamp(row["mask_size"], row["mask_mtime_ns"]), row["mask_sha256"])
        )
    ]
    looks.keep()
    return found


class _Looks:
    """What the bytes of files with another time than before have told, by path: size, time, and whether they are those
    that were read. Nothing but what saves reading them again: without the file, or where it cannot be written, all is
    as it was."""

    def __init__(self, path: Path) -> None:
        self._path, self._kept_at, self._fresh = path, time.monotonic(), False
        try:
            known = json.loads(path.read_bytes())
        except (OSError, ValueError):
            known = None
        self._known: dict[str, Any] = known if isinstance(known, dict) else {}

    def same(self, file: Path, then: Stamp, sha256: str) -> bool:
        now = Stamp.of(file)
        if now == then or now.size is None or now.size != then.size:
            return now == then and now.size is not None
        told = self._known.get(str(file))
        if not isinstance(told, list) or told[:2] != [now.size, now.mtime_ns]:
            try:
                told = [now.size, now.mtime_ns, file_sha256(file) == sha256]
            except OSError:
                return False
            self._known[str(file)], self._fresh = told, True
            if time.monotonic() - self._kept_at > KEPT_EVERY_S:
                self.keep()
        return told[-1] is True

    def keep(self) -> None:
        if self._fresh and self._path.with_name(FILE).is_file():  # else the dataset was removed meanwhile
            with suppress(OSError):  # full or read-only: the answer stands, and is found anew the next time
                atomic.write_json(self._path, self._known)
        self._kept_at, self._fresh = time.monotonic(), False


def _root(source: Path, about: dict[str, Any]) -> Path:
    return Path(about["root"]) if about["root"] else source.parent / "files"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
