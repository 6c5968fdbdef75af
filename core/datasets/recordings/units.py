"""Steps that several formats share: events from labels, splits that never change, one unit cut into two."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, Sensor, SeriesUnit
from core.datasets.wording import count, percent


def events_of(
    anomalous: NDArray[np.bool_], sensors: tuple[int, ...] = (), kind: str | None = None
) -> tuple[Event, ...]:
    """One event for each unbroken run of true in (n,)."""
    edges = np.flatnonzero(np.diff(anomalous.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return tuple(Event(int(start), int(stop), sensors, kind) for start, stop in edges)


def drawn(names: Collection[str], share: float) -> frozenset[str]:
    """``share`` of the names, at least one, less than all: those whose hashes are lowest, so the same on every machine
    and whatever the order. A single name is drawn."""
    ranked = sorted(names, key=lambda name: hashlib.sha256(f"faultline.series.1 {name}".encode()).digest())
    n = min(max(round(share * len(ranked)), 1), max(len(ranked) - 1, 1))
    return frozenset(ranked[:n])


def divided(unit: SeriesUnit, step: int) -> list[SeriesUnit]:
    """``unit`` before ``step`` for training and from it on for test. A side without steps is left out."""
    sides = [
        replace(unit.cut(0, step), name=f"{unit.name}/train", split="train"),
        replace(unit.cut(step, len(unit)), name=f"{unit.name}/test", split="test"),
    ]
    return [side for side in sides if len(side)]


def steps(n: int) -> NDArray[np.float64]:
    """(n,) 0, 1, …: the time of recordings that have none."""
    return np.arange(n, dtype=np.float64)


@dataclass(frozen=True)
class Extent:
    """Of each of d sensors over units: how many values are missing, and the lowest and highest (NaN without any)."""

    missing: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def still(self) -> NDArray[np.bool_]:
        """(d,) true where all values are equal."""
        return np.asarray(self.low == self.high)


def extent(units: Sequence[SeriesUnit]) -> Extent:
    """One pass over the values of one or more units with the same sensors."""
    matrices = [unit.values for unit in units if len(unit)]
    return Extent(
        np.sum([np.isnan(matrix).sum(0) for matrix in matrices], axis=0),
        np.fmin.reduce([np.fmin.reduce(matrix, axis=0) for matrix in matrices]),
        np.fmax.reduce([np.fmax.reduce(matrix, axis=0) for matrix in matrices]),
    )


def described(sensors: Sequence[Sensor], units: Sequence[SeriesUnit]) -> list[str]:
    """What a person should know of the readings: how much is missing, and which sensors never move."""
    found, total = extent(units), sum(map(len, units))
    notes = [
        f"{sensor.name}: {percent(n / total, 2)} of the values are missing."
        for sensor, n in zip(sensors, found.missing.tolist(), strict=True)
        if n
    ]
    still = [sensor.name for sensor, same in zip(sensors, found.still.tolist(), strict=True) if same]
    if still:
        notes.append(f"{count(len(still), 'sensor')} with the same value throughout: {', '.join(still)}.")
    return notes
