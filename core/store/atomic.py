"""Files and folders that appear whole or not at all.

Everything is filled under a temporary name in the folder where it will stay, then renamed. A temporary name carries
the process that fills it, so that ``sweep`` removes what a dead process left and nothing that a living one still fills.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.store.processes import is_alive, this_process

PREFIX = ".tmp-"


def temporary_name(folder: Path) -> Path:
    """A name in ``folder`` that nobody else uses."""
    pid, started = this_process()
    return folder / f"{PREFIX}{pid}-{int(started)}-{secrets.token_hex(6)}"


def write_bytes(dest: Path, content: bytes) -> None:
    """Write or replace one file."""
    dest.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(dest.parent)
    try:
        temporary.write_bytes(content)
        _flush(temporary)
        temporary.replace(dest)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(dest: Path, value: Any) -> None:
    """Write or replace one JSON file. NaN is not JSON: it raises ValueError."""
    write_bytes(dest, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode())


@contextmanager
def new_folder(dest: Path) -> Iterator[Path]:
    """A folder to fill: it becomes ``dest`` when the block ends, and is removed when the block raises.

    UserError where ``dest`` holds something already.
    """
    refuse_occupied(dest)
    dest.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(dest.parent)
    temporary.mkdir()
    try:
        yield temporary
        move_folder(temporary, dest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def move_folder(source: Path, dest: Path) -> None:
    """Rename a filled folder on the same file system, its top-level files flushed to disk first."""
    refuse_occupied(dest)
    for entry in source.iterdir():
        if entry.is_file():
            _flush(entry)
    _flush(source)
    dest.parent.mkdir(parents=True, exist_ok=True)
    source.replace(dest)
    _flush(dest.parent)


def refuse_occupied(dest: Path) -> None:
    """UserError unless ``dest`` is free: absent, or an empty folder."""
    if dest.exists() and not (dest.is_dir() and not any(dest.iterdir())):
        raise UserError(f"There is already something at {dest.name}", str(dest), "Choose a new folder")


def sweep(folder: Path) -> list[Path]:
    """Remove what dead processes left half-written in ``folder``; the paths that were removed."""
    removed = []
    for path in folder.glob(f"{PREFIX}*"):
        pid, started, _ = path.name.removeprefix(PREFIX).split("-")
        if is_alive(int(pid), float(started)):
            continue
        remove(path)
        removed.append(path)
    return removed


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it; no error where somebody was quicker."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Ask the system to put a file, or a folder's list of names, on the disk: a power cut then loses neither."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
