"""What lies in a folder of recordings, or beside a single one: names first, heads of files only when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from core.datasets import names
from core.datasets.recordings import arrays
from core.datasets.scan import checked_root, objection, printable
from core.datasets.types import Rejected
from core.errors import UserError
from core.progress import Progress

TABLES = frozenset({".csv", ".tsv", ".txt", ".parquet", ".pq"})
ARRAYS = arrays.SUFFIXES
SOUND = frozenset({".wav", ".wave"})
SUFFIXES = TABLES | ARRAYS | SOUND
_HEAD = 65536


@dataclass(frozen=True)
class Files:
    """Recordings under ``root``, sorted, by path relative to it; ``single`` where a person named one file.

    ``rejected`` are files of a known kind that may not be opened, such as links that lead out of the folder.
    """

    root: Path
    paths: tuple[PurePosixPath, ...]
    rejected: tuple[Rejected, ...] = ()
    single: bool = False

    @property
    def where(self) -> Path:
        """What the person named."""
        return self.root / self.paths[0] if self.single else self.root

    @property
    def title(self) -> str:
        """What a set read from here is called unless someone names it."""
        return self.where.resolve().stem if self.single else self.where.resolve().name

    @cached_property
    def names(self) -> frozenset[str]:
        """File names without folders, in small letters."""
        return frozenset(path.name.casefold() for path in self.paths)

    def ending(self, *suffixes: str) -> list[PurePosixPath]:
        return [path for path in self.paths if path.suffix.casefold() in suffixes]

    def under(self, folder: str) -> dict[str, PurePosixPath]:
        """Files that lie directly in a folder of this name, by their stem."""
        return {path.stem: path for path in self.paths if path.parent.name.casefold() == folder}

    def head(self, path: PurePosixPath) -> str:
        """The beginning of a text file; what is no UTF-8 is replaced."""
        with (self.root / path).open("rb") as file:
            return file.read(_HEAD).decode("utf-8-sig", errors="replace")

    def header(self, path: PurePosixPath) -> str:
        """The first line, without its end."""
        return self.head(path).partition("\n")[0].rstrip("\r")


def listed(where: Path, progress: Progress = Progress()) -> Files:
    """The recordings in a folder and all folders in it, or the single one that ``where`` is. UserError where there is
    no such path or it may not be read."""
    if where.is_file():
        return Files(where.parent, (PurePosixPath(where.name),), single=True)
    real_root = checked_root(where)
    found: list[PurePosixPath] = []
    rejected: list[Rejected] = []
    for folder, subfolders, files in os.walk(where):
        progress.checkpoint()
        here = PurePosixPath(Path(folder).relative_to(where).as_posix())
        subfolders[:] = sorted(
            name for name in subfolders if not names.is_system(name) and not Path(folder, name).is_symlink()
        )
        for name in files:
            path = here / name
            if path.suffix.casefold() not in SUFFIXES or names.is_system(name) or names.is_about(path):
                continue
            if reason := objection(Path(folder, name), path, real_root):
                rejected.append(Rejected(printable(str(path)), reason))
            else:
                found.append(path)
    return Files(where, tuple(sorted(found)), tuple(rejected))


def rejection(path: PurePosixPath, error: UserError) -> Rejected:
    """Why a file is left out, with what to do about it."""
    remedy = f": {error.remedy[0].lower()}{error.remedy[1:]}" if error.remedy else ""
    return Rejected(str(path), error.what + remedy)


def nothing(files: Files, rejected: Iterable[Rejected]) -> UserError:
    """The sentence for a folder of which nothing could be read: the first reason stands for all."""
    reasons = [*files.rejected, *rejected]
    if not reasons:
        remedy = "Name a folder or file with CSV, Parquet, NPY, NPZ, MAT or WAV recordings"
        return UserError("There is no recording", str(files.where), remedy)
    first = reasons[0]
    if files.single:
        return UserError(first.reason, str(files.where))
    what = f"None of the {len(reasons)} files in the folder is a readable recording"
    return UserError(f"{what}; {first.name}: {first.reason}", str(files.where))
