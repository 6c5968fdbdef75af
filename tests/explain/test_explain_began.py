from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.machines.faults import inject
from core.detectors.registry import parameters
from core.detectors.series.training import train_series
from core.explain.began import onsets
from core.explain.onset import onset
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.progress import Progress
from tests.explain.toys import correlated, data, model

STEPS, START, STOP = 2400, 900, 1800  # a drift of 900 steps
ALARM = 1500
SENSORS = ("flow", "motor_current", "winding_temperature", "discharge_pressure", "vibration_de", "tank_level")


def shifts(seed: int, steps: int) -> np.ndarray:
    """A plant that runs at three loads, some hundred steps each."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(100, 300, steps // 100)
    return np.repeat(rng.choice((-1.5, 0.0, 1.5), len(lengths)), lengths)[:steps]


@pytest.fixture(scope="module")
def loaded():
    """A pump under a load cycle, its model, and what is normal for it."""
    train = replace(pump.record(0, 0, 6000, shifts(0, 6000)), name="train", split="train", events=None)
    found = pump.make(0, steps=8400).of((train, replace(pump.record(0, 1, STEPS, shifts(1, STEPS)), name="test")))
    fitted = train_series("pca-t2q", parameters("pca-t2q", {}), 0, found, Progress()).model
    return found, fitted, Reference.of(fitted, found, "pump-1")


def drifting(loaded, name: str, size_sd: float):
    """The stretch from the alarm to the end of a slow drift of one sensor, and the unit."""
    found, fitted, _ = loaded
    unit = inject(found.units[1], pump.COLUMN[name], START, STOP, "drift", size_sd)
    return Stretch.of(fitted, unit, ALARM, STOP, "now"), unit


def test_a_slow_drift_under_a_load_cycle_is_dated_by_when_it_began(loaded) -> None:
    errors, before = [], []
    for name in SENSORS:
        stretch, unit = drifting(loaded, name, 4.0)
        sensor = pump.COLUMN[name]
        told = onsets(stretch, unit, loaded[2], [sensor], [sensor])[sensor]
        assert told is not None and told.manner == "drifted" and told.apart
        errors.append(abs(told.step - START))
        readings = stretch.values[: stretch.lead + stretch.n, sensor].astype(np.float64)
        alone = onset(readings, readings, stretch.lead)
        before.append(abs(stretch.start - stretch.lead + alone.step - START) if alone else STEPS)
    assert np.median(errors) <= 10
    assert max(errors) <= 60
    assert np.median(before) > 100  # by the readings near the stretch alone


def test_a_load_step_is_nobodys_onset(loaded) -> None:
    found, fitted, reference = loaded
    unit = found.units[1]
    steps = np.flatnonzero(np.diff(shifts(1, STEPS))) + 1
    at = int(steps[np.searchsorted(steps, 400)])
    stretch = Stretch.of(fitted, unit, at - 40, at + 60, "now")
    flow = pump.COLUMN["flow"]
    readings = stretch.values[: stretch.lead + stretch.n, flow].astype(np.float64)
    assert onset(readings, readings, stretch.lead) is not None
    assert onsets(stretch, unit, reference, [flow], [])[flow] is None


@pytest.mark.parametrize("far", [8.0, 40.0])
def test_sensors_that_leave_what_is_usual_together_have_an_onset_all_the_same(far) -> None:
    values = correlated(900, seed=7)
    causes = np.random.default_rng(42).standard_normal((2, 6))  # those of ``correlated``: the others account for all
    values[500:] += (np.linspace(0, far, 400)[:, None] * causes[0]).astype(np.float32)
    found = data(values)
    fitted = model(found)
    unit, reference = found.units[1], Reference.of(fitted, found, "m")
    most = int(np.argmax(np.abs(causes[0])))
    told = onsets(Stretch.of(fitted, unit, 700, 900, "now"), unit, reference, [most], [])[most]
    assert told is not None and told.manner == "drifted"
    assert not told.apart
    assert abs(told.step - 500) <= 40


def test_those_that_may_be_at_fault_together_do_not_vouch_for_one_another() -> None:
    found = data(correlated(50))
    reference = Reference.of(model(found), found, "m")
    rows = reference.rows[:200]
    alone = reference.expected_without(rows, [2])
    np.testing.assert_allclose(alone[:, 0], reference.expected(rows)[:, 2], atol=1e-9)
    moved = rows.copy()
    moved[:, 4] += 5
    np.testing.assert_array_equal(reference.expected_without(moved, [2, 4]), reference.expected_without(rows, [2, 4]))
    everybody = reference.expected_without(rows, range(6))
    np.testing.assert_allclose(everybody, np.broadcast_to(reference.mean, everybody.shape))
