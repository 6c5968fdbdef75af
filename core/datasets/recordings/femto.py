"""FEMTO-ST bearings run to failure on PRONOSTIA (Nectoux et al., PRONOSTIA: An experimental platform for bearings
accelerated degradation tests, PHM 2012): features of snapshots, or the snapshots themselves."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import arrays
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.recordings.textmatrix import named_columns
from core.datasets.recordings.units import divided
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected, Split
from core.datasets.wording import percent
from core.errors import UserError
from core.progress import Progress

RATE = 25600.0
SNAPSHOT = 2560  # samples
INTERVAL = 10.0  # seconds from one snapshot to the next
HEALTHY_SHARE = 0.4
TRAIN_SHARE = 0.6  # of the healthy part, where no bearing is held out
_FEATURES = (
    Sensor("h_rms", "g"), Sensor("h_kurt"), Sensor("h_peak", "g"),
    Sensor("v_rms", "g"), Sensor("v_kurt"), Sensor("v_peak", "g"),
)  # fmt: skip
_SETTINGS = (Sensor("speed", "rpm", "condition"), Sensor("load", "N", "condition"))
_OPERATION = {"1": (1800, 4000), "2": (1650, 4200), "3": (1500, 5000)}  # by the first digit of a bearing's number
_RAW = re.compile(r"(?:(?P<set>\w*?)_)?(?P<bearing>Bearing(?P<operation>\d)_\d)", re.IGNORECASE)
_COLUMNS = ("set", "bearing", "snapshot", "time_s")


def misfit(files: Files) -> str | None:
    return None if _feature_file(files) else f"no CSV has the columns {', '.join(_COLUMNS)}, h_rms, v_rms"


def raw_misfit(files: Files) -> str | None:
    return None if _raw_files(files) else "no NPZ with an array acc is named after a bearing, as Bearing1_2.npz"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Six features of each snapshot; bearings of the learning set are for training."""
    path = _feature_file(files)
    if path is None:
        raise nothing(files, ())
    frame = named_columns(files.root / path, ",", [*_COLUMNS, *(sensor.name for sensor in _FEATURES)], str.strip)
    units = []
    for (origin, bearing), rows in frame.groupby(["set", "bearing"], sort=True):
        rows = rows.sort_values("time_s")
        speed, load = _operation(str(bearing))
        values = np.empty((len(rows), 8), np.float32)
        values[:, :6] = rows[[sensor.name for sensor in _FEATURES]]
        values[:, 6:] = speed, load
        units.append(_run(str(origin), str(bearing), values, rows["time_s"].to_numpy(np.float64)))
    progress.report(1, 1, "Reading features")
    notes = _notes(units)
    if _raw_files(files):
        notes.append(f"Raw acceleration lies beside it: read it by the format {RAW.name}.")
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=(*_FEATURES, *_SETTINGS),
        units=tuple(_split(units)),
        time_unit="s",
        rate=1 / INTERVAL,
        rejected=files.rejected,
        notes=tuple(notes),
    )


def read_raw(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Snapshots of 0.1 s behind one another; the time of a sample tells the pauses between them."""
    units: list[SeriesUnit] = []
    rejected: list[Rejected] = []
    paths = _raw_files(files)
    for done, path in enumerate(paths, start=1):
        match = _RAW.search(path.stem)
        try:
            found = arrays.load(files.root / path)["acc"]
            if match is None or found.ndim != 3 or found.shape[1:] != (SNAPSHOT, 2):
                raise UserError(f"{path.name} does not hold snapshots x {SNAPSHOT} samples x 2", str(files.root / path))
            units.append(_run(match["set"] or "", match["bearing"], *_flat(found), SNAPSHOT))
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(paths), "Reading bearings")
    if not units:
        raise nothing(files, rejected)
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=RAW.name,
        sensors=(Sensor("horizontal acceleration", "g"), Sensor("vertical acceleration", "g")),
        units=tuple(_split(units, SNAPSHOT)),
        kind="waveform",
        time_unit="s",
        rate=RATE,
        rejected=(*files.rejected, *rejected),
        notes=(
            *_notes(units),
            f"Snapshots of 0.1 s (2,560 samples), one every {INTERVAL:g} s: frames whose length divides 2,560 never "
            "span two.",
        ),
    )


def _flat(snapshots: NDArray[np.generic]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    n, length, width = snapshots.shape
    time = (np.arange(n)[:, None] * INTERVAL + np.arange(length) / RATE).ravel()
    return np.asarray(snapshots.reshape(n * length, width), np.float32), time


def _run(
    origin: str, bearing: str, values: NDArray[np.float32], time: NDArray[np.float64], block: int = 1
) -> SeriesUnit:
    """A run to failure; its healthy part is whole blocks of steps."""
    split: Split = "test" if "test" in origin.casefold() else "train"
    healthy = _blocks(HEALTHY_SHARE * len(values), block)
    return SeriesUnit(bearing, bearing, split, values, time, healthy=healthy, failed=True)


def _blocks(steps: float, block: int) -> int:
    return int(steps) // block * block


def _operation(bearing: str) -> tuple[float, float]:
    match = _RAW.search(bearing)
    return _OPERATION.get(match["operation"] if match else "", (np.nan, np.nan))


def _split(units: list[SeriesUnit], block: int = 1) -> list[SeriesUnit]:
    """Published: the learning set and the rest. Where one of the two is missing, each bearing is cut inside its
    healthy part."""
    if len({unit.split for unit in units}) == 2:
        return units
    return [part for unit in units for part in divided(unit, _blocks(TRAIN_SHARE * (unit.healthy or 0), block))]


def _notes(units: list[SeriesUnit]) -> list[str]:
    notes = [
        f"There are no anomaly labels: the first {percent(HEALTHY_SHARE, 0)} of each run stand for normal, the end is "
        "the failure. When wear sets in is not known.",
        "Bearings 1_x, 2_x and 3_x ran at different speeds and loads: their levels are not comparable.",
    ]
    if len({unit.split for unit in units}) == 2:
        notes.append("The learning set is for training, the other bearings are held out whole.")
    else:
        notes.append(
            f"No bearing is held out: the first {percent(TRAIN_SHARE, 0)} of each healthy part are for training."
        )
    return notes


def _feature_file(files: Files) -> PurePosixPath | None:
    wanted = {*_COLUMNS, *(sensor.name for sensor in _FEATURES)}
    return next((path for path in files.ending(".csv") if wanted <= set(files.header(path).split(","))), None)


def _raw_files(files: Files) -> list[PurePosixPath]:
    found = [path for path in files.ending(".npz") if _RAW.search(path.stem)]
    return [path for path in found if "acc" in arrays.variables(files.root / path)]


FORMAT = RecordingFormat("femto", "FEMTO bearings, features", "features_all.csv of runs to failure", misfit, read)
RAW = RecordingFormat(
    "femto-raw", "FEMTO bearings, acceleration", "Learning_set_Bearing1_2.npz at 25.6 kHz", raw_misfit, read_raw
)
