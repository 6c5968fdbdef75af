"""The simulated pump: repeatable, plausible, at fault exactly where it says, and each sensor is known to the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.recordings import faultline
from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.machines.faults import SENSOR_FAULTS, inject, upset
from core.datasets.synthetic.machines.faults import spread as spread_of


def spread(unit: SeriesUnit) -> np.ndarray:
    """Of all sensors."""
    return spread_of(unit, range(unit.values.shape[1]))


@pytest.fixture(scope="module")
def machine() -> SeriesSet:
    return pump.make(0, steps=8400)


def test_the_same_seed_gives_the_same_recordings(machine: SeriesSet) -> None:
    assert pump.make(0, steps=8400).content_id == machine.content_id
    assert pump.make(1, steps=8400).content_id != machine.content_id


def test_written_and_read_again_it_is_the_same_set(machine: SeriesSet, tmp_path: Path) -> None:
    short = machine.of([unit.cut(0, 700) for unit in machine.units])
    faultline.write(short, tmp_path / "pump")
    again = faultline.read(tmp_path / "pump")
    assert again.content_id == short.content_id
    assert (again.name, again.notes, again.rate) == (short.name, short.notes, short.rate)


def test_train_and_one_test_recording_are_normal_and_the_other_holds_every_fault_in_every_size(
    machine: SeriesSet,
) -> None:
    train, normal, faulty = machine.units
    assert (train.split, normal.split, faulty.split) == ("train", "test", "test")
    assert train.events == normal.events == ()
    assert faulty.events is not None
    kinds = [event.kind for event in faulty.events]
    assert sorted(kinds) == sorted([*SENSOR_FAULTS, *pump.PROCESS_FAULTS] * len(pump.SIZES_SD))
    assert all(one.stop < two.start for one, two in zip(faulty.events, faulty.events[1:], strict=False))
    assert all(len(event.sensors) == (1 if event.kind in SENSOR_FAULTS else len(pump.PROCESS_FAULTS[event.kind]))
               for event in faulty.events)  # fmt: skip


def test_outside_the_events_and_off_the_culprits_nothing_was_changed(machine: SeriesSet) -> None:
    clean, faulty = pump.record(0, 2, 8400), machine.units[2]
    untouched = np.ones(clean.values.shape, bool)
    for event in faulty.events or ():
        untouched[event.start : event.stop, list(event.sensors)] = False
    assert np.array_equal(clean.values[untouched], faulty.values[untouched])
    assert not np.array_equal(clean.values, faulty.values)


def test_readings_obey_the_laws_of_pumps(machine: SeriesSet) -> None:
    read = dict(zip(pump.COLUMN, machine.units[0].values.T.astype(float), strict=True))
    hydraulic = read["flow"] * (read["discharge_pressure"] - read["suction_pressure"]) / 36
    efficiency = hydraulic / read["motor_power"]
    assert efficiency.min() > 0.65 and efficiency.max() < 0.76
    assert np.corrcoef(read["motor_power"], read["motor_current"])[0, 1] > 0.95
    assert np.corrcoef(read["flow"], read["suction_pressure"])[0, 1] < 0  # friction in the suction pipe
    assert (machine.units[0].values > 0).all()


def test_every_sensor_is_told_by_the_others_well_enough_to_find_a_liar(machine: SeriesSet) -> None:
    """Reconstruction-based contribution of the linear model of the training data (Alcala and Qin 2009)."""
    train, normal = (unit.values.astype(float) for unit in machine.units[:2])
    precision = np.linalg.inv(np.cov((train / train.std(axis=0)).T))
    rng, hits = np.random.default_rng(0), []
    for sensor in range(train.shape[1]):
        rows = (normal[rng.integers(0, len(normal), 300)] - train.mean(axis=0)) / train.std(axis=0)
        rows[:, sensor] += 2 * rng.choice((-1, 1), len(rows))
        contribution = (rows @ precision) ** 2 / np.diag(precision)
        hits.append(np.mean(contribution.argmax(axis=1) == sensor))
    assert np.mean(hits) > 0.97


def test_normal_days_are_alike(machine: SeriesSet) -> None:
    train, normal = machine.units[:2]
    shift = (normal.values.mean(axis=0) - train.values.mean(axis=0)) / spread(train)
    assert np.abs(shift).max() < 0.15
    assert np.abs(np.log(spread(normal) / spread(train))).max() < 0.1


@pytest.mark.parametrize("kind", SENSOR_FAULTS)
def test_a_fault_has_the_size_that_was_asked_for(machine: SeriesSet, kind: str) -> None:
    clean = machine.units[0]
    spoilt = inject(clean, 3, 1000, 3000, kind, 2.5)  # type: ignore[arg-type]
    error = (spoilt.values - clean.values)[1000:3000, 3].astype(float) / spread(clean)[3]
    if kind == "bias":
        assert np.allclose(error, 2.5, atol=1e-3)
    elif kind == "drift":
        assert np.allclose(error, np.linspace(0, 2.5, 2001)[1:], atol=1e-3)
    elif kind == "stuck":
        held = spoilt.values[1000:3000, 3]
        assert np.ptp(held) == 0 and error[0] == pytest.approx(2.5, abs=1e-3)
    elif kind == "dropout":
        assert np.isnan(spoilt.values[1000:3000, 3]).all()
    else:
        assert error.std() == pytest.approx(2.5, rel=0.06) and abs(error.mean()) < 0.25
    assert spoilt.events is not None and spoilt.events[-1].sensors == (3,)
    assert np.isfinite(clean.values).all()  # the given unit stays as it was


def test_a_fault_of_the_process_moves_its_sensors_by_their_shares(machine: SeriesSet) -> None:
    clean = machine.units[0]
    spoilt = upset(clean, {0: -1.0, 10: 0.5}, 100, 300, "blockage", 4)
    moved = (spoilt.values - clean.values)[100:300] / spread(clean)
    assert np.allclose(moved[-1, [0, 10]], [-4, 2], atol=1e-3)
    assert abs(moved[0, 0]) < 1  # it comes on
    assert spoilt.events is not None and spoilt.events[0].sensors == (0, 10)


def test_faults_outside_the_recording_are_refused(machine: SeriesSet) -> None:
    with pytest.raises(ValueError, match="no steps"):
        inject(machine.units[0], 0, 8000, 9000, "bias", 2)
    with pytest.raises(ValueError, match="no steps"):
        inject(machine.units[0], 13, 0, 10, "bias", 2)
    with pytest.raises(ValueError, match="do not hold"):
        pump.make(0, steps=2000)


def test_a_unit_without_labels_is_taken_for_normal_elsewhere(machine: SeriesSet) -> None:
    unknown = replace(machine.units[0], events=None)
    labels = inject(unknown, 0, 10, 20, "bias", 2).labels()
    assert labels is not None and labels.sum() == 10
