"""A folder that appears whole or not at all, for the datasets that the workbench writes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import UserError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill beside ``out``: it becomes ``out`` when the block ends, and is removed when the block raises.

    UserError where ``out`` holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("The folder to write exists and is not empty", str(out), "Name a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        building.chmod(0o755)
        yield building
        building.replace(out)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
