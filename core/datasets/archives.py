"""Unpacking an archive that a stranger made: into a new folder, whole or not at all.

Refused, each with one sentence: names that lead out of the folder, links and devices, passwords, archives that unpack
to far more than they hold, too many files, the same name twice, damage anywhere.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from core.datasets.types import Rejected
from core.errors import UserError
from core.progress import Progress
from core.settings import settings

MAX_RATIO = 200  # unpacked bytes for each packed one; photographs reach 1 to 3, all-black masks 1000
RATIO_FROM = 100 * 2**20  # bytes; below, a high ratio does no harm
# What reading a damaged or odd zip may raise: zipfile hands the errors of its decompressors on as they are.
FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError, OSError)
_CHUNK = 2**20
_NESTED = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})
_SPARE_DISK = 256 * 2**20  # bytes left free


def unpack(archive: Path, into: Path, progress: Progress = Progress()) -> list[Rejected]:
    """Unpack a zip ``archive`` into the new folder ``into``; returns the archives inside it, which are left packed.

    Raises UserError for anything refused or damaged; ``into`` then does not exist.
    """
    if into.exists():
        raise UserError("The folder to unpack into exists already", str(into), "Name a new folder")
    into.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{into.name[:40]}.", dir=into.parent))
    try:
        building.chmod(0o755)
        with zipfile.ZipFile(archive) as opened:
            entries = _checked(opened, archive, building)
            extract(opened, entries, building, progress)
        building.replace(into)
    except FAULTS as error:
        shutil.rmtree(building, ignore_errors=True)
        raise _explained(error, archive) from error
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    nested = [str(name) for name in entries if name.suffix.lower() in _NESTED]
    return [Rejected(name, "an archive inside the archive: unpack it and import it by itself") for name in nested]


def _checked(opened: zipfile.ZipFile, archive: Path, building: Path) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Every file of the archive by the path that it will have, after all that can be known before unpacking."""
    infos = opened.infolist()
    limits = settings()
    if len(infos) > limits.max_archive_files:
        raise _refused(archive, f"holds {len(infos)} files, more than the {limits.max_archive_files} allowed")
    total = sum(info.file_size for info in infos)
    if total > limits.max_archive_bytes:
        allowed = f"{limits.max_archive_bytes / 2**30:.3g} GiB"
        raise _refused(archive, f"unpacks to {total / 2**30:.3g} GiB, more than the {allowed} allowed")
    if total > RATIO_FROM and total > MAX_RATIO * max(archive.stat().st_size, 1):
        raise _refused(archive, "unpacks to several hundred times its size, as only a decompression bomb does")
    if total + _SPARE_DISK > shutil.disk_usage(building).free:
        raise UserError(f"The disk has no room for the {total / 2**30:.3g} GiB of the archive", str(archive))
    entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in infos:
        name = _safe_name(info, archive)
        if info.flag_bits & 0x1:
            raise _refused(archive, f"is protected by a password ({name})")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused(archive, f"holds a link or device ({name}), not only files and folders")
        if info.is_dir() or kind == stat.S_IFDIR:
            continue
        if name in entries:
            raise _refused(archive, f"names the same file twice ({name})")
        entries[name] = info
    return entries


def _safe_name(info: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    """The path inside the folder. Windows tools write backslashes, macOS writes UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8: zipfile then decodes as cp437
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            name = info.filename
    name = name.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts:
        raise _refused(archive, f"names a file outside its own folder ({name[:80]})")
    if not path.parts or any(ord(character) < 32 for character in name):
        raise _refused(archive, f"names a file that cannot be written ({name[:80]!r})")
    return path


def extract(
    opened: zipfile.ZipFile,
    entries: Mapping[PurePosixPath, zipfile.ZipInfo],
    folder: Path,
    progress: Progress = Progress(),
) -> None:
    """Write entries to the paths in ``folder`` that the caller found safe. Raises one of ``FAULTS`` for a bad zip."""
    total = sum(info.file_size for info in entries.values())  # zipfile reads no more of an entry than it claims to hold
    written = 0
    for name, info in entries.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(info) as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                written += len(chunk)
                progress.report(written, total, "Unpacking")


def _refused(archive: Path, why: str) -> UserError:
    return UserError(f"The archive {archive.name} {why}", str(archive), "Pack the files into a plain zip again")


def _explained(error: Exception, archive: Path) -> UserError:
    if isinstance(error, FileNotFoundError) and not archive.exists():
        return UserError("There is no such archive", str(archive), "Check the path")
    if isinstance(error, (FileExistsError, NotADirectoryError, IsADirectoryError)):
        return _refused(archive, f"names two files that are one on this disk ({Path(str(error.filename)).name})")
    if isinstance(error, NotImplementedError):  # as zipfile calls it
        return _refused(archive, "uses a compression that is not supported")
    if isinstance(error, OSError):
        return UserError(f"The archive {archive.name} could not be unpacked ({error.strerror or error})", str(archive))
    if not zipfile.is_zipfile(archive):
        return UserError(
            f"{archive.name} is no zip archive, or its end is missing", str(archive), "Pack it as a zip again"
        )
    return UserError(f"The archive {archive.name} is damaged", str(archive), "Fetch or pack it again")
