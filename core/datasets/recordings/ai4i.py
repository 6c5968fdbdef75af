"""AI4I 2020: synthetic milling with five failure modes (Matzka, Explainable Artificial Intelligence for Predictive
Maintenance Applications, AI4I 2020)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files
from core.datasets.recordings.splitting import split_rows
from core.datasets.recordings.textmatrix import named_columns
from core.datasets.recordings.units import steps
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.wording import percent
from core.progress import Progress

TRAIN_SHARE = 0.6  # of the rows without a failure
SENSORS = (
    Sensor("Air temperature", "K"),
    Sensor("Process temperature", "K"),
    Sensor("Rotational speed", "rpm"),
    Sensor("Torque", "Nm"),
    Sensor("Tool wear", "min"),
    Sensor("Quality (L 0, M 1, H 2)", role="condition"),
)
# What each mode follows from, in the paper's own rules. Random failures follow from nothing.
_CULPRITS = {"TWF": (4,), "HDF": (0, 1, 2), "PWF": (2, 3), "OSF": (3, 4), "RNF": ()}
_QUALITY = {"L": 0.0, "M": 1.0, "H": 2.0}


def misfit(files: Files) -> str | None:
    for path in files.ending(".csv"):
        if {"twf", "hdf", "pwf", "osf", "rnf", "torque"} <= {
            _plain(column) for column in files.header(path).split(",")
        }:
            return None
    return "no CSV has the columns Torque [Nm], TWF, HDF, PWF, OSF and RNF"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Rows drawn for training, and all others; the failure modes are labels and never inputs."""
    path = next(path for path in files.ending(".csv") if misfit(Files(files.root, (path,))) is None)
    inputs = [*(sensor.name.lower() for sensor in SENSORS[:5]), "type"]
    frame = named_columns(
        files.root / path, ",", [*inputs, "machine failure", *(mode.lower() for mode in _CULPRITS)], _plain
    )
    values = np.empty((len(frame), len(SENSORS)), np.float32)
    for index, column in enumerate(inputs[:-1]):
        values[:, index] = frame[column]
    values[:, -1] = frame["type"].map(_QUALITY)
    unit = SeriesUnit(path.stem, path.stem, "train", values, steps(len(frame)), _events(frame))
    progress.report(1, 1, "Reading rows")
    modes = frame[[mode.lower() for mode in _CULPRITS]].to_numpy() > 0
    failed = frame["machine failure"].to_numpy() > 0
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=SENSORS,
        units=tuple(split_rows(unit, TRAIN_SHARE)),
        kind="rows",
        rejected=files.rejected,
        notes=(
            "AI4I is no time series: its rows are synthetic and independent, and their order means nothing.",
            "The five failure modes are labels; as inputs they would give the answer away.",
            f"Failures without a mode: {int((failed & ~modes.any(1)).sum())}; modes without a failure, counted as "
            f"normal: {int((~failed & modes.any(1)).sum())}. Random failures (RNF) follow from no reading.",
            f"About {percent(TRAIN_SHARE, 0)} of the normal rows, drawn at random but always the same, are for "
            "training.",
        ),
    )


def _events(frame: pd.DataFrame) -> tuple[Event, ...]:
    found = []
    for row in np.flatnonzero(frame["machine failure"].to_numpy() > 0):
        modes = [mode for mode in _CULPRITS if frame[mode.lower()].iloc[row] > 0]
        sensors = sorted({sensor for mode in modes for sensor in _CULPRITS[mode]})
        found.append(Event(int(row), int(row) + 1, tuple(sensors), "+".join(modes) or None))
    return tuple(found)


def _plain(column: str) -> str:
    """``Air temperature [K]`` and ``Machine_failure`` without unit, case and underscore."""
    return re.sub(r"\s*\[.*\]", "", column.strip().strip('"')).replace("_", " ").casefold()


FORMAT = RecordingFormat("ai4i", "AI4I milling rows", "ai4i2020.csv: rows, not a time series", misfit, read)
