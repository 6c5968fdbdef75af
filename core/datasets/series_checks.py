"""Are recordings fit to train on? Counts, sensors, sampling, and what stands in the way, in sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from core.datasets.recordings.copies import copies
from core.datasets.recordings.units import Extent, extent
from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.types import Split
from core.datasets.wording import count, percent, such_as, verb

FEW_NORMAL_STEPS = 1000  # a false-alarm rate of 1e-3 cannot be checked on fewer
MUCH_MISSING = 0.2
_SAMPLED = 4096  # values of each sensor that the median is taken of


@dataclass(frozen=True, slots=True)
class UnitCount:
    """Units and steps of a split by what is known of them: ``healthy`` is a first part that stands for normal."""

    split: Split
    n_units: int
    n_machines: int
    n_steps: int
    n_normal: int  # labelled normal, or standing for it
    n_anomalous: int
    n_unknown: int
    n_events: int
    n_events_with_sensors: int
    n_failures: int


@dataclass(frozen=True, slots=True)
class SensorStatistics:
    """Over all units; ``median`` of evenly spaced values. None where there is no value."""

    name: str
    unit: str | None
    role: str
    missing: float  # share
    low: float | None
    median: float | None
    high: float | None
    constant: bool
    constant_in_training: bool


@dataclass(frozen=True, slots=True)
class Sampling:
    """Steps between readings in the set's time unit; ``gaps`` is the share longer than 1.5 medians."""

    median: float | None
    longest: float | None
    gaps: float


@dataclass(frozen=True)
class SeriesSummary:
    """What a person should know before training. ``leaks`` are (training unit, test unit) with the same readings."""

    counts: list[UnitCount]
    sensors: list[SensorStatistics]
    sampling: Sampling
    leaks: list[tuple[str, str]]
    warnings: list[str]


def summary(data: SeriesSet) -> SeriesSummary:
    """Look at recordings in one pass over their values."""
    train, test = ([unit for unit in data.units if unit.split == split] for split in ("train", "test"))
    counts = [_counted("train", train), _counted("test", test)]
    sensors = _sensors(data, train)
    leaks = [] if data.kind == "rows" else copies(train, test)
    warnings = [*_about_training(data, counts[0], sensors), *_about_test(data, train, test, counts[1], leaks)]
    return SeriesSummary(counts, sensors, _sampling(data), leaks, warnings)


def _counted(split: Split, units: list[SeriesUnit]) -> UnitCount:
    normal = anomalous = 0
    for unit in units:
        labels = unit.labels()
        if labels is not None:
            anomalous += int(labels.sum())
        if labels is not None or unit.healthy is not None:
            normal += int(unit.normal().sum())
    steps = sum(map(len, units))
    events = [event for unit in units for event in unit.events or ()]
    return UnitCount(
        split=split,
        n_units=len(units),
        n_machines=len({unit.machine for unit in units}),
        n_steps=steps,
        n_normal=normal,
        n_anomalous=anomalous,
        n_unknown=steps - normal - anomalous,
        n_events=len(events),
        n_events_with_sensors=sum(bool(event.sensors) for event in events),
        n_failures=sum(unit.failed for unit in units),
    )


def _sensors(data: SeriesSet, train: list[SeriesUnit]) -> list[SensorStatistics]:
    units = [unit for unit in data.units if len(unit)]
    if not units:
        return []
    found, total = extent(units), sum(map(len, units))
    still = _learned(train).still if train else np.zeros(len(data.sensors), bool)
    medians = _medians(units)
    return [
        SensorStatistics(
            name=sensor.name,
            unit=sensor.unit,
            role=sensor.role,
            missing=int(found.missing[index]) / total,
            low=_known(found.low[index]),
            median=_known(medians[index]),
            high=_known(found.high[index]),
            constant=bool(found.still[index]),
            constant_in_training=bool(still[index]),
        )
        for index, sensor in enumerate(data.sensors)
    ]


def _learned(train: list[SeriesUnit]) -> Extent:
    """Of what may be learned from."""
    normal = [unit.cut(0, unit.healthy) if unit.healthy is not None else unit for unit in train]
    return extent([unit for unit in normal if len(unit)] or train)


def _medians(units: list[SeriesUnit]) -> list[float]:
    """Of about 4096 evenly spaced steps; NaN for a sensor of which none of them has a value."""
    stride = max(sum(map(len, units)) // _SAMPLED, 1)
    sample = np.concatenate([unit.values[::stride] for unit in units])
    present = [column[~np.isnan(column)] for column in sample.T]
    return [float(np.median(column)) if len(column) else np.nan for column in present]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _sampling(data: SeriesSet) -> Sampling:
    steps = [np.diff(unit.time) for unit in data.units if len(unit) > 1]
    if data.kind == "rows" or not steps:
        return Sampling(None, None, 0.0)
    medians = [float(np.median(one)) for one in steps]
    gaps = sum(int((one > 1.5 * median).sum()) for one, median in zip(steps, medians, strict=True))
    return Sampling(float(np.median(medians)), max(float(one.max()) for one in steps), gaps / sum(map(len, steps)))


def _about_training(data: SeriesSet, counted: UnitCount, sensors: list[SensorStatistics]) -> list[str]:
    found = []
    if not counted.n_units:
        found.append("Nothing is for training.")
    if counted.n_anomalous:
        n = counted.n_anomalous
        found.append(
            f"{count(n, 'step')} of the training units {verb(n, 'is', 'are')} labelled anomalous and left out."
        )
    few = {name: n for name, n in _usable(data).items() if 0 < n < FEW_NORMAL_STEPS}
    if few and data.fleet:
        found.append(
            f"There are only {sum(few.values())} normal steps to learn from, fewer than {FEW_NORMAL_STEPS}: low "
            "false-alarm rates cannot be promised."
        )
    elif few:
        found.append(
            f"Fewer than {FEW_NORMAL_STEPS} normal steps to learn from: {count(len(few), 'machine')} "
            f"{such_as(sorted(few))}. Low false-alarm rates cannot be promised there."
        )
    gappy = [one.name for one in sensors if one.missing > MUCH_MISSING]
    if gappy:
        found.append(f"More than {percent(MUCH_MISSING, 0)} missing: {count(len(gappy), 'sensor')} {such_as(gappy)}.")
    still = [one.name for one in sensors if one.constant]
    if still:
        found.append(f"The same value throughout: {count(len(still), 'sensor')} {such_as(still)}.")
    return found + _about_new_movement(data)


def _usable(data: SeriesSet) -> dict[str, int]:
    """Normal training steps by the models there will be: one for a fleet, else one for each machine."""
    found: Counter[str] = Counter()
    for unit in data.units:
        if unit.split == "train":
            found["fleet" if data.fleet else unit.machine] += int(unit.normal().sum())
    return dict(found)


def _about_new_movement(data: SeriesSet) -> list[str]:
    """Sensors of which a model learns that they never move, and which then do."""
    groups: dict[str, list[SeriesUnit]] = defaultdict(list)
    for unit in data.units:
        if len(unit):
            groups["fleet" if data.fleet else unit.machine].append(unit)
    found: dict[str, list[str]] = defaultdict(list)
    for group, units in groups.items():
        train, test = ([unit for unit in units if unit.split == split] for split in ("train", "test"))
        if not train or not test:
            continue
        moves = _learned(train).still & ~extent(test).still
        for index in np.flatnonzero(moves):
            if data.sensors[index].role == "signal":
                found[data.sensors[index].name].append(group)
    if not found:
        return []
    names = sorted(found)
    where = "" if data.fleet else f", in {count(len({m for group in found.values() for m in group}), 'machine')}"
    return [f"Constant in training but not in test: {count(len(names), 'sensor')} {such_as(names)}{where}."]


def _about_test(
    data: SeriesSet,
    train: list[SeriesUnit],
    test: list[SeriesUnit],
    counted: UnitCount,
    leaks: list[tuple[str, str]],
) -> list[str]:
    found = []
    if not test:
        found.append("Nothing is kept for test.")
    elif all(unit.events is None for unit in test):
        proxies = counted.n_failures or any(unit.healthy is not None for unit in test)
        instead = "; runs to failure are judged by when they alarm" if proxies else ": detectors cannot be judged on it"
        found.append(f"Nobody labelled the test part{instead}.")
    elif not counted.n_anomalous:
        found.append("The test part holds no anomaly: only false alarms can be judged.")
    if not data.fleet:
        lone = sorted({unit.machine for unit in test} - {unit.machine for unit in train})
        if lone and train:
            found.append(f"Without a training part: {count(len(lone), 'machine')} {such_as(lone)}.")
    if leaks:
        found.append(
            f"The same readings lie in training and test: {count(len(leaks), 'test unit')} "
            f"{such_as([test_name for _, test_name in leaks])}. Figures would be too good."
        )
    return found
