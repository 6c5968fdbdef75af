"""Small recordings for the pages: machines with labelled faults, runs to failure, rows, and a raw signal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit

SENSORS = (Sensor("pressure", "bar"), Sensor("flow", "m3/h"), Sensor("dead"), Sensor("setpoint", role="condition"))


def machines(n: int = 600) -> SeriesSet:
    """Two pumps: ``n`` normal steps of each to learn from, and ``n`` with one fault of the first to test on."""
    units = [_unit(f"pump-{k}/train", f"pump-{k}", "train", n, seed=k) for k in (1, 2)]
    for k in (1, 2):
        unit = _unit(f"pump-{k}/test", f"pump-{k}", "test", n, seed=10 + k)
        if k == 1:
            unit.values[200:240, 1] += 9
            unit = replace(unit, events=(Event(200, 240, (1,), "leak"),))
        units.append(unit)
    return SeriesSet(
        "pumps", Path("/nowhere"), "table", SENSORS, tuple(units), time_unit="s", rate=1.0,
        notes=("Pressure was read by *another* instrument.",),
    )  # fmt: skip


def rows() -> SeriesSet:
    """Independent readings."""
    return replace(machines(), name="rows", kind="rows", time_unit="step", rate=None)


def failing() -> SeriesSet:
    """Six engines that run until they fail, four of them to learn from; nobody labelled a step."""
    units = [
        replace(_unit(f"engine {k}", f"engine {k}", "train" if k < 4 else "test", 200, seed=k), events=None)
        for k in range(6)
    ]
    units = [replace(unit, healthy=80, failed=True) for unit in units]
    return SeriesSet("engines", Path("/nowhere"), "table", SENSORS, tuple(units), time_unit="cycle")


def vibration(rate: float = 4000.0) -> SeriesSet:
    """A raw signal: two seconds of a normal and of a faulty bearing, and one that is too short to be cut."""
    time = np.arange(int(2 * rate)) / rate
    noise = np.random.default_rng(0).standard_normal((3, len(time))).astype(np.float32)
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
    units = (
        SeriesUnit("normal", "a", "train", noise[0][:, None] + tone[:, None], time, ()),
        SeriesUnit("faulty", "b", "test", 3 * noise[1][:, None], time, (Event(0, len(time), (0,), "spall"),)),
        SeriesUnit("short", "c", "test", noise[2][:100, None], time[:100], ()),
    )
    return SeriesSet(
        "bearings", Path("/nowhere"), "table", (Sensor("acceleration", "g"),), units, kind="waveform", time_unit="s",
        rate=rate,
    )  # fmt: skip


def _unit(name: str, machine: str, split: str, n: int, seed: int) -> SeriesUnit:
    values = np.random.default_rng(seed).standard_normal((n, len(SENSORS))).astype(np.float32)
    values[:, 2] = 7
    values[:, 3] = np.arange(n) // 100
    values[5, 0] = np.nan
    return SeriesUnit(name, machine, "train" if split == "train" else "test", values, np.arange(n, dtype=float), ())
