"""NASA C-MAPSS: simulated turbofans, run to failure (Saxena et al., Damage Propagation Modeling for Aircraft Engine
Run-to-Failure Simulation, PHM 2008)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.recordings.textmatrix import text_matrix
from core.datasets.recordings.units import drawn
from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.datasets.wording import percent
from core.errors import UserError
from core.progress import Progress

HEALTHY_SHARE = 0.4  # of a run to failure; the wear that ends it begins later in all four subsets
TRAIN_SHARE = 0.6  # of the units that run to failure
_FILE = re.compile(r"(train|test)_(FD\d{3})\.txt", re.IGNORECASE)
_SETTINGS = (("altitude", "kft"), ("Mach number", None), ("throttle resolver angle", "deg"))
# Table 2 of the paper, in the order of the files. °R: degrees Rankine; pps: pounds per second.
_SENSORS = (
    ("T2", "°R"), ("T24", "°R"), ("T30", "°R"), ("T50", "°R"), ("P2", "psia"), ("P15", "psia"), ("P30", "psia"),
    ("Nf", "rpm"), ("Nc", "rpm"), ("epr", None), ("Ps30", "psia"), ("phi", "pps/psi"), ("NRf", "rpm"), ("NRc", "rpm"),
    ("BPR", None), ("farB", None), ("htBleed", None), ("Nf_dmd", "rpm"), ("PCNfR_dmd", "rpm"), ("W31", "lbm/s"),
    ("W32", "lbm/s"),
)  # fmt: skip
SENSORS = (
    *(Sensor(name, unit, "condition") for name, unit in _SETTINGS),
    *(Sensor(name, unit) for name, unit in _SENSORS),
)
_COLUMNS = 2 + len(SENSORS)


def misfit(files: Files) -> str | None:
    if any(_FILE.fullmatch(path.name) for path in files.paths):
        return None
    return "no file is named train_FD001.txt or alike"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Machines are the subsets FD001 to FD004, each with units ``FD001/unit 17``, run to failure, and those cut off
    before, ``FD001/cut off 17``."""
    units: list[SeriesUnit] = []
    rejected: list[Rejected] = []
    found = [(path, match) for path in files.paths if (match := _FILE.fullmatch(path.name))]
    seen: set[str] = set()
    for done, (path, match) in enumerate(found, start=1):
        try:
            if match[0].casefold() in seen:
                raise UserError("another file of the same name was read instead")
            read_file = _run_to_failure if match[1].casefold() == "train" else _cut_off
            units += read_file(files.root / path, match[2].upper())
            seen.add(match[0].casefold())
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(found), "Reading engines")
    if not units:
        raise nothing(files, rejected)
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=SENSORS,
        units=tuple(sorted(units, key=lambda unit: unit.machine)),
        time_unit="cycle",
        fleet=False,
        rejected=(*files.rejected, *rejected),
        notes=tuple(_notes(units)),
    )


def _run_to_failure(path: Path, subset: str) -> list[SeriesUnit]:
    recordings = _engines(path)
    names = {number: f"{subset}/unit {number}" for number in recordings}
    train = drawn(list(names.values()), TRAIN_SHARE)
    return [
        SeriesUnit(
            name=names[number],
            machine=subset,
            split="train" if names[number] in train else "test",
            values=values,
            time=time,
            healthy=int(HEALTHY_SHARE * len(values)),
            failed=True,
        )
        for number, (time, values) in recordings.items()
    ]


def _cut_off(path: Path, subset: str) -> list[SeriesUnit]:
    recordings = _engines(path)
    lives = path.with_name(f"RUL_{subset}.txt")
    left = text_matrix(lives, r"\s+", 1)[:, 0] if lives.is_file() else None
    if left is not None and len(left) != len(recordings):
        what = f"{lives.name} has {len(left)} rows for the {len(recordings)} engines of {path.name}"
        raise UserError(what, str(lives), "Fetch both files again")
    return [
        SeriesUnit(
            name=f"{subset}/cut off {number}",
            machine=subset,
            split="test",
            values=values,
            time=time,
            life_left=None if left is None else float(left[index]),
        )
        for index, (number, (time, values)) in enumerate(recordings.items())
    ]


def _engines(path: Path) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """(cycles, values) of every engine, in order of their numbers."""
    table = text_matrix(path, r"\s+", _COLUMNS)
    order = np.lexsort((table[:, 1], table[:, 0]))
    table = table[order]
    numbers, starts = np.unique(table[:, 0], return_index=True)
    found = {}
    for number, rows in zip(numbers, np.split(table, starts[1:]), strict=True):
        if (np.diff(rows[:, 1]) <= 0).any():
            raise UserError(f"{path.name} holds the same cycle of engine {int(number)} twice", str(path))
        found[int(number)] = (np.ascontiguousarray(rows[:, 1]), rows[:, 2:].astype(np.float32))
    return found


def _notes(units: list[SeriesUnit]) -> list[str]:
    notes = []
    run = [unit for unit in units if unit.failed]
    if run:
        notes.append(
            f"C-MAPSS has no anomaly labels. The first {percent(HEALTHY_SHARE, 0)} of each run to failure stands for "
            "normal, for wear that can be seen sets in later; when it sets in is not known."
        )
        notes.append(
            f"Of the {len(run)} engines that run to failure, {sum(unit.split == 'train' for unit in run)} are for "
            f"training and the others held out whole (about {percent(1 - TRAIN_SHARE, 0)}, chosen by their names)."
        )
    cut_off = [unit for unit in units if not unit.failed]
    if cut_off:
        unknown = sum(unit.life_left is None for unit in cut_off)
        notes.append(
            f"{len(cut_off)} engines were cut off some time before they failed; nothing says where they stop being "
            "healthy."
            + (f" How much life {unknown} of them had left is unknown: RUL_*.txt is missing." if unknown else "")
        )
    if {"FD002", "FD004"} & {unit.machine for unit in units}:
        notes.append(
            "FD002 and FD004 fly in six operating regimes, which move the sensors far more than wear does: judge them "
            "in the light of the settings."
        )
    return notes


FORMAT = RecordingFormat(
    "cmapss",
    "C-MAPSS turbofans",
    "train_FD001.txt, test_FD001.txt, RUL_FD001.txt: any of the four subsets",
    misfit,
    read,
)
