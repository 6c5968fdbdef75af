"""The simulated turbofans: regimes move the sensors, wear moves the culprits from the onset on, and only those."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.series import SeriesSet
from core.datasets.synthetic.machines import turbofan


@pytest.fixture(scope="module")
def fleet() -> SeriesSet:
    return turbofan.make(0)


def residuals(fleet: SeriesSet) -> dict[str, np.ndarray]:
    """(n, 12) readings of each engine less those of new ones in the same regime, in sd."""
    regimes = np.array(turbofan.REGIMES, float)

    def regime(values: np.ndarray) -> np.ndarray:
        return np.abs(values[:, None, :3] - regimes).sum(axis=2).argmin(axis=1)

    healthy = np.concatenate([unit.values[: unit.healthy] for unit in fleet.units if unit.split == "train"])
    own = regime(healthy)
    centre = np.stack([healthy[own == k, 3:].mean(axis=0) for k in range(6)])
    scale = np.stack([healthy[own == k, 3:].std(axis=0) for k in range(6)])
    return {u.name: (u.values[:, 3:] - centre[regime(u.values)]) / scale[regime(u.values)] for u in fleet.units}


def test_the_same_seed_gives_the_same_fleet(fleet: SeriesSet) -> None:
    assert turbofan.make(0).content_id == fleet.content_id
    assert turbofan.make(1).content_id != fleet.content_id


def test_engines_run_to_failure_and_are_held_out_whole(fleet: SeriesSet) -> None:
    assert len(fleet) == len(fleet.machines) == 30
    assert [unit.split for unit in fleet.units].count("train") == 18
    assert fleet.conditions == [0, 1, 2] and fleet.time_unit == "cycle" and fleet.fleet
    for unit in fleet.units:
        assert unit.failed and unit.life_left == 0
        assert unit.events is not None and unit.healthy is not None
        (event,) = unit.events
        assert unit.healthy < event.start < event.stop == len(unit)
        assert unit.normal().sum() == unit.healthy
    components = {unit.events[0].kind for unit in fleet.units if unit.events and unit.split == "test"}
    assert len(components) == len(turbofan.WEAR)


def test_regimes_move_the_sensors_far_more_than_wear(fleet: SeriesSet) -> None:
    values = fleet.units[0].values
    whole = values[:, 3:].std(axis=0)
    ground = np.abs(values[:, 0]) < 1
    assert (whole / values[ground][:20, 3:].std(axis=0)).min() > 3


def test_sea_level_readings_are_those_of_the_standard_atmosphere(fleet: SeriesSet) -> None:
    ground = np.concatenate([u.values[: u.healthy][np.abs(u.values[: u.healthy, 0]) < 1] for u in fleet.units])
    assert ground[:, turbofan.COLUMN["T2"]].mean() == pytest.approx(518.67, rel=0.003)
    assert ground[:, turbofan.COLUMN["P2"]].mean() == pytest.approx(14.696, rel=0.003)


def test_wear_moves_its_sensors_and_no_others(fleet: SeriesSet) -> None:
    found = residuals(fleet)
    for unit in fleet.units:
        assert unit.events is not None
        (event,) = unit.events
        wear = turbofan.WEAR[(event.kind or "").removesuffix(" wear")]
        assert {fleet.sensors[column].name for column in event.sensors} == set(wear)
        last = np.median(found[unit.name][-5:], axis=0)
        for sensor, shift in zip(fleet.sensors[3:], last, strict=True):
            if sensor.name in wear:
                assert np.sign(shift) == np.sign(wear[sensor.name]) and abs(shift) > 1.5, (unit.name, sensor.name)
            else:
                assert abs(shift) < 3, (unit.name, sensor.name)


def test_before_the_onset_nothing_grows(fleet: SeriesSet) -> None:
    found = residuals(fleet)
    early, late = [], []
    for unit in fleet.units:
        assert unit.events is not None
        onset = unit.events[0].start
        early.append(found[unit.name][: onset // 2])
        late.append(found[unit.name][onset // 2 : onset])
    assert np.abs(np.concatenate(late).mean(axis=0) - np.concatenate(early).mean(axis=0)).max() < 0.15
