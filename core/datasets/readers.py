"""From a path to a dataset: photographs or recordings, found by looking."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from core.datasets import layouts
from core.datasets.dataset import Dataset
from core.datasets.mapping import TableMapping
from core.datasets.photographs import read_images
from core.datasets.recordings import registry, table
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import SUFFIXES, Files, listed, nothing
from core.datasets.scan import scan
from core.datasets.series import SeriesSet
from core.errors import UserError
from core.progress import Progress

__all__ = ["FORMATS", "FormatInfo", "read", "read_images", "read_series"]


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """A format in words. ``description`` names files that are in it."""

    name: str
    title: str
    description: str
    modality: Literal["image", "series"]


FORMATS: dict[str, FormatInfo] = {
    **{one.name: FormatInfo(one.name, one.title, one.example, "image") for one in layouts.FORMATS.values()},
    **{one.name: FormatInfo(one.name, one.title, one.description, "series") for one in registry.FORMATS.values()},
}


def read(
    path: Path,
    *,
    format: str | None = None,
    name: str | None = None,
    mapping: TableMapping | None = None,
    progress: Progress = Progress(),
) -> Dataset:
    """The dataset that lies in a folder, or in one file of recordings, its format recognised or named by ``format`` (a
    key of ``FORMATS``). ``mapping`` says what the columns of a table mean, in place of a guess.

    What cannot be read is in ``rejected`` with the reason, what was assumed is in ``notes``.
    Raises UserError where there is nothing readable, or where ``format`` is unknown or does not fit.
    """
    if format is not None and format not in FORMATS:
        remedy = f"Choose one of {', '.join(FORMATS)}"
        raise UserError(f"There is no dataset format named {format}", str(path), remedy)
    if format in layouts.FORMATS or (format is None and mapping is None and _is_photographs(path, progress)):
        return read_images(path, format=format, name=name, progress=progress)
    return read_series(path, format=format, name=name, mapping=mapping, progress=progress)


def read_series(
    path: Path,
    *,
    format: str | None = None,
    name: str | None = None,
    mapping: TableMapping | None = None,
    progress: Progress = Progress(),
) -> SeriesSet:
    """The recordings in a folder or file; as ``read``."""
    path = path.absolute()  # a job may read the files from another working directory
    files = listed(path, progress)
    if not files.paths:
        raise nothing(files, ())
    if mapping is not None and format not in (None, table.FORMAT.name):
        raise UserError(f"A mapping of columns is for tables, not for the format {format}", str(path), "Leave one out")
    if mapping is not None:
        found = table.FORMAT
    elif format is None:
        found = registry.recognise(files)
    else:
        found = _fitting(format, files)
    reader = partial(table.read, mapping=mapping) if found is table.FORMAT else found.read
    return reader(files, name, progress)


def _fitting(format: str, files: Files) -> RecordingFormat:
    """The format that was asked for. UserError where the files are not in it."""
    found = registry.FORMATS.get(format)
    if found is None:
        raise UserError(f"There is no format of recordings named {format}", str(files.where))
    misfit = found.misfit(files)
    if misfit:
        remedy = f"Leave the format out to have it recognised, or choose one of {', '.join(FORMATS)}"
        raise UserError(f"The data is not in the format {format}: {misfit}", str(files.where), remedy)
    return found


def _is_photographs(path: Path, progress: Progress) -> bool:
    """Whether there are more pictures than recordings: tables lie beside pictures, pictures of plots beside tables.
    What is neither is left to the reader of pictures, which tells what it misses."""
    if path.is_file():
        return path.suffix.casefold() not in SUFFIXES
    pictures = len(scan(path, progress).images)
    files = listed(path, progress)
    if not pictures or not files.paths:
        return not files.paths
    return pictures >= len(files.paths) or registry.recognise(files) is table.FORMAT
