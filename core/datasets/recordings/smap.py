"""SMAP and MSL spacecraft telemetry, as telemanom lays it out (Hundman et al., Detecting Spacecraft Anomalies Using
LSTMs and Nonparametric Dynamic Thresholding, KDD 2018)."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import arrays
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.files import Files, nothing, rejection
from core.datasets.recordings.units import events_of, steps
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.datasets.wording import count
from core.errors import UserError
from core.progress import Progress

LABELS = "labeled_anomalies.csv"


def misfit(files: Files) -> str | None:
    if LABELS not in files.names:
        return f"there is no {LABELS}"
    return None if files.under("test") else "there is no folder named test"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Channels as ``P-1/train`` and ``P-1/test``; the first column is telemetry, the others are commands."""
    label_file = files.root / next(path for path in files.paths if path.name.casefold() == LABELS)
    labels = _labels(label_file)
    train, test = files.under("train"), files.under("test")
    units: list[SeriesUnit] = []
    rejected: list[Rejected] = []
    for done, (channel, path) in enumerate(sorted(test.items()), start=1):
        try:
            if channel not in labels:
                raise UserError(f"{LABELS} has no row for the channel {channel}", str(label_file))
            if channel in train:
                values = arrays.matrix(files.root / train[channel])
                units.append(SeriesUnit(f"{channel}/train", channel, "train", values, steps(len(values))))
            values = arrays.matrix(files.root / path)
            events = _events(labels[channel], len(values))
            units.append(SeriesUnit(f"{channel}/test", channel, "test", values, steps(len(values)), events))
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(test), "Reading channels")
    if not units:
        raise nothing(files, rejected)
    widths = sorted({unit.values.shape[1] for unit in units})
    commands = [Sensor(f"command {i}", role="condition") for i in range(1, widths[-1])]
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=(Sensor("telemetry"), *commands),
        units=tuple(_widened(unit, widths[-1]) for unit in units),
        fleet=False,
        rejected=(*files.rejected, *rejected),
        notes=tuple(_notes(units, labels, widths)),
    )


def _labels(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """Channel to (first, last, class) of every labelled sequence; those of a channel with several rows (P-2) join."""
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            try:
                sequences = json.loads(row["anomaly_sequences"])
                kinds = row["class"].strip("[] ").split(",")
                pairs = [(int(first), int(last)) for first, last in sequences]
                channel = row["chan_id"]
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                what = f"{path.name} has a row without chan_id, anomaly_sequences and class as telemanom writes them"
                raise UserError(what, str(path), "Fetch the file again") from error
            for index, (first, last) in enumerate(pairs):
                found[channel].append((first, last, kinds[min(index, len(kinds) - 1)].strip()))
    return dict(found)


def _events(sequences: list[tuple[int, int, str]], n: int) -> tuple[Event, ...]:
    """Both ends of a sequence are anomalous; sequences that overlap (P-2) become one event."""
    found: list[Event] = []
    marked = np.zeros(n, bool)
    for first, last, _ in sequences:
        marked[first : last + 1] = True
    for event in events_of(marked):
        kind = next(kind for first, last, kind in sequences if first < event.stop and last >= event.start)
        found.append(Event(event.start, event.stop, kind=kind))
    return tuple(found)


def _widened(unit: SeriesUnit, width: int) -> SeriesUnit:
    missing = width - unit.values.shape[1]
    if not missing:
        return unit
    values: NDArray[np.float32] = np.pad(unit.values, ((0, 0), (0, missing)))
    return SeriesUnit(unit.name, unit.machine, unit.split, values, unit.time, unit.events)


def _notes(units: list[SeriesUnit], labels: dict[str, list[tuple[int, int, str]]], widths: list[int]) -> list[str]:
    here = {unit.machine for unit in units}
    notes = [
        "The channels are not aligned in time and belong to different devices: every channel gets its own model.",
        "Only the first column is telemetry; the others are commands sent, coded as 0 and 1.",
        "There are no labels of single sensors, and nobody labelled the training parts, which are taken for normal.",
    ]
    absent = sorted(set(labels) - here)
    if absent:
        notes.append(f"{LABELS} also lists {count(len(absent), 'channel')} without files: {', '.join(absent)}.")
    lone = sorted(
        {unit.machine for unit in units if unit.split == "test"} - {u.machine for u in units if u.split == "train"}
    )
    if lone:
        notes.append(f"Without a training part: {', '.join(lone)}.")
    still = sorted(unit.machine for unit in units if unit.split == "train" and np.ptp(unit.values[:, 0]) == 0)
    if still:
        notes.append(f"Telemetry that never moves in training, in {count(len(still), 'channel')}: {', '.join(still)}.")
    if len(widths) > 1:
        notes.append(
            f"Channels have {' or '.join(str(width - 1) for width in widths)} commands; those that a channel lacks "
            "read 0 in it."
        )
    return notes


FORMAT = RecordingFormat(
    "smap-msl", "SMAP and MSL telemetry", f"train/P-1.npz, test/P-1.npz, {LABELS} (telemanom)", misfit, read
)
