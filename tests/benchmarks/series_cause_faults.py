"""Machines with faults of known culprits, by which rules that name culprits are chosen without anybody's labels.

Four worlds, each a set with training normals and one test recording a machine whose events name the sensors at fault:

- ``pump, single``: one sensor of the simulated pump at fault by 1 to 4 sd, or a process fault that several follow;
- ``pump, several``: two to five of its sensors at fault by 1 to 4 sd each, one after the other;
- ``servers``: sensors that share a few loads, some with heavy tails or bursts, a third of which wander after training;
- ``replayed``: faults put into the last two fifths of given training recordings, whose own labels play no part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.machines.faults import SensorFault, inject, upset
from core.datasets.synthetic.machines.latents import ar1

Floats = NDArray[np.floating]

ROOM = 420  # steps that an event has for itself, undisturbed ones before it included
QUIET = 200  # undisturbed steps before an event at least
TRAIN = 20_000
KINDS: tuple[SensorFault, ...] = ("bias", "drift", "stuck", "noise")  # a sensor that falls silent needs no ranking
SIZES_SD = (1.0, 4.0)
LENGTHS = (20, 120)
SERVERS = 24
UP = 0.75  # share of faults that raise a reading


def single(seed: int, events: int) -> SeriesSet:
    """One sensor at a time; every fourth event is a fault of the process."""
    rng, unit = np.random.default_rng([seed, 1]), pump.record(seed, 2, ROOM * events)
    for number in range(events):
        start, stop = _place(rng, number)
        size = rng.uniform(*SIZES_SD)
        if number % 4 == 3:
            kind = str(rng.choice(list(pump.PROCESS_FAULTS)))
            signature = {pump.COLUMN[name]: share for name, share in pump.PROCESS_FAULTS[kind].items()}
            unit = upset(unit, signature, start, stop, kind, size, turbulence=pump.TURBULENCE[kind], seed=seed)
        else:
            unit = inject(unit, int(rng.integers(13)), start, stop, _kind(rng), size * _sign(rng), seed)
    return _pump(seed, unit)


def several(seed: int, events: int) -> SeriesSet:
    """Two to five sensors of one event, which begin within its first half and end with it."""
    rng, unit = np.random.default_rng([seed, 2]), pump.record(seed, 3, ROOM * events)
    told = []
    for number in range(events):
        start, stop = _place(rng, number)
        culprits = rng.choice(13, int(rng.integers(2, 6)), replace=False)
        for sensor in culprits:
            onset = start + int(rng.integers((stop - start) // 2))
            unit = inject(unit, int(sensor), onset, stop, _kind(rng), rng.uniform(*SIZES_SD) * _sign(rng), seed)
        told.append(Event(start, stop, tuple(sorted(map(int, culprits)))))
    return _pump(seed, replace(unit, events=tuple(told)))


def servers(seed: int, events: int) -> SeriesSet:
    """Faults of 1.5 to 10 sd on one to seven sensors, each over a part of the event."""
    rng = np.random.default_rng([seed, 3])
    loads = rng.normal(size=(4, SERVERS)) * (rng.random((4, SERVERS)) < 0.4)
    noise, tail = rng.uniform(0.2, 1, SERVERS), rng.choice(3, SERVERS, p=(0.5, 0.3, 0.2))

    def running(n: int) -> Floats:
        values = np.stack([ar1(rng, n, tau) for tau in (20.0, 60.0, 150.0, 400.0)], axis=1) @ loads
        values += noise * rng.standard_normal(values.shape)
        values[:, tail == 1] = np.exp(0.7 * values[:, tail == 1])
        for sensor in np.flatnonzero(tail == 2):
            values[:, sensor] *= 0.15
            for start in rng.integers(n - 20, size=n // 400):
                values[start : start + rng.integers(2, 15), sensor] += rng.exponential(2.0)
        return values

    train, test = running(TRAIN), running(ROOM * events)
    for sensor in rng.choice(SERVERS, SERVERS // 3, replace=False):
        test[:, sensor] += 2 * test[:, sensor].std() * ar1(rng, len(test), 6000.0)
    spread, told = train.std(axis=0), []
    for number in range(events):
        start, stop = _place(rng, number)
        culprits = rng.choice(SERVERS, int(rng.integers(1, 8)), replace=False)
        for sensor in culprits:
            a, b = _part(rng, stop - start)
            test[start + a : start + b, sensor] += rng.uniform(1.5, 10) * spread[sensor] * _sign(rng)
        told.append(Event(start, stop, tuple(sorted(map(int, culprits)))))
    sensors = tuple(Sensor(f"s{number}") for number in range(SERVERS))
    units = (_unit("train", train, ()), replace(_unit("test", test, tuple(told)), split="test"))
    return SeriesSet("servers", Path(), "simulated", sensors, units)


def replayed(seed: int, data: SeriesSet, events: int) -> SeriesSet:
    """``events`` faults a machine in the last two fifths of its training recording, the rest to learn from. An event is
    large or small as a whole (lognormal, median 8 sd), its sensors about it; more than half of them are related."""
    rng, units = np.random.default_rng([seed, 4]), []
    for unit in (one for one in data.units if one.split == "train"):
        cut = int(0.6 * len(unit))
        values, spread = np.array(unit.values[cut:], np.float32), np.maximum(unit.values[:cut].std(axis=0), 0.02)
        with np.errstate(all="ignore"):
            related = np.argsort(-np.abs(np.nan_to_num(np.corrcoef(unit.values[:cut].T))), axis=1)
        room, told = len(values) // events, []
        for number in range(events):
            length = int(np.clip(rng.lognormal(3.5, 1.0), 3, room - 150))
            start = number * room + int(rng.integers(120, max(room - length, 121)))
            culprits = _related(rng, related, min(int(rng.geometric(0.2)), 12))
            common = rng.lognormal(2.1, 0.8)
            for sensor in culprits:
                size = common * rng.lognormal(0.0, 0.7) * spread[sensor] * _sign(rng)
                inside = values[start : start + length, sensor]
                inside += (size * _course(rng, len(inside))).astype(np.float32)
                np.maximum(inside, -0.2 if size < 0 else 0.0, out=inside)  # loads are shares: they end at 0
            told.append(Event(start, min(start + length, len(values)), tuple(sorted(culprits))))
        test = replace(unit, name=f"{unit.machine}/test", split="test", values=values, time=unit.time[cut:])
        units += [replace(unit.cut(0, cut), name=f"{unit.machine}/train"), replace(test, events=tuple(told))]
    return data.of(units)


def _place(rng: np.random.Generator, number: int) -> tuple[int, int]:
    length = int(rng.integers(*LENGTHS))
    start = number * ROOM + int(rng.integers(QUIET, ROOM - length))
    return start, start + length


def _part(rng: np.random.Generator, length: int) -> tuple[int, int]:
    start = int(rng.integers(max(length // 2, 1)))
    return start, int(rng.integers(start + 1, length + 1))


def _course(rng: np.random.Generator, length: int) -> Floats:
    """(length,) one of four: a step, a short step, up and down again, noise."""
    start, stop = _part(rng, length)
    found, shape = np.zeros(length), rng.integers(4)
    if shape == 2:
        return np.interp(np.arange(length), [0, length / 2, length], [0, 1, 0.3])
    if shape == 3:
        found[start:stop] = rng.standard_normal(stop - start)
    else:
        found[start : stop if shape == 0 else start + max(1, length // 20)] = 1.0
    return found


def _related(rng: np.random.Generator, related: NDArray[np.int64], wanted: int) -> set[int]:
    first = int(rng.integers(len(related)))
    found = {first}
    while len(found) < wanted:
        near = rng.random() < 0.6
        found.add(int(related[first, rng.integers(1, 12)] if near else rng.integers(len(related))))
    return found


def _kind(rng: np.random.Generator) -> SensorFault:
    return KINDS[int(rng.integers(len(KINDS)))]


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < UP else -1.0


def _pump(seed: int, test: SeriesUnit) -> SeriesSet:
    train = replace(pump.record(seed, 0, TRAIN), name="train", split="train", events=None)
    return pump.make(seed, steps=8400).of((train, replace(test, name="test")))


def _unit(name: str, values: Floats, events: tuple[Event, ...]) -> SeriesUnit:
    return SeriesUnit(name, "servers", "train", values.astype(np.float32), np.arange(len(values), dtype=float), events)
