"""What stands in the way of training on recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.readers import read_series
from core.datasets.recordings.copies import copies
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.series_checks import summary
from core.datasets.types import Split


def unit(name: str, split: Split, n: int = 2000, seed: int = 0, events: tuple[Event, ...] | None = ()) -> SeriesUnit:
    values = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    return SeriesUnit(f"{name}/{split}", name, split, values, np.arange(n, dtype=np.float64), events)


def of(*units: SeriesUnit, fleet: bool = True) -> SeriesSet:
    sensors = (Sensor("a", "bar"), Sensor("b"), Sensor("c", role="condition"))
    return SeriesSet("set", Path("set"), "table", sensors, units, fleet=fleet)


def test_nothing_to_say_about_good_data() -> None:
    found = summary(of(unit("m", "train"), unit("m", "test", seed=1, events=(Event(5, 25, (1,)), Event(50, 51)))))
    assert found.warnings == [] and found.leaks == []
    train, test = found.counts
    assert (train.n_units, train.n_steps, train.n_normal, train.n_unknown) == (1, 2000, 2000, 0)
    assert (test.n_anomalous, test.n_normal, test.n_events, test.n_events_with_sensors) == (21, 1979, 2, 1)
    assert found.sampling.median == 1 and found.sampling.gaps == 0


def test_statistics_of_sensors() -> None:
    train = unit("m", "train")
    train.values[:, 0] = np.arange(2000)
    train.values[:500, 1] = np.nan
    train.values[:, 2] = 7
    a, b, c = summary(of(train)).sensors
    assert (a.low, a.high, a.unit, a.missing) == (0, 1999, "bar", 0) and a.median == pytest.approx(999.5)
    assert b.missing == 0.25 and not b.constant
    assert c.constant and c.constant_in_training and c.low == c.high == c.median == 7


def test_a_sensor_without_values_has_no_statistics() -> None:
    train = unit("m", "train")
    train.values[:, 0] = np.nan
    found = summary(of(train)).sensors[0]
    assert (found.low, found.median, found.high, found.missing) == (None, None, None, 1)


def warned(data: SeriesSet, *words: str) -> bool:
    return any(all(word in warning for word in words) for warning in summary(data).warnings)


def test_warnings() -> None:
    test = unit("m", "test", seed=1, events=(Event(5, 25),))
    assert warned(of(test), "Nothing is for training")
    assert warned(of(unit("m", "train"), replace(test, events=None)), "Nobody labelled the test part")
    assert warned(of(unit("m", "train"), replace(test, events=())), "no anomaly")
    assert warned(of(unit("m", "train")), "Nothing is kept for test")
    assert warned(of(unit("m", "train", 300), test), "only 300 normal steps")
    assert warned(of(unit("m", "train", 300), test, fleet=False), "1 machine (m)")
    assert warned(of(unit("m", "train", events=(Event(0, 10),)), test), "10 steps", "labelled anomalous")
    assert warned(of(unit("m", "train"), replace(test, machine="n"), fleet=False), "Without a training part", "n")


def test_a_sensor_that_only_moves_in_test() -> None:
    train, test = unit("m", "train"), unit("m", "test", seed=1, events=(Event(5, 25),))
    train.values[:, 1] = 3
    assert warned(of(train, test), "Constant in training but not in test", "(b)")
    assert warned(of(train, test, fleet=False), "in 1 machine")
    train.values[0, 1] = 4
    assert not warned(of(train, test), "Constant in training")


def test_copies_are_found_wherever_they_lie() -> None:
    train, test = unit("m", "train", seed=1), unit("m", "test", seed=2, events=(Event(5, 25),))
    assert copies([train], [test]) == []
    for start, stop in ((0, 99), (1234, 1333), (1900, 2000)):
        values = test.values.copy()
        values[777 : 777 + stop - start] = train.values[start:stop]
        leaking = replace(test, values=values)
        assert copies([train], [leaking]) == [("m/train", "m/test")], start
    assert warned(of(train, leaking), "same readings lie in training and test")


def test_equal_units_are_found_however_short() -> None:
    train = unit("m", "train", 30)
    assert copies([train], [replace(train, name="again", split="test")]) == [("m/train", "again")]


def test_machines_at_rest_are_no_copies() -> None:
    train, test = unit("m", "train"), unit("m", "test", seed=1)
    for one in (train, test):
        one.values[100:900] = (np.arange(800) % 4)[:, None]
    assert copies([train], [test]) == []


@pytest.mark.parametrize("name", ["cmapss/train_FD001.txt", "smd", "smap_msl", "femto"])
def test_published_sets_do_not_leak(shared_datasets: Path, name: str) -> None:
    assert summary(read_series(shared_datasets / name)).leaks == []
