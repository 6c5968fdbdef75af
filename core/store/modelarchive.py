"""Models as zip files: written for download, and taken in from strangers."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from pydantic import TypeAdapter, ValidationError

from core.datasets.archives import FAULTS, extract
from core.errors import UserError
from core.store import atomic
from core.store.manifest import FILE, FileName
from core.store.modelfolder import verify

MAX_FILES = 4096  # of a model of recordings: about four for each machine
MAX_BYTES = 4 * 2**30
_REMEDY = "Upload a zip that Faultline exported"
_NAME = TypeAdapter(FileName)


def pack(folder: Path, dest: Path) -> None:
    """Write a model folder as ``dest``, a zip; safetensors hardly compress, so they are stored as they are."""
    temporary = atomic.temporary_name(dest.parent)
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                # A fixed date: the same model gives the same bytes.
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                    while block := source.read(1 << 20):
                        target.write(block)
        temporary.replace(dest)
    finally:
        temporary.unlink(missing_ok=True)


def unpack(source: Path, dest: Path) -> None:
    """Unpack an uploaded model into ``dest`` and check it. UserError, and nothing at ``dest``, for anything else."""
    with atomic.new_folder(dest) as folder:
        try:
            with zipfile.ZipFile(source) as archive:
                entries = _checked(archive, source.name)
                extract(archive, {PurePosixPath(entry.filename): entry for entry in entries}, folder)
        except FAULTS as error:
            raise UserError(f"The zip cannot be read: {error}", source.name, _REMEDY) from None
        verify(folder)


def _checked(archive: zipfile.ZipFile, where: str) -> list[zipfile.ZipInfo]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    if FILE not in names:
        raise UserError(f"This is not a model: the zip has no {FILE}", where, _REMEDY)
    if len(entries) > MAX_FILES:
        raise UserError(f"The zip holds {len(entries)} files, a model has at most {MAX_FILES}", where, _REMEDY)
    if len(set(names)) != len(names):
        raise UserError("The zip holds a file twice", where, _REMEDY)
    size = sum(entry.file_size for entry in entries)
    if size > MAX_BYTES:
        raise UserError(f"The zip unpacks to {size} bytes, more than {MAX_BYTES}", where, _REMEDY)
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise UserError(f"The zip is encrypted ({entry.filename!r})", where, _REMEDY)
        if stat.S_ISLNK(entry.external_attr >> 16) or not _allowed(entry.filename):
            raise UserError(f"The zip holds {entry.filename!r}, which no model has", where, _REMEDY)
    return entries


def _allowed(name: str) -> bool:
    try:
        return name == FILE or bool(_NAME.validate_python(name))
    except ValidationError:
        return False
