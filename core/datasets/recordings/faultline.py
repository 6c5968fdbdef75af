"""Recordings in the workbench's own layout: one CSV per unit, and ``faultline.json`` that says what they are.

Everything a ``SeriesSet`` holds is kept, so a set that is written and read again has the same content id. The CSVs have
one column per sensor, and a ``time`` column unless the description gives the ``start`` of a recording that then follows
the rate; an empty field was not measured.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FiniteFloat, PositiveFloat, ValidationError

from core.datasets.newfolder import new_folder
from core.datasets.series import Event, Kind, Role, Sensor, SeriesSet, SeriesUnit, TimeUnit
from core.datasets.types import Split
from core.errors import UserError
from core.progress import Progress
from core.validation import told

FORMAT = "faultline"
DESCRIPTION = "faultline.json"
TIME = "time"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sensor(_Strict):
    name: str
    unit: str | None = None
    role: Role = "signal"


class _Event(_Strict):
    start: int
    stop: int
    sensors: tuple[str, ...] = ()
    kind: str | None = None


class _Unit(_Strict):
    name: str
    file: str
    machine: str
    split: Split
    start: FiniteFloat | None = None
    events: tuple[_Event, ...] | None = None
    healthy: int | None = None
    failed: bool = False
    life_left: float | None = None


class _Description(_Strict):
    format: Literal["faultline.series.1"]
    name: str
    kind: Kind
    time_unit: TimeUnit
    rate: PositiveFloat | None
    fleet: bool
    sensors: tuple[_Sensor, ...]
    units: tuple[_Unit, ...]
    notes: tuple[str, ...] = ()


def recognise(folder: Path) -> bool:
    """Whether the folder is in this layout."""
    return (folder / DESCRIPTION).is_file()


def write(data: SeriesSet, out: Path, progress: Progress = Progress()) -> None:
    """Write the set into the new folder ``out``; it appears whole or not at all. UserError where there is something."""
    import pyarrow as pa
    from pyarrow import csv

    names = [sensor.name for sensor in data.sensors]
    if TIME in names:
        raise UserError("A sensor cannot be called «time»: the time column is", data.name, "Rename the sensor")
    units = []
    with new_folder(out) as folder:
        for number, unit in enumerate(data.units):
            file = f"unit-{number:04d}.csv"
            start = _start(unit.time, data.rate)
            columns = {} if start is not None else {TIME: pa.array(unit.time)}
            for name, column in zip(names, unit.values.T, strict=True):
                columns[name] = pa.array(np.ascontiguousarray(column), from_pandas=True)  # NaN is an empty field
            csv.write_csv(pa.table(columns), folder / file)
            units.append(_describe(unit, file, start, names))
            progress.report(number + 1, len(data.units), "Writing recordings")
        description = _Description(
            format="faultline.series.1",
            name=data.name,
            kind=data.kind,
            time_unit=data.time_unit,
            rate=data.rate,
            fleet=data.fleet,
            sensors=tuple(_Sensor(name=one.name, unit=one.unit, role=one.role) for one in data.sensors),
            units=tuple(units),
            notes=data.notes,
        )
        (folder / DESCRIPTION).write_text(description.model_dump_json(indent=1), encoding="utf-8")


def read(folder: Path, progress: Progress = Progress()) -> SeriesSet:
    """The set that ``write`` wrote. UserError where the description or a file is not as it should be."""
    described = _description(folder)
    names = [sensor.name for sensor in described.sensors]
    _distinct(names, "sensor", folder)
    _distinct([unit.name for unit in described.units], "recording", folder)
    units = []
    for number, unit in enumerate(described.units):
        units.append(_unit(folder, unit, described.rate, names))
        progress.report(number + 1, len(described.units), "Reading recordings")
    return SeriesSet(
        name=described.name,
        root=folder,
        format=FORMAT,
        sensors=tuple(Sensor(one.name, one.unit, one.role) for one in described.sensors),
        units=tuple(units),
        kind=described.kind,
        time_unit=described.time_unit,
        rate=described.rate,
        fleet=described.fleet,
        notes=described.notes,
    )


def _start(time: NDArray[np.float64], rate: float | None) -> float | None:
    """The first time, where that and the rate give all of them to the last bit."""
    if rate is None or not len(time) or not np.array_equal(time, _times(float(time[0]), rate, len(time))):
        return None
    return float(time[0])


def _times(start: float, rate: float, n: int) -> NDArray[np.float64]:
    return np.asarray(start + np.arange(n) / rate, np.float64)


def _describe(unit: SeriesUnit, file: str, start: float | None, names: list[str]) -> _Unit:
    events = None
    if unit.events is not None:
        events = tuple(
            _Event(start=one.start, stop=one.stop, sensors=tuple(names[k] for k in one.sensors), kind=one.kind)
            for one in unit.events
        )
    return _Unit(
        name=unit.name,
        file=file,
        machine=unit.machine,
        split=unit.split,
        start=start,
        events=events,
        healthy=unit.healthy,
        failed=unit.failed,
        life_left=unit.life_left,
    )


def _description(folder: Path) -> _Description:
    path = folder / DESCRIPTION
    try:
        return _Description.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError("The description of the recordings cannot be read", str(path), str(error)) from error
    except ValidationError as error:
        what = f"The description of the recordings is not as it should be: {told(error, 'the whole')}"
        raise UserError(what, str(path), "Mend the file, or write the dataset again") from error


def _distinct(names: list[str], what: str, folder: Path) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"More than one {what} is called «{twice[0]}»", str(folder / DESCRIPTION), "Rename one of them")


def _unit(folder: Path, unit: _Unit, rate: float | None, names: list[str]) -> SeriesUnit:
    file = PurePosixPath(unit.file)
    if len(file.parts) != 1 or file.name in ("", ".."):
        raise UserError(f"«{unit.file}» is not a file of the folder", str(folder / DESCRIPTION), "Mend the file name")
    where = str(folder / DESCRIPTION)
    if unit.start is None:
        time, values = _table(folder / file.name, names, timed=True)
    elif rate:
        _, values = _table(folder / file.name, names, timed=False)
        time = _times(unit.start, rate, len(values))
    else:
        raise UserError(f"«{unit.name}» has a start, but there is no rate to follow", where, "Mend the description")
    events = None
    if unit.events is not None:
        events = tuple(_event(one, len(time), names, where) for one in unit.events)
    if unit.healthy is not None and not 0 <= unit.healthy <= len(time):
        what = f"{unit.healthy} healthy steps are said of «{unit.name}», which has {len(time)}"
        raise UserError(what, where, "Mend the description")
    return SeriesUnit(
        name=unit.name,
        machine=unit.machine,
        split=unit.split,
        values=values,
        time=time,
        events=events,
        healthy=unit.healthy,
        failed=unit.failed,
        life_left=unit.life_left,
    )


def _event(event: _Event, steps: int, names: list[str], where: str) -> Event:
    strange = [name for name in event.sensors if name not in names]
    if strange:
        raise UserError(f"An event names the sensor «{strange[0]}», which there is not", where, "Mend the description")
    if not 0 <= event.start < event.stop <= steps:
        what = f"An event from step {event.start} to {event.stop} does not lie in a recording of {steps} steps"
        raise UserError(what, where, "Mend the description")
    return Event(event.start, event.stop, tuple(names.index(name) for name in event.sensors), event.kind)


def _table(path: Path, names: list[str], *, timed: bool) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Time (n,) float64, empty where it is not in the file, and values (n, d) float32 of one CSV."""
    import pyarrow as pa
    from pyarrow import csv

    types = {TIME: pa.float64()} | {name: pa.float32() for name in names}
    remedy = "Write the dataset again"
    try:
        table = csv.read_csv(
            path,
            # One thread: the reader's own threads outlive the call and would be forked into jobs.
            read_options=csv.ReadOptions(use_threads=False),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=[TIME] * timed + names, null_values=["", "nan", "NaN"]
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"The recording cannot be read: {reason}", str(path), remedy) from error
    time = table[TIME].to_numpy() if timed else np.zeros(0)
    if not np.isfinite(time).all() or (np.diff(time) <= 0).any():
        raise UserError("The times of the recording do not rise from row to row", str(path), remedy)
    values = np.empty((table.num_rows, len(names)), np.float32)
    for index, name in enumerate(names):
        values[:, index] = table[name].to_numpy()
    return time, values
