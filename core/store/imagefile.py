"""An ImageSet in one parquet file: the items as rows, the rest as JSON in the file's metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.datasets.types import ImageItem, ImageSet, Rejected
from core.store import atomic

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
    """Names of the items whose picture or mask is missing, or has another size or time of change than when read."""
    table = pq.read_table(source)
    root = _root(source, json.loads(table.schema.metadata[_KEY]))
    return [
        row["name"]
        for row in table.to_pylist()
        if Stamp.of(root / row["path"]) != Stamp(row["size"], row["mtime_ns"])
        or (row["mask"] and Stamp.of(root / row["mask"]) != Stamp(row["mask_size"], row["mask_mtime_ns"]))
    ]


def _root(source: Path, about: dict[str, Any]) -> Path:
    return Path(about["root"]) if about["root"] else source.parent / "files"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
