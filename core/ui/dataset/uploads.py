"""Files from the browser onto the disk at once: an upload must not stay in the server's memory."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from core.datasets import archives
from core.errors import UserError
from core.settings import settings
from core.store.workspace import Workspace

CHUNK = 1 << 20


class Upload(Protocol):
    """What ``st.file_uploader`` hands over: a name, for a folder with its path inside the folder, and a stream."""

    @property
    def name(self) -> str: ...

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...


def keep(files: Sequence[Upload], workspace: Workspace, *, numbered: bool = False) -> Path:
    """Write uploaded files below a fresh folder of the workspace, each under the path it had. Returns that folder.

    Cameras begin every folder with the same names: where each file stands for itself, ``numbered`` keeps a second one
    as «name (2)». UserError otherwise, for a name may say which mask belongs to which image.
    """
    folder = workspace.upload_folder()
    try:
        for file in files:
            target = folder.joinpath(*safe_parts(file.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists() and numbered:
                target = _free(target)
            elif target.exists():
                raise UserError(f"The file «{file.name}» was dropped twice", "", "Upload it once, or in another folder")
            with target.open("xb") as out:
                file.seek(0)
                while block := file.read(CHUNK):
                    out.write(block)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _free(taken: Path) -> Path:
    names = (taken.with_name(f"{taken.stem} ({number}){taken.suffix}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


def unpack(archive: Path, workspace: Workspace, name: str) -> Path:
    """An uploaded zip in a fresh folder of the workspace, under its name; the zip itself is removed. Returns the
    folder. UserError for an archive that is refused."""
    folder = workspace.upload_folder()
    try:
        archives.unpack(archive, folder / (name.strip(". ") or "files"))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(archive.parent, ignore_errors=True)
    return folder


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a browser's file name, refused where they would leave the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    parts = tuple(part for part in path.parts if part not in ("/", "."))
    if not parts or ".." in parts or any("\0" in part for part in parts):
        raise UserError(f"The file name «{name}» points outside the upload", "", "Rename the file and upload it again")
    return parts


def allowed_path(typed: str) -> Path:
    """An existing folder or zip that a person typed, inside the roots that the settings allow."""
    listed = ", ".join(str(root) for root in roots())
    refusal = UserError("This path is not in a folder that the app may read", typed.strip() or "empty",
                        f"Choose one below {listed}, or let FAULTLINE_ALLOWED_ROOTS name more")  # fmt: skip
    try:
        path = Path(typed.strip()).expanduser()
        resolved = path.resolve()
        there = resolved.exists()
    except (RuntimeError, OSError, ValueError) as error:  # unknown user; too long or not to be read; no path at all
        raise refusal from error
    if not path.is_absolute() or not any(resolved.is_relative_to(root) for root in roots()):
        raise refusal
    if not there:
        raise UserError("There is no such folder or file on the server", str(path), "Check the spelling")
    return resolved


def roots() -> list[Path]:
    """The folders that a typed path may lie in."""
    return [root.resolve() for root in settings().allowed_roots]
