"""A stream from SMAP and MSL telemetry: families of channels as tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.continual.config import RecordedSpec
from core.continual.descriptors import band_levels
from core.continual.severity import SeverityTable
from core.continual.source import Ground, Part, PoolSource
from core.continual.windows import pool_of, windows
from core.datasets.readers import read_series
from core.datasets.series import SeriesUnit
from core.errors import UserError
from core.progress import Progress

WINDOW, HOP, BANDS = 64, 8, 8
CALIBRATION_SHARE = 0.3  # of a training part, its end
SILENT = -12.0  # log level of a channel that stands still


class _Event(NamedTuple):
    title: str
    channel: str
    start: int
    stop: int


class _Channel(NamedTuple):
    """Both parts (n, 1) in sd of the training part, and where the test part is anomalous (n,)."""

    train: NDArray[np.float32]
    test: NDArray[np.float32]
    anomalous: NDArray[np.bool_]


def describe_telemetry(waves: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 64, 1) in sd of the channel's training part to (n, 12): extremes, trend, and levels in bands."""
    signal = waves[..., 0]
    third = signal.shape[1] // 3
    trend = signal[:, -third:].mean(axis=1) - signal[:, :third].mean(axis=1)
    shape = np.stack([signal.min(axis=1), signal.max(axis=1), trend], axis=1)
    levels = np.maximum(band_levels(waves, BANDS), SILENT)  # a channel that stands still has no level
    return np.concatenate([shape, levels], axis=1).astype(np.float32)


def telemetry_ground(spec: RecordedSpec, seed: int, progress: Progress) -> Ground:
    """Families of channels as tasks; labelled events are held out whole. UserError where no family has two events."""
    data = read_series(spec.path, format="smap-msl", progress=progress)
    parts = {(unit.machine, unit.split): unit for unit in data.units}
    names = sorted({name for name, _ in parts if (name, "train") in parts and (name, "test") in parts})
    channels = {name: _scaled(parts[name, "train"], parts[name, "test"]) for name in names}
    events = [
        _Event(f"{name} event {k + 1}", name, event.start, event.stop)
        for name in names
        for k, event in enumerate(parts[name, "test"].events or ())
    ]
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name.split("-")[0], []).append(name)
    usable = [family for family, own in families.items() if sum(event.channel in own for event in events) >= 2]
    if not usable:
        raise UserError("No family of channels has two labelled events", str(spec.path), "Add channels")
    generator = np.random.default_rng([seed, 8])
    largest = sorted(usable, key=lambda family: (-len(families[family]), family))[: spec.tasks]
    faults = ("normal", *(event.title for event in events))
    sources = []
    for family in sorted(largest):
        own = {name: channels[name] for name in families[family]}
        here = [event for event in events if event.channel in own]
        order = generator.permutation(len(here))
        train = {here[k].title for k in order[: len(here) // 2]}
        sources.append(_family(family, own, here, train, faults))
    notes = (
        "There is no public severity for this telemetry: severities are a proxy, 0.5 + 0.5 x rank of length x largest "
        "deviation in sd of the training part.",
        "Labelled events are held out whole; normal probe windows come from the test parts, away from events.",
        "No point adjustment. Some events are trivial and some labels are wrong, as is known of this set.",
        "Families without two labelled events, or beyond the number of tasks, are left out.",
    )
    origins = tuple(f"telemetry, family {family}" for family in sorted(largest))
    return Ground(tuple(sources), faults, "", origins, notes, severities=_proxy(events, channels))


def _family(
    family: str, channels: dict[str, _Channel], events: Sequence[_Event], train: set[str], faults: tuple[str, ...]
) -> PoolSource:
    found: dict[Part, list[tuple[int, NDArray[np.float32]]]] = {"train": [], "calibration": [], "probe": []}
    for channel in channels.values():
        cut = int((1 - CALIBRATION_SHARE) * len(channel.train))
        found["train"].append((0, windows(channel.train[:cut], WINDOW, HOP)))
        found["calibration"].append((0, windows(channel.train[cut + WINDOW :], WINDOW, HOP)))
        near = np.convolve(channel.anomalous, np.ones(2 * WINDOW + 1), "same") > 0
        starts = np.arange(0, max(len(near) - WINDOW + 1, 0), HOP)
        clean = ~near[starts] & ~near[starts + WINDOW - 1]
        found["probe"].append((0, windows(channel.test, WINDOW, HOP)[clean]))
    for event in events:
        signal = channels[event.channel].test
        short = max(WINDOW - (event.stop - event.start), 0)  # a short event is looked at with what is around it
        first = min(max(event.start - short // 2, 0), len(signal) - WINDOW)
        seen = windows(signal[first : max(event.stop, first + WINDOW)], WINDOW, HOP)
        found["train" if event.title in train else "probe"].append((faults.index(event.title), seen))
    pools = {part: pool_of(parts) for part, parts in found.items()}
    return PoolSource(f"family {family}", {"vibration": describe_telemetry}, pools)


def _scaled(train: SeriesUnit, test: SeriesUnit) -> _Channel:
    """In sd of the training part, or in hundredths of the range where that stands still."""
    column = train.values[:, 0].astype(np.float64)
    range_ = float(np.ptp(np.concatenate([column, test.values[:, 0]])))
    spread = max(float(column.std()), 0.01 * range_, 1e-6)
    labels = test.labels()
    return _Channel(
        ((train.values[:, :1] - column.mean()) / spread).astype(np.float32),
        ((test.values[:, :1] - column.mean()) / spread).astype(np.float32),
        np.zeros(len(test), bool) if labels is None else labels,
    )


def _proxy(events: Sequence[_Event], channels: dict[str, _Channel]) -> SeverityTable:
    weights = [
        (event.stop - event.start) * float(np.abs(channels[event.channel].test[event.start : event.stop]).max())
        for event in events
    ]
    rank = np.argsort(np.argsort(weights)) / max(len(weights) - 1, 1)
    rows = tuple((event.title, float(0.5 + 0.5 * place)) for event, place in zip(events, rank, strict=True))
    return SeverityTable("proxy", rows)
