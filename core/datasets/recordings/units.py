"""Steps that several formats share: events from labels, splits that never change, one unit cut into two."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, Sensor, SeriesUnit
from core.datasets.wording import count


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


def described(sensors: Sequence[Sensor], units: Sequence[SeriesUnit]) -> list[str]:
    """What a person should know of the readings: how much is missing, and which sensors never move."""
    notes, still = [], []
    total = sum(map(len, units))
    for index, sensor in enumerate(sensors):
        columns = [unit.values[:, index] for unit in units]
        missing = sum(int(np.isnan(column).sum()) for column in columns)
        if missing:
            notes.append(f"{sensor.name}: {missing / total:.2%} of the values are missing.")
        present = [column[~np.isnan(column)] for column in columns]
        lows, highs = [c.min() for c in present if len(c)], [c.max() for c in present if len(c)]
        if lows and min(lows) == max(highs):
            still.append(sensor.name)
    if still:
        notes.append(f"{count(len(still), 'sensor')} with the same value throughout: {', '.join(still)}.")
    return notes
