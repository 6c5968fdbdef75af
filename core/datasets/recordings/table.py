"""Any table with a row for each moment, its columns mapped by a person or a guess."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from core.datasets import names
from core.datasets.recordings import tablefile, times
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import ARRAYS, TABLES, Files, nothing, rejection
from core.datasets.recordings.guessing import guess
from core.datasets.recordings.splitting import split_units
from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.tableunits import TableReader
from core.datasets.recordings.units import extent
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected, Split
from core.errors import UserError
from core.progress import Progress


def misfit(files: Files) -> str | None:
    return None if _tables(files) else "there is no CSV, Parquet, NPY, NPZ or MAT file"


def read(files: Files, name: str | None, progress: Progress, mapping: TableMapping | None = None) -> SeriesSet:
    """Files with the same columns as one set; without ``mapping``, the columns of the most frequent kind are guessed.
    Every file, and in it every value of the unit column, is a unit."""
    paths, rejected = _tables(files), list[Rejected]()
    notes: tuple[str, ...] = ()
    if mapping is None:
        paths, rejected = _alike(files, paths)
        if not paths:
            raise nothing(files, rejected)
        guessed = guess(files.root / paths[0])
        mapping, notes = guessed.mapping, guessed.reasons
    reader = TableReader(mapping, notes=list(notes))
    placed: list[SeriesUnit] = []  # a folder's or file's name says their split
    free: list[SeriesUnit] = []
    for done, path in enumerate(paths, start=1):
        machine, split = _place(path)
        try:
            found = reader.units(files.root / path, _unit_name(machine, mapping, several=len(paths) > 1))
        except UserError as error:
            if len(paths) == 1 and not rejected:
                raise
            rejected.append(rejection(path, error))
        else:
            if split is None:
                free += found
            else:
                placed += [replace(unit, name=f"{unit.name}/{split}", split=split) for unit in found]
        progress.report(done, len(paths), "Reading tables")
    if not free and not placed:
        raise nothing(files, rejected)
    if free:
        divided, sentence = split_units(free, mapping)
        placed += divided
        reader.notes.append(sentence)
    return _assembled(files, name or files.title, reader, _told_apart(placed), rejected)


def _tables(files: Files) -> list[PurePosixPath]:
    """Text files that are not called tables are taken for ones only where there are no others."""
    found = files.ending(*(TABLES | ARRAYS))
    if files.single:
        return found
    return [path for path in found if path.suffix.casefold() != ".txt"] or found


def _alike(files: Files, paths: list[PurePosixPath]) -> tuple[list[PurePosixPath], list[Rejected]]:
    """The files with the most frequent columns, and why not the others."""
    columns: dict[PurePosixPath, tuple[str, ...]] = {}
    rejected = []
    for path in paths:
        try:
            columns[path] = tablefile.glimpse(files.root / path).columns
        except UserError as error:
            rejected.append(rejection(path, error))
    if not columns:
        return [], rejected
    usual = Counter(columns.values()).most_common(1)[0][0]
    rejected += [Rejected(str(path), "has other columns than most files") for path in columns if columns[path] != usual]
    return [path for path in columns if columns[path] == usual], rejected


def _unit_name(machine: str, mapping: TableMapping, *, several: bool) -> str:
    """Of what a file holds; units of a single file need no file's name before theirs."""
    return machine if several or mapping.unit is None else ""


def _told_apart(units: list[SeriesUnit]) -> list[SeriesUnit]:
    """The units under names of their own: ``a.csv`` and ``a.parquet`` in one folder are both called ``a``."""
    taken, found = set[str](), list[SeriesUnit]()
    for unit in units:
        name, number = unit.name, 2
        while name in taken:
            name, number = f"{unit.name} ({number})", number + 1
        taken.add(name)
        found.append(unit if name == unit.name else replace(unit, name=name))
    return found


def _place(path: PurePosixPath) -> tuple[str, Split | None]:
    """Machine and split from a path: ``train/a.csv`` is of machine ``a``, and so is ``a_test.csv``."""
    plain = path.with_suffix("")
    for folder in plain.parts[:-1]:
        if names.is_split(folder):
            rest = [part for part in plain.parts if part != folder]
            return "/".join(rest), "train" if names.is_train(folder) else "test"
    words = re.split(r"([_\-. ]+)", plain.name)
    for index in range(0, len(words), 2):
        if names.is_split(words[index]):
            kept = "".join(words[:index] + words[index + 1 :]).strip("_-. ")
            return str(plain.with_name(kept or "machine")), "train" if names.is_train(words[index]) else "test"
    return str(plain), None


def _assembled(
    files: Files, name: str, reader: TableReader, units: list[SeriesUnit], rejected: list[Rejected]
) -> SeriesSet:
    mapping = reader.mapping
    sensors = [Sensor(column) for column in mapping.sensors]
    sensors += [Sensor(column, role="condition") for column in mapping.conditions]
    kept = np.flatnonzero(~np.isnan(extent(units).low)).tolist()
    empty = [sensor.name for i, sensor in enumerate(sensors) if i not in kept]
    if not any(sensors[i].role == "signal" for i in kept):
        raise UserError("No sensor has a single value", str(files.where), "Map other columns")
    if empty:
        units = [replace(unit, values=np.ascontiguousarray(unit.values[:, kept])) for unit in units]
        reader.notes.append(f"Without a single value and left out: {', '.join(empty)}.")
    if mapping.label is None:
        reader.notes.append("Nobody says which rows are anomalous: what is for training is taken for normal.")
    if mapping.kind in ("waveform", "sound") and reader.rate is None:
        what = f"A {mapping.kind} needs a time column with equal steps, which tells its sampling rate"
        raise UserError(what, str(files.where), "Map the time, or read the data as a series")
    sensors = [sensors[i] for i in kept]
    return SeriesSet(
        name=name,
        root=files.root,
        format=FORMAT.name,
        sensors=tuple(sensors),
        units=tuple(units),
        kind=mapping.kind,
        time_unit=times.time_unit(mapping),
        rate=reader.rate,
        rejected=(*files.rejected, *rejected),
        notes=tuple(reader.sentences(sensors, units)),
    )


FORMAT = RecordingFormat(
    "table", "Any table", "CSV, TSV, Parquet, NPY, NPZ or MAT with a row for each moment", misfit, read
)
