"""Sound recordings: WAV files whose folders or names say normal or abnormal, as in MIMII (Purohit et al., DCASE 2019)
and the DCASE challenges."""

from __future__ import annotations

import re
import struct
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.datasets import names
from core.datasets.recordings import arrays
from core.datasets.recordings.contract import RecordingFormat
from core.datasets.recordings.dialect import shown
from core.datasets.recordings.files import SOUND, Files, nothing, rejection
from core.datasets.recordings.units import divided, drawn
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected, Split
from core.datasets.wording import count, percent
from core.errors import UserError
from core.progress import Progress

MAX_BYTES = 4 * 2**30
TRAIN_SHARE = 0.5  # of the normal recordings of a machine
_ID = re.compile(r"(?<![a-z])id_?\d+", re.IGNORECASE)

# What scipy raises for damaged files; NameError where a chunk is missing.
_FAULTS = (
    ValueError, OSError, EOFError, KeyError, IndexError, TypeError, ZeroDivisionError, NameError, MemoryError,
    struct.error,
)  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """What a path says: ``fan/id_00/normal/0.wav``, or ``fan/train/normal_id_00_0.wav``."""

    machine: str
    good: bool | None
    split: Split | None


def misfit(files: Files) -> str | None:
    n = len(files.ending(*SOUND))
    if not n:
        return "there is no WAV file"
    return None if 2 * n >= len(files.paths) else "most files are not WAV"


def read(files: Files, name: str | None, progress: Progress) -> SeriesSet:
    """Every recording is a unit of its machine, the first channel of it from -1 to 1."""
    paths = files.ending(*SOUND)
    total = sum((files.root / path).stat().st_size for path in paths)
    if total > MAX_BYTES:
        what = f"The recordings take {total / 2**30:.3g} GiB, more than the {MAX_BYTES / 2**30:.3g} GiB read at once"
        raise UserError(what, str(files.where), "Name a folder with fewer machines")
    signals: dict[PurePosixPath, tuple[int, NDArray[np.float32]]] = {}
    rejected: list[Rejected] = []
    channels: Counter[int] = Counter()
    for done, path in enumerate(paths, start=1):
        try:
            rate, signal = samples(files.root / path)
            signals[path] = rate, np.ascontiguousarray(signal[:, :1])
            channels[signal.shape[1]] += 1
        except UserError as error:
            rejected.append(rejection(path, error))
        progress.report(done, len(paths), "Reading recordings")
    if not signals:
        raise nothing(files, rejected)
    rate = Counter(rate for rate, _ in signals.values()).most_common(1)[0][0]
    others = {path: own for path, (own, _) in signals.items() if own != rate}
    rejected += [Rejected(str(path), f"sampled at {own} Hz, most others at {rate} Hz") for path, own in others.items()]
    kept = {path: signal for path, (_, signal) in signals.items() if path not in others}
    units, notes = _units(kept, rate)
    if any(n > 1 for n in channels):
        notes.append(
            f"Of recordings with several channels the first is used: {count(channels.total() - channels[1], 'file')}."
        )
    return SeriesSet(
        name=name or files.title,
        root=files.root,
        format=FORMAT.name,
        sensors=(Sensor("microphone", "of full scale"),),
        units=tuple(units),
        kind="sound",
        time_unit="s",
        rate=float(rate),
        fleet=False,
        rejected=(*files.rejected, *rejected),
        notes=tuple(notes),
    )


def samples(path: Path) -> tuple[int, NDArray[np.float32]]:
    """Rate in Hz and (n, channels) from -1 to 1, from whole numbers of 8 to 32 bits or floating point. UserError for
    what is no WAV file, is compressed, or has no samples."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # comments and the like behind the samples
            rate, found = wavfile.read(path)
    except _FAULTS as error:
        reason = shown(error) if isinstance(error, ValueError) else "damaged"
        what = f"{path.name} is no WAV recording that can be read ({reason})"
        raise UserError(what, str(path), "Export it as PCM WAV") from error
    if not found.size or not rate:
        raise UserError(f"{path.name} has no samples", str(path))
    if found.dtype == np.uint8:
        scaled = (found.astype(np.float32) - 128) / 128
    elif found.dtype.kind == "i":
        scaled = found.astype(np.float32) / np.float32(2.0 ** (8 * found.dtype.itemsize - 1))
    else:
        scaled = found.astype(np.float32)
    return int(rate), arrays.finite(scaled.reshape(len(found), -1), path)


def _place(path: PurePosixPath) -> _Place:
    good: bool | None = None
    split: Split | None = None
    machine = []
    for folder in path.parts[:-1]:
        if names.is_split(folder):
            split = "train" if names.is_train(folder) else "test"
        elif names.is_good(folder) or names.is_bad(folder):
            good = names.is_good(folder)
        else:
            machine.append(folder)
    for word in re.split(r"[_\-. ]+", path.stem):
        if good is None and (names.is_good(word) or names.is_bad(word)):
            good = names.is_good(word)
    if (match := _ID.search(path.stem)) is not None:
        machine.append(match[0])
    return _Place("/".join(machine) or "machine", good, split)


def _units(signals: Mapping[PurePosixPath, NDArray[np.float32]], rate: int) -> tuple[list[SeriesUnit], list[str]]:
    places = {path: _place(path) for path in signals}
    units = [_unit(path, places[path], signal, rate) for path, signal in signals.items()]
    notes = [
        "Loudness alone can tell recordings apart, where the microphone or the gain changed between normal and "
        "abnormal ones: compare with it before trusting a score.",
    ]
    if all(place.good is None for place in places.values()):
        notes.append("No folder or name says which recordings are normal: what is for training is taken for normal.")
    if all(place.split is not None for place in places.values()):
        return units, [*notes, "The folders say which recordings are for training."]
    if len(units) == 1:
        return divided(units[0], len(units[0]) // 2), [*notes, "The first half of the recording is for training."]
    usable: dict[str, list[str]] = defaultdict(list)
    for path, place in places.items():
        if place.good is not False and place.split is None:
            usable[place.machine].append(str(path.with_suffix("")))
    train = frozenset[str]().union(*(drawn(recordings, TRAIN_SHARE) for recordings in usable.values()))
    units = [
        replace(unit, split=place.split or ("train" if unit.name in train else "test"))
        for unit, place in zip(units, places.values(), strict=True)
    ]
    return units, [
        *notes,
        f"Of each machine's normal recordings {percent(TRAIN_SHARE, 0)}, chosen by their names, are for training.",
    ]


def _unit(path: PurePosixPath, place: _Place, signal: NDArray[np.float32], rate: int) -> SeriesUnit:
    events: tuple[Event, ...] | None = None
    if place.good is not None:
        events = () if place.good else (Event(0, len(signal), kind="abnormal"),)
    time = np.arange(len(signal)) / rate
    return SeriesUnit(str(path.with_suffix("")), place.machine, place.split or "test", signal, time, events)


FORMAT = RecordingFormat(
    "sound", "Sound recordings", "normal/0.wav, abnormal/0.wav, for each machine (MIMII, DCASE)", misfit, read
)
