"""Case Western Reserve University bearing data, 12 kHz, as published (.mat) or as NPZ."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import arrays
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.recordings.units import divided
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.datasets.wording import count
from core.errors import UserError
from core.progress import Progress

RATE = 12000.0
TRAIN_SHARE = 0.6  # of a recording of a healthy bearing
_PLACES = {"DE": "drive end", "FE": "fan end", "BA": "base"}
_VARIABLE = re.compile(r"(?:X\d+_)?(DE|FE|BA)(?:_time)?")
_NORMAL = re.compile(r"(?<![a-z])(normal|baseline)(?![a-z])", re.IGNORECASE)
# IR007_0, B_14, OR_at_6_21, OR007@6_1: element, clock position of an outer race fault, size in thousandths of an inch
_FAULT = re.compile(
    r"(?<![A-Za-z])(?P<element>IR|OR|B)"
    r"(?:_at_(?P<before>3|6|12)_(?P<size1>\d{1,2})|_?(?P<size2>0?\d{1,2})(?:@(?P<after>3|6|12))?)(?!\d)"
)
_ELEMENTS = {"IR": "inner race", "OR": "outer race", "B": "ball"}
# The published files have numbers for names: the first of four, one for each load.
_NUMBERED = {
    "normal": (97,), "IR 7": (105,), "B 7": (118,), "OR@6 7": (130,), "OR@3 7": (144,), "OR@12 7": (156, 157),
    "IR 14": (169,), "B 14": (185,), "OR@6 14": (197,), "IR 21": (209,), "B 21": (222,), "OR@6 21": (234,),
    "OR@3 21": (246,), "OR@12 21": (258,), "IR 28": (3001,), "B 28": (3005,),
}  # fmt: skip


def misfit(files: Files) -> str | None:
    for path in files.ending(".npz", ".mat"):
        if any(_VARIABLE.fullmatch(name) for name in arrays.variables(files.root / path)):
            return None
    return "no file holds arrays named DE, or X097_DE_time and alike"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Every file is a machine of its own. Healthy ones are cut into a training and a test part, faulty ones are one
    event from end to end. Sensors are those that all files have."""
    found: dict[PurePosixPath, dict[str, NDArray[np.float32]]] = {}
    rejected: list[Rejected] = []
    paths = files.ending(".npz", ".mat")
    for done, path in enumerate(paths, start=1):
        try:
            if "48k" in str(path).casefold():
                raise UserError("sampled at 48 kHz: only the recordings at 12 kHz are read")
            found[path] = _channels(files.root / path)
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(paths), "Reading bearings")
    if not found:
        raise nothing(files, rejected)
    common = [place for place in _PLACES if all(place in channels for channels in found.values())]
    if not common:
        raise UserError("The recordings have no sensor in common", str(files.where), "Name files with the same sensors")
    units: list[SeriesUnit] = []
    unknown: list[str] = []
    for path, channels in found.items():
        units += _units(path.stem, np.stack([channels[place] for place in common], 1), unknown)
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=tuple(Sensor(f"acceleration, {_PLACES[place]}", "g") for place in common),
        units=tuple(units),
        kind="waveform",
        time_unit="s",
        rate=RATE,
        rejected=(*files.rejected, *rejected),
        notes=tuple(_notes(found, common, unknown)),
    )


def _channels(path: Path) -> dict[str, NDArray[np.float32]]:
    """Place to (n,); all of a file are as long as its shortest."""
    channels = {}
    for variable, array in arrays.load(path).items():
        if match := _VARIABLE.fullmatch(variable):
            channels[match[1]] = arrays.finite(arrays.as_matrix(array, path), path)[:, 0]
    if not channels:
        raise UserError(f"{path.name} holds no array named DE, or X097_DE_time and alike", str(path))
    n = min(map(len, channels.values()))
    return {place: values[:n] for place, values in channels.items()}


def _units(stem: str, values: NDArray[np.float32], unknown: list[str]) -> list[SeriesUnit]:
    state = condition_of(stem)
    time = np.arange(len(values)) / RATE
    if state == "normal":
        whole = SeriesUnit(stem, stem, "train", values, time, ())
        return divided(whole, int(TRAIN_SHARE * len(values)))
    if state is None:
        unknown.append(stem)
        return [SeriesUnit(stem, stem, "test", values, time)]
    return [SeriesUnit(stem, stem, "test", values, time, (Event(0, len(values), kind=state),))]


def condition_of(stem: str) -> str | None:
    """What a file's name says of the bearing: ``normal``, ``inner race 0.007 in``…; None where it says nothing."""
    if _NORMAL.search(stem):
        return "normal"
    if match := _FAULT.search(stem):
        return _fault(match["element"], match["before"] or match["after"], int(match["size1"] or match["size2"]))
    if stem.isdigit():
        for state, firsts in _NUMBERED.items():
            if any(first <= int(stem) < first + 4 for first in firsts):
                place, _, size = state.partition(" ")
                element, _, position = place.partition("@")
                return _fault(element, position, int(size)) if size else state
    return None


def _fault(element: str, position: str | None, mil: int) -> str:
    at = f" at {position} o'clock" if position else ""
    return f"{_ELEMENTS[element]}{at} {mil / 1000:.3f} in"


def _notes(
    found: dict[PurePosixPath, dict[str, NDArray[np.float32]]], common: list[str], unknown: list[str]
) -> list[str]:
    notes = [
        "Faults were ground into a few bearings: windows of one recording on both sides of a split leak the bearing, "
        "and figures near 100\u00a0% follow. Here every faulty recording is held out whole.",
        "The healthy bearing is a single one for each load: its test part is later, but the same bearing.",
        f"The rate is taken to be {RATE / 1000:g} kHz, also of the healthy recordings.",
    ]
    for place, title in _PLACES.items():
        n = sum(place in channels for channels in found.values())
        if n and place not in common:
            notes.append(f"The sensor at the {title} is left out: only {n} of {len(found)} files have it.")
    if unknown:
        notes.append(
            f"Names that do not say which fault it is, unlabelled: {count(len(unknown), 'file')}: {', '.join(unknown)}."
        )
    return notes


FORMAT = RecordingFormat(
    "cwru", "CWRU bearings", "Normal.npz, IR_7.npz or 97.mat, 105.mat: acceleration at 12 kHz", misfit, read
)
