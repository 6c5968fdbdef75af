"""Acceleration at the housing of a rolling bearing, sampled at 12 kHz: normal ones, and three in which a fault grows.

The model of Antoni and Randall (J. Sound and Vibration 265, 2003; MSSP 25, 2011): each time a fault is struck, the
structure rings at its resonance; the rolling elements slip a little, so the times of the strikes are a random walk; the
load zone modulates a fault that moves through it. The shaft's harmonics and noise are there from the beginning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.datasets.recordings import faultline
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Split
from core.progress import Progress

Fault = Literal["outer race", "inner race", "ball"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
RATE = 12_000.0  # samples per second
SPEED = 29.95  # revolutions of the shaft per second: 1797 rpm
# Strikes per revolution in a 6205 deep-groove bearing (9 balls of 0.3126 in on 1.537 in): a fault of the ball strikes
# both races. The cage turns 0.398 times.
STRIKES: dict[Fault, float] = {"outer race": 3.5848, "inner race": 5.4152, "ball": 4.7135}
CAGE = 0.3983
# The rhythm in which the fault passes through the load zone, per revolution; a fault of the outer race stays in it.
PASSES: dict[Fault, float] = {"outer race": 0.0, "inner race": 1.0, "ball": CAGE}
SLIP = 0.01  # sd of the time between strikes, as a share of it
RESONANCE = 3200.0  # Hz
DAMPING = 0.03  # of critical
RINGING = 240  # samples until a strike has died away
NOISE = 0.05  # g rms
HARMONICS = (0.03, 0.015, 0.008)  # g, of the shaft
END = 1.5  # g, what the fault is struck with at the end
GROWTH = 3.0  # the fault's size grows as exp(3 u) - 1 from its onset, u = 0, to the end, u = 1


def make(seed: int = 0, *, seconds: float = 20.0) -> SeriesSet:
    """Nine bearings, ``seconds`` each: four normal ones to learn from and two to test on, and one for each kind of
    fault, which sets in after 35 to 50 % and grows until the end."""
    units = [
        record(seed, number, f"normal {number + 1}", seconds, split="train" if number < 4 else "test")
        for number in range(6)
    ]
    units += [record(seed, 100 + number, f"{fault} fault", seconds, fault=fault) for number, fault in enumerate(FAULTS)]
    return SeriesSet(
        name="bearing",
        root=Path(),
        format=faultline.FORMAT,
        sensors=(Sensor("acceleration", "g"),),
        units=tuple(units),
        kind="waveform",
        time_unit="s",
        rate=RATE,
        notes=(f"Simulated: a 6205 bearing at {60 * SPEED:.0f} rpm, its housing resonant at {RESONANCE:.0f} Hz.",),
    )


def write(out: Path, seed: int = 0, progress: Progress = Progress()) -> None:
    """Write ``make(seed)`` into the new folder ``out``, whole or not at all. UserError where there is something."""
    faultline.write(make(seed), out, progress)


def record(
    seed: int,
    number: int,
    name: str,
    seconds: float,
    *,
    fault: Fault | None = None,
    split: Split = "test",
) -> SeriesUnit:
    """One bearing, ``number`` of those that ``seed`` names; each runs at a speed of its own within 1 %."""
    rng = np.random.default_rng([seed, number])
    n = round(seconds * RATE)
    time = np.arange(n) / RATE
    speed = SPEED * rng.uniform(0.99, 1.01)
    phases = rng.uniform(0, 2 * np.pi, len(HARMONICS))
    wave = NOISE * rng.uniform(0.9, 1.1) * rng.standard_normal(n)
    for order, (amplitude, phase) in enumerate(zip(HARMONICS, phases, strict=True), start=1):
        wave += amplitude * np.sin(2 * np.pi * order * speed * time + phase)
    events: tuple[Event, ...] = ()
    if fault is not None:
        onset = int(rng.uniform(0.35, 0.50) * n)
        wave[onset:] += _struck(rng, n - onset, fault, speed)
        events = (Event(onset, n, (0,), f"{fault} fault"),)
    values = np.round(wave, 4).astype(np.float32)[:, None]
    return SeriesUnit(name, name, split, values, time, events=events, failed=fault is not None)


def _struck(rng: np.random.Generator, n: int, fault: Fault, speed: float) -> NDArray[np.float64]:
    """(n,) what the housing does from the onset of the fault until the end."""
    period = RATE / (STRIKES[fault] * speed)  # samples
    count = int(n / period * (1 + 4 * SLIP)) + 8  # surely as many as there is time for
    at = np.cumsum(period * (1 + SLIP * rng.standard_normal(count)))
    at = at[at < n - 1]
    grown = np.expm1(GROWTH * at / n) / np.expm1(GROWTH)
    load = 1 + 0.8 * np.cos(2 * np.pi * PASSES[fault] * speed * at / RATE) if PASSES[fault] else 1.0
    force = END * grown * load * rng.uniform(0.9, 1.1, len(at))

    # Sampled exactly, though a strike falls between samples.
    first = np.ceil(at).astype(np.int64)
    steps = first[:, None] + np.arange(RINGING)
    since = (steps - at[:, None]) / RATE
    natural = 2 * np.pi * RESONANCE
    ringing = np.exp(-DAMPING * natural * since) * np.sin(natural * np.sqrt(1 - DAMPING**2) * since)
    inside = steps < n
    return np.asarray(np.bincount(steps[inside], (force[:, None] * ringing)[inside], minlength=n), np.float64)
