"""Every file under a folder, sorted into images, files to reject and companions. Links never lead out of the folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.datasets.images import SUFFIXES
from core.datasets.names import is_companion
from core.datasets.types import Rejected
from core.errors import UserError
from core.progress import Progress

# File systems end names at 255 bytes, and what is made from an image is named after it: <name>.npy and others.
MAX_NAME_BYTES = 240


@dataclass(frozen=True)
class Listing:
    """Paths are relative to ``root``; ``images`` are sorted and not opened yet; ``companions`` is a count."""

    root: Path
    images: tuple[PurePosixPath, ...]
    rejected: tuple[Rejected, ...]
    companions: int


def scan(root: Path, progress: Progress) -> Listing:
    """List ``root`` and all folders in it. Raises UserError where it is no folder or may not be read."""
    real_root = checked_root(root)
    images: list[PurePosixPath] = []
    rejected: list[Rejected] = []
    companions = 0

    def unreadable(error: OSError) -> None:
        rejected.append(
            Rejected(printable(os.path.relpath(error.filename, root)), f"folder not read: {error.strerror}")
        )

    for folder, subfolders, files in os.walk(root, onerror=unreadable):
        progress.checkpoint()
        here = PurePosixPath(Path(folder).relative_to(root).as_posix())
        linked = [name for name in subfolders if Path(folder, name).is_symlink()]
        rejected += [Rejected(printable(str(here / name)), "a link to another folder: not followed") for name in linked]
        subfolders[:] = sorted(name for name in subfolders if name not in linked)
        for name in files:
            path = here / name
            if is_companion(path):
                companions += 1
            elif reason := objection(Path(folder, name), path, real_root) or _no_image(path):
                rejected.append(Rejected(printable(str(path)), reason))
            else:
                images.append(path)
    return Listing(root, tuple(sorted(images)), tuple(rejected), companions)


def checked_root(root: Path) -> Path:
    """Where a folder really lies. UserError where it is none, or may not be read."""
    if not root.exists():
        raise UserError("There is no such folder", str(root), "Check the path")
    if root.is_file():
        remedy = (
            "Import the archive instead" if root.suffix.lower() == ".zip" else "Name the folder that holds the images"
        )
        raise UserError("A dataset is read from a folder, and this is a file", str(root), remedy)
    if not os.access(root, os.R_OK | os.X_OK):
        raise UserError("The folder may not be read by this user", str(root), "Change its permissions")
    return root.resolve()


def objection(file: Path, path: PurePosixPath, real_root: Path) -> str | None:
    """Why a file may not be read as part of this dataset, without opening it."""
    if not _is_text(str(path)):
        return "its name is not valid UTF-8: rename it"
    if (size := len(path.name.encode())) > MAX_NAME_BYTES:
        return f"its name is {size} bytes long, more than the {MAX_NAME_BYTES} allowed: shorten it"
    if file.is_symlink():
        try:
            target = file.resolve(strict=True)
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            return "a link that leads nowhere"
        if not target.is_relative_to(real_root):
            return "a link that leads out of the folder: copy the file instead"
    if not file.is_file():
        return "not a regular file"
    return None


def _no_image(path: PurePosixPath) -> str | None:
    if path.suffix.lower() not in SUFFIXES:
        kind = path.suffix.lower() or "no ending"
        return f"not an image of a known kind ({kind}): export it as PNG, JPEG or TIFF"
    return None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 come as lone surrogates, which no table can store
        return False
    return True


def printable(name: str) -> str:
    """A name that a table can store, whatever its bytes."""
    return name.encode(errors="replace").decode()
