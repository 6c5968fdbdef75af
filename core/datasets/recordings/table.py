"""Any table with a row for each moment, its columns mapped by a person or a guess."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets import names
from core.datasets.recordings import labels, tablefile, times
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import ARRAYS, TABLES, Files, nothing
from core.datasets.recordings.guessing import guess
from core.datasets.recordings.ordering import Findings, in_order, sampling
from core.datasets.recordings.splitting import split_units
from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.units import described, steps
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected, Split
from core.datasets.wording import count
from core.errors import UserError
from core.progress import Progress

FEWEST_ROWS = 20


@dataclass
class _Reading:
    """What has been read so far. ``placed`` have their split from a folder's or file's name, ``units`` not yet."""

    mapping: TableMapping
    findings: Findings = field(default_factory=Findings)
    units: list[SeriesUnit] = field(default_factory=list)
    placed: list[SeriesUnit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    infinite: Counter[str] = field(default_factory=Counter)
    short: int = 0


def misfit(files: Files) -> str | None:
    return None if _tables(files) else "there is no CSV, Parquet, NPY, NPZ or MAT file"


def read(files: Files, name: str | None, progress: Progress, mapping: TableMapping | None = None) -> SeriesSet:
    """Files with the same columns as one set; without ``mapping``, the columns of the most frequent kind are guessed.
    Every file, and in it every value of the unit column, is a unit."""
    paths, rejected = _tables(files), []
    notes: tuple[str, ...] = ()
    if mapping is None:
        paths, rejected = _alike(files, paths)
        if not paths:
            raise nothing(files, rejected)
        guessed = guess(files.root / paths[0])
        mapping, notes = guessed.mapping, guessed.reasons
    reading = _Reading(mapping, notes=list(notes), rejected=rejected)
    for done, path in enumerate(paths, start=1):
        try:
            _add_file(reading, files.root, path, several=len(paths) > 1)
        except UserError as error:
            if len(paths) == 1 and not rejected:
                raise
            reading.rejected.append(Rejected(str(path), error.what))
        progress.report(done, len(paths), "Reading tables")
    if not reading.units and not reading.placed:
        raise nothing(files, reading.rejected)
    return _assembled(files, name or files.title, reading)


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
            rejected.append(Rejected(str(path), error.what))
    if not columns:
        return [], rejected
    usual = Counter(columns.values()).most_common(1)[0][0]
    others = [path for path in columns if columns[path] != usual]
    rejected += [Rejected(str(path), "has other columns than most of the files") for path in others]
    return [path for path in columns if columns[path] == usual], rejected


def _add_file(reading: _Reading, root: Path, path: PurePosixPath, *, several: bool) -> None:
    mapping = reading.mapping
    loaded = tablefile.load(root / path, mapping)
    frame = loaded.frame
    if len(frame) < FEWEST_ROWS:
        what = f"{path.name} has {count(len(frame), 'row')}, fewer than the {FEWEST_ROWS} that it takes to learn"
        raise UserError(what, str(root / path))
    reading.notes += loaded.notes
    values = _matrix(reading, frame)
    if mapping.time is None:
        time = steps(len(frame))
    else:
        time, notes = times.seconds(frame[mapping.time], mapping, path.name)
        reading.notes += notes
    kinds = None
    if mapping.label is not None:
        kinds, notes = labels.kinds(frame[mapping.label], mapping.normal_label, path.name)
        reading.notes += notes
    machine, split = _place(path)
    if mapping.unit is None:
        groups = {machine if several else path.stem: np.arange(len(frame))}
    else:
        groups = {
            f"{machine}/{unit}" if several else str(unit): rows
            for unit, rows in frame.groupby(mapping.unit, sort=True).indices.items()
        }
    for unit_name, rows in groups.items():
        kept = rows[in_order(time[rows], reading.findings)]
        if len(kept) < 2:
            reading.short += 1
            continue
        sampling(time[kept], reading.findings)
        whole = len(kept) == len(values) and bool((kept == np.arange(len(kept))).all())
        events = None if kinds is None else labels.events(kinds.iloc[kept])
        unit = SeriesUnit(
            name=unit_name if split is None else f"{unit_name}/{split}",
            machine=unit_name,
            split=split or "train",
            values=values if whole else values[kept],
            time=time[kept],
            events=events,
        )
        (reading.units if split is None else reading.placed).append(unit)


def _matrix(reading: _Reading, frame: pd.DataFrame) -> NDArray[np.float32]:
    """(n, d) float32, NaN for what a file lacks and in place of infinite values, which are counted."""
    columns = [*reading.mapping.sensors, *reading.mapping.conditions]
    values = np.full((len(frame), len(columns)), np.nan, np.float32)
    for index, column in enumerate(columns):
        if column not in frame:
            continue
        values[:, index] = frame[column].to_numpy()
        infinite = np.isinf(values[:, index])
        if n := int(infinite.sum()):
            values[infinite, index] = np.nan
            reading.infinite[column] += n
        del frame[column]  # each is held once only
    return values


def _place(path: PurePosixPath) -> tuple[str, Split | None]:
    """Machine and split from a path: ``train/a.csv`` and ``a_test.csv`` are both of machine ``a``."""
    split: Split | None = None
    kept = []
    for part in (*path.parts[:-1], *re.split(r"[_\-. ]+", path.stem)):
        if split is None and names.is_split(part):
            split = "train" if names.is_train(part) else "test"
        else:
            kept.append(part)
    plain = str(path.with_suffix(""))
    if split is None:
        return plain, None
    folders = [part for part in path.parts[:-1] if part in kept]
    stem = path.stem if len(folders) < len(path.parts) - 1 else "_".join(kept[len(folders) :])
    return "/".join([*folders, stem]).strip("/") or "machine", split


def _assembled(files: Files, name: str, reading: _Reading) -> SeriesSet:
    mapping = reading.mapping
    sensors = [Sensor(column) for column in mapping.sensors]
    sensors += [Sensor(column, role="condition") for column in mapping.conditions]
    units = reading.placed
    notes = list(reading.notes)
    if reading.units:
        split, sentence = split_units(reading.units, mapping)
        units = [*units, *split]
        notes.append(sentence)
    if mapping.label is None:
        notes.append("Nobody says which rows are anomalous: what is for training is taken for normal.")
    unit_of_time = times.time_unit(mapping)
    notes += reading.findings.sentences({"epoch": "s", "s": "s", "cycle": "cycles", "step": "steps"}[unit_of_time])
    if reading.short:
        notes.append(f"{count(reading.short, 'unit')} of a single row left out.")
    notes += [f"{column}: {count(n, 'infinite value')} taken for missing." for column, n in reading.infinite.items()]
    kept = [i for i in range(len(sensors)) if any(not np.isnan(unit.values[:, i]).all() for unit in units)]
    empty = [sensor.name for i, sensor in enumerate(sensors) if i not in kept]
    if empty:
        notes.append(f"Without a single value and left out: {', '.join(empty)}.")
    if not any(sensors[i].role == "signal" for i in kept):
        raise UserError("No sensor has a single value", str(files.where), "Map other columns")
    if empty:
        units = [replace(unit, values=np.ascontiguousarray(unit.values[:, kept])) for unit in units]
    notes += described([sensors[i] for i in kept], units)
    step = reading.findings.step if unit_of_time in ("epoch", "s") else None
    if mapping.kind in ("waveform", "sound") and step is None:
        what = f"A {mapping.kind} needs a time column with equal steps, which tells its sampling rate"
        raise UserError(what, str(files.where), "Map the time, or read the data as a series")
    return SeriesSet(
        name=name,
        root=files.root,
        format=FORMAT.name,
        sensors=tuple(sensors[i] for i in kept),
        units=tuple(units),
        kind=mapping.kind,
        time_unit=unit_of_time,
        rate=1 / step if step else None,
        rejected=(*files.rejected, *reading.rejected),
        notes=tuple(dict.fromkeys(notes)),
    )


FORMAT = RecordingFormat(
    "table", "Any table", "CSV, TSV, Parquet, NPY, NPZ or MAT with a row for each moment", misfit, read
)
