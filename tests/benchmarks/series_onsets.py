"""When did it begin: how far the told onset of a slow drift is from the true one.

    python -m tests.benchmarks.series_onsets [--pumps 4] [--drifts 40]

Simulated pumps of 3,000 steps in which something drifts evenly, by 2, 4 or 8 sd over 300, 600 or 1,200 steps, from a
moment drawn anew each time. Three worlds:

- ``steady``: one sensor drifts, the plant's demand only wanders;
- ``load cycle``: one sensor drifts, the plant changes between three loads every 80 to 400 steps, in training too;
- ``process``: several sensors drift together (cavitation, blockage), under that load cycle.

PCA T2+Q at its defaults learns from 20,000 normal steps of the same pump. A stretch goes from the first alarm of a
promised 0.1 % within the drift to its end. Asked is the sensor that ``evidence`` names first, where it is a culprit;
drifts without an alarm, or with another sensor first, are counted and left out, for all ways alike. Three ways:

- ``readings, near``: the change point in the sensor's own readings, as far back as the detector needs (the way before);
- ``readings``: the same, looked for further back (``core.explain.began``) with nothing taken off;
- ``against the others``: what the product tells.

Told are the median of the absolute errors in steps (an onset that is not told is infinitely far off) with a 95 %
interval (drifts drawn anew), their 90 % quantile, the share within 20 steps, and how many innocents (the first sensor
that is no culprit) are told to have changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.machines.faults import inject, spread
from core.detectors import registry
from core.detectors.series.training import train_series
from core.explain.began import onsets, traced
from core.explain.causes import Methods
from core.explain.counterfactual import culprits
from core.explain.onset import Onset, onset
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.progress import Progress

WORLDS = ("steady", "load cycle", "process")
WAYS = ("readings, near", "readings", "against the others")
STEPS, TRAIN = 3000, 20_000
SIZES_SD, LENGTHS, QUIET = (2.0, 4.0, 8.0), (300, 600, 1200), 600
LOADS, DWELL = (-1.5, 0.0, 1.5), (80, 400)  # sd of the demand; steps
SURPRISE = 3.0  # -log10 of the promised rate
NEAR = 20
RESAMPLES = 2000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pumps", type=int, default=4)
    options.add_argument("--drifts", type=int, default=40, help="of each pump in each world")
    asked = options.parse_args()
    for world in WORLDS:
        rows = [row for seed in range(asked.pumps) for row in _told(world, seed, asked.drifts)]
        known = [row for row in rows if row is not None]
        print(f"{world}: {len(known)} of {len(rows)} drifts with an alarm and a culprit named first", flush=True)
        for way, errors in zip(WAYS, np.array([row[0] for row in known]).T, strict=True):
            low, high = _interval(errors)
            print(
                f"  {way}: median {_median(errors):.0f} ({low:.0f} to {high:.0f}), 90 % within "
                f"{np.quantile(errors, 0.9, method='higher'):.0f}, within {NEAR} steps {np.mean(errors <= NEAR):.2f}"
            )
        innocents = np.array([row[1] for row in known]).mean(axis=0)
        print("  innocents told to have changed: " + ", ".join(map("{} {:.2f}".format, WAYS, innocents)), flush=True)


def _told(world: str, seed: int, drifts: int) -> Iterator[tuple[list[float], list[bool]] | None]:
    """Of each drift the error by each way, and whether an innocent is told to have changed; None where it is left
    out."""
    data = machine(world, seed, drifts)
    model = train_series("pca-t2q", registry.parameters("pca-t2q", {}), 0, data, Progress()).model
    reference = Reference.of(model, data, "pump-1")
    for unit in data.test().units:
        (event,) = unit.events or ()
        alarms = np.flatnonzero(model.score(unit).now.surprise[event.start : event.stop] > SURPRISE)
        if not len(alarms):
            yield None
            continue
        stretch = Stretch.of(model, unit, event.start + int(alarms[0]), event.stop, "now")
        ways = Methods(stretch, reference)
        ranking = ways.rank("evidence")
        order = ranking.order.tolist() if ranking is not None else []
        if not order or order[0] not in event.sensors:
            yield None
            continue
        guilty = [one.sensor for one in culprits(stretch, reference, ways.replaced)]
        innocent = next(sensor for sensor in order if sensor not in event.sensors)
        first = _ways(stretch, unit, reference, order[0], guilty)
        other = _ways(stretch, unit, reference, innocent, guilty)
        errors = [np.inf if one is None else float(abs(one.step - event.start)) for one in first]
        yield errors, [one is not None for one in other]


def _ways(
    stretch: Stretch, unit: SeriesUnit, reference: Reference, sensor: int, guilty: list[int]
) -> list[Onset | None]:
    near = stretch.values[: stretch.lead + stretch.n, sensor].astype(np.float64)
    far = stretch.member.scaler.apply(unit.values[: stretch.start + stretch.n])[:, sensor].astype(np.float64)
    alone = onset(near, near, stretch.lead)
    return [
        None if alone is None else replace(alone, step=alone.step + stretch.start - stretch.lead),
        traced(far, far, stretch.lead, stretch.start),
        onsets(stretch, unit, reference, [sensor], guilty)[sensor],
    ]


def machine(world: str, seed: int, drifts: int) -> SeriesSet:
    """One pump: a normal day to learn from, and ``drifts`` recordings with one drift each."""
    loaded = world != "steady"
    train = pump.record(seed, 0, TRAIN, _cycle(np.random.default_rng([seed, 0]), TRAIN) if loaded else None)
    units = [replace(train, name="train", split="train", events=None)]
    for number in range(drifts):
        rng = np.random.default_rng([seed, 1 + number])
        unit = pump.record(seed, 1 + number, STEPS, _cycle(rng, STEPS) if loaded else None)
        length, size = int(rng.choice(LENGTHS)), float(rng.choice(SIZES_SD))
        start = int(rng.integers(QUIET, STEPS - length))
        if world == "process":
            unit = _process(unit, str(rng.choice(list(pump.PROCESS_FAULTS))), start, start + length, size)
        else:
            unit = inject(unit, int(rng.integers(13)), start, start + length, "drift", size * rng.choice((-1, 1)))
        units.append(replace(unit, name=f"drift {number}"))
    return pump.make(seed, steps=8400).of(units)


def _process(unit: SeriesUnit, kind: str, start: int, stop: int, size_sd: float) -> SeriesUnit:
    """A fault of the process that grows evenly."""
    share = {pump.COLUMN[name]: share for name, share in pump.PROCESS_FAULTS[kind].items()}
    size = size_sd * spread(unit, list(share)) * np.array(list(share.values()))
    values = unit.values.copy()
    values[start:stop, list(share)] += (np.linspace(0, 1, stop - start + 1)[1:, None] * size).astype(np.float32)
    return replace(unit, values=values, events=(Event(start, stop, tuple(sorted(share)), kind),))


def _cycle(rng: np.random.Generator, steps: int) -> NDArray[np.float64]:
    lengths = rng.integers(*DWELL, size=steps // DWELL[0] + 1)
    return np.repeat(rng.choice(LOADS, len(lengths)), lengths)[:steps]


def _median(errors: NDArray[np.float64]) -> float:
    return float(np.quantile(errors, 0.5, method="higher"))


def _interval(errors: NDArray[np.float64]) -> tuple[float, float]:
    drawn = np.random.default_rng(0).integers(len(errors), size=(RESAMPLES, len(errors)))
    low, high = np.quantile([_median(errors[row]) for row in drawn], (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
