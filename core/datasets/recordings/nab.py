"""Numenta Anomaly Benchmark: single series with windows around anomalies (Lavin and Ahmad, Evaluating Real-time Anomaly
Detection Algorithms, ICMLA 2015)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files
from core.datasets.recordings.gathering import gathered
from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.tableunits import TableReader
from core.datasets.recordings.units import divided, events_of
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.wording import percent
from core.errors import UserError
from core.progress import Progress

WINDOWS = "combined_windows.json"
TRAIN_SHARE = 0.15
_MAPPING = TableMapping(time="timestamp", sensors=("value",))


def misfit(files: Files) -> str | None:
    if _windows_file(files) is None:
        return f"there is no {WINDOWS}"
    return None if _series(files) else "no CSV has the columns timestamp,value"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Every file is a machine; the first 15 % of it are for training."""
    path = _windows_file(files)
    windows = _windows(path) if path is not None else {}
    reader = TableReader(_MAPPING)

    def sides(file: PurePosixPath) -> list[SeriesUnit]:
        if file.name not in windows:
            raise UserError(f"{WINDOWS} does not list {file.name}", str(files.root / file))
        (unit,) = reader.units(files.root / file, str(file.with_suffix("")))
        unit = replace(unit, events=events_of(_inside(unit.time, windows[file.name])))
        return divided(unit, int(TRAIN_SHARE * len(unit)))

    units, rejected = gathered(files, _series(files), sides, progress, "Reading series")
    sensors = (Sensor("value"),)
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=sensors,
        units=tuple(units),
        time_unit="epoch",
        fleet=False,
        rejected=(*files.rejected, *rejected),
        notes=(
            f"The first {percent(TRAIN_SHARE, 0)} of each series are for training (the benchmark's own rule takes no "
            "more than 750 steps); each series gets its own model.",
            "Labels are windows around anomalies, a tenth of a series in all: most of their steps look normal.",
            *reader.sentences(sensors, units),
        ),
    )


def _series(files: Files) -> list[PurePosixPath]:
    return [path for path in files.ending(".csv") if files.header(path).strip() == "timestamp,value"]


def _windows_file(files: Files) -> Path | None:
    return next((path for path in (files.root / WINDOWS, files.root / "labels" / WINDOWS) if path.is_file()), None)


def _windows(path: Path) -> dict[str, list[tuple[float, float]]]:
    """File name to (first, last) moments, seconds since the epoch."""
    try:
        found = json.loads(path.read_bytes())
        return {
            PurePosixPath(file).name: [(pd.Timestamp(a).timestamp(), pd.Timestamp(b).timestamp()) for a, b in pairs]
            for file, pairs in found.items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path.name} does not list windows for files", str(path), "Fetch the file again") from error


def _inside(time: NDArray[np.float64], windows: list[tuple[float, float]]) -> NDArray[np.bool_]:
    found = np.zeros(len(time), bool)
    for first, last in windows:
        found |= (time >= first) & (time <= last)
    return found


FORMAT = RecordingFormat("nab", "Numenta benchmark", f"data/realKnownCause/x.csv, labels/{WINDOWS}", misfit, read)
