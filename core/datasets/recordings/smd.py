"""Server Machine Dataset (Su et al., Robust Anomaly Detection for Multivariate Time Series through Stochastic Recurrent
Neural Network, KDD 2019)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import arrays
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.recordings.textmatrix import text_matrix
from core.datasets.recordings.units import events_of, steps
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.datasets.wording import count, such_as
from core.errors import UserError
from core.progress import Progress

_LINE = re.compile(r"(\d+)-(\d+):(\d+(?:,\d+)*)")


def misfit(files: Files) -> str | None:
    missing = [folder for folder in ("train", "test", "test_label") if not files.under(folder)]
    return f"there is no folder named {missing[0]}" if missing else None


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Machines as ``machine-1-1/train`` and ``machine-1-1/test``; events with the sensors at fault."""
    roles = {role: files.under(role) for role in ("train", "test", "test_label", "interpretation_label")}
    units: list[SeriesUnit] = []
    rejected: list[Rejected] = []
    unexplained: list[str] = []
    machines = sorted(roles["test"])
    for done, machine in enumerate(machines, start=1):
        try:
            units += _machine(files.root, machine, {role: where.get(machine) for role, where in roles.items()})
        except UserError as error:
            rejected.append(rejection(roles["test"][machine], error))
        else:
            unexplained += [machine] * sum(not event.sensors for event in units[-1].events or ())
        progress.report(done, len(machines), "Reading machines")
    units, misfits = _same_width(units)
    rejected += misfits
    if not units:
        raise nothing(files, rejected)
    notes = [
        "The training parts are taken for normal, as everybody does; nobody labelled them.",
        "Root causes are given for events, as the sensors that operators named; most mark plain excursions.",
        "Each machine has its own load: every machine gets its own model.",
    ]
    if unexplained:
        notes.append(f"{count(len(unexplained), 'event')} without named sensors {such_as(unexplained)}.")
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=tuple(Sensor(f"sensor {i + 1}") for i in range(units[0].values.shape[1])),
        units=tuple(units),
        fleet=False,
        rejected=(*files.rejected, *rejected),
        notes=tuple(notes),
    )


def _machine(root: Path, machine: str, paths: dict[str, PurePosixPath | None]) -> list[SeriesUnit]:
    for role in ("train", "test", "test_label"):
        if paths[role] is None:
            raise UserError(f"{machine} has no file in the folder {role}", str(root))
    train, test = (_values(root / str(paths[role])) for role in ("train", "test"))
    labels = _values(root / str(paths["test_label"]))[:, 0] > 0
    if len(labels) != len(test):
        raise UserError(f"{machine} has {len(labels)} labels for {len(test)} steps", str(root))
    if train.shape[1] != test.shape[1]:
        what = f"{machine} has {train.shape[1]} sensors in training and {test.shape[1]} in test"
        raise UserError(what, str(root))
    causes = paths["interpretation_label"]
    named = _causes(root / causes, test.shape[1]) if causes is not None else []
    events = tuple(_explained(event, named) for event in events_of(labels))
    return [
        SeriesUnit(f"{machine}/train", machine, "train", train, steps(len(train))),
        SeriesUnit(f"{machine}/test", machine, "test", test, steps(len(test)), events),
    ]


def _values(path: Path) -> NDArray[np.float32]:
    if path.suffix.casefold() in (".npz", ".npy"):
        return arrays.matrix(path)
    return text_matrix(path, ",").astype(np.float32)


def _causes(path: Path, width: int) -> list[Event]:
    """Lines such as ``15849-16368:1,9,10``: the steps 15849 to 16367, sensors counted from 1."""
    found = []
    for number, line in enumerate(path.read_text().split(), start=1):
        match = _LINE.fullmatch(line)
        sensors = tuple(int(sensor) - 1 for sensor in match[3].split(",")) if match else ()
        if match is None or min(sensors) < 0 or max(sensors) >= width:
            raise UserError(f"{path.name}, line {number}: «{line[:40]}» is not start-stop:sensors", str(path))
        found.append(Event(int(match[1]), int(match[2]), tuple(sorted(set(sensors)))))
    return found


def _explained(event: Event, named: list[Event]) -> Event:
    """The event with all sensors that were named for any part of it."""
    sensors = {s for one in named if one.start < event.stop and one.stop > event.start for s in one.sensors}
    return replace(event, sensors=tuple(sorted(sensors)))


def _same_width(units: list[SeriesUnit]) -> tuple[list[SeriesUnit], list[Rejected]]:
    """The units with as many sensors as the first, and the others' machines."""
    width = units[0].values.shape[1] if units else 0
    others = {unit.machine: unit.values.shape[1] for unit in units if unit.values.shape[1] != width}
    misfits = [Rejected(machine, f"has {n} sensors, not {width} as the others") for machine, n in others.items()]
    return [unit for unit in units if unit.machine not in others], misfits


FORMAT = RecordingFormat(
    "smd",
    "Server Machine Dataset",
    "train, test, test_label and interpretation_label with a file for each machine",
    misfit,
    read,
)
