"""Skoltech Anomaly Benchmark: a water circulation rig (Katser and Kozitsin, 2020, doi:10.34740/KAGGLE/DSV/1693952)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files
from core.datasets.recordings.gathering import gathered
from core.datasets.recordings.tablemapping import TableMapping
from core.datasets.recordings.tableunits import TableReader
from core.datasets.recordings.units import divided
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.progress import Progress

TRAIN_STEPS = 400  # of each experiment, as in the published protocol
_UNITS = {
    "Accelerometer1RMS": "g", "Accelerometer2RMS": "g", "Current": "A", "Pressure": "bar", "Temperature": "°C",
    "Thermocouple": "°C", "Voltage": "V", "Volume Flow RateRMS": "l/min",
}  # fmt: skip
_LABELS = ("anomaly", "changepoint")


def misfit(files: Files) -> str | None:
    if any(_is_experiment(files, path) for path in files.ending(".csv")):
        return None
    return "no CSV has columns datetime;Accelerometer1RMS;…;anomaly;changepoint"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Every experiment is a machine with its first 400 steps for training; ``anomaly-free`` is for training whole."""
    labelled = TableReader(_mapping("anomaly"))
    free = TableReader(_mapping(None), findings=labelled.findings, notes=labelled.notes)

    def sides(path: PurePosixPath) -> list[SeriesUnit]:
        machine = str(path.with_suffix(""))
        if _is_experiment(files, path):
            (unit,) = labelled.units(files.root / path, machine)
            return divided(unit, TRAIN_STEPS)
        (unit,) = free.units(files.root / path, machine)
        return [replace(unit, events=())]

    units, rejected = gathered(files, files.ending(".csv"), sides, progress, "Reading experiments")
    sensors = tuple(Sensor(column, unit) for column, unit in _UNITS.items())
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
            f"The first {TRAIN_STEPS} steps of each experiment are for training, as published: every experiment gets "
            "its own model.",
            "Anomalies are whole stretches of an experiment; no sensor is named as their cause.",
            *labelled.sentences(sensors, units),
        ),
    )


def _is_experiment(files: Files, path: PurePosixPath) -> bool:
    return {"datetime", *_UNITS, *_LABELS} <= set(files.header(path).split(";"))


def _mapping(label: str | None) -> TableMapping:
    return TableMapping(
        separator=";", time="datetime", date_pattern="%Y-%m-%d %H:%M:%S", label=label, sensors=tuple(_UNITS)
    )


FORMAT = RecordingFormat(
    "skab", "SKAB water circulation", "valve1/0.csv, other/1.csv, anomaly-free.csv with semicolons", misfit, read
)
