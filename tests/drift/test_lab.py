"""A drift by hand: what it leaves alone, what it does, and who notices it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.series import SeriesSet
from core.detectors import registry
from core.detectors.series.model import SeriesModel
from core.detectors.series.training import held_out, train_series
from core.drift import lab
from core.drift.reference import Reference
from core.drift.scenarios import Drift
from core.errors import UserError
from core.progress import Progress
from tests import toy_series as toys

ONSET = 700


@pytest.fixture(scope="module")
def data() -> SeriesSet:
    normal = toys.recording(0, 4000, split="train", name="normal")
    return toys.dataset(toys.swinging(normal), toys.swinging(toys.recording(4, 1500, (), "monday")))


@pytest.fixture(scope="module")
def model(data: SeriesSet) -> SeriesModel:
    return train_series("pca-t2q", registry.parameters("pca-t2q", {}), 0, data, Progress()).model


def test_nothing_changes_before_the_onset_and_in_other_sensors(model: SeriesModel, data: SeriesSet) -> None:
    names = [data.sensors[k].name for k in data.signals]
    (found,) = lab.drifted(model, data, "monday", Drift(kind="gain"), ONSET, sensors=names[:1]).units
    before = lab.aligned(data, model.raw_sensors).by_name["monday"].values
    assert np.array_equal(found.values[:ONSET], before[:ONSET], equal_nan=True)
    assert np.array_equal(found.values[:, 1:], before[:, 1:], equal_nan=True)
    assert found.values[ONSET:, 0] == pytest.approx(1.7 * before[ONSET:, 0], rel=1e-5)


def test_missing_readings_stay_missing(model: SeriesModel, data: SeriesSet) -> None:
    unit = data.by_name["monday"]
    values = unit.values.copy()
    values[900:910, 0] = np.nan
    holed = data.of([data.by_name["normal"], replace(unit, values=values)])
    (found,) = lab.drifted(model, holed, "monday", Drift(kind="filter"), ONSET).units
    assert np.isnan(found.values[900:910, 0]).all()
    assert np.isfinite(found.values[910:]).all()


def test_no_drift_is_the_recording_itself(model: SeriesModel, data: SeriesSet) -> None:
    same = lab.judge(model, lab.drifted(model, data, "monday", Drift(kind="noise", shape="none"), ONSET))
    clean = lab.judge(model, data.of([data.by_name["monday"]]))
    assert np.array_equal(same.surprise, clean.surprise)


def test_a_gross_drift_is_noticed_and_no_drift_is_not(model: SeriesModel, data: SeriesSet) -> None:
    clean = lab.judge(model, data.of([data.by_name["monday"]]))
    gross = lab.judge(model, lab.drifted(model, data, "monday", Drift(kind="offset", magnitude=2), ONSET))
    normals = model.prepared(data.where(lambda unit: unit.split == "train")).normals()
    reference = Reference.fit(model.member("*"), held_out(model, normals, "*", 0))
    found, without = lab.noticed(model.member("*"), reference, clean, gross, ONSET)
    assert without == ["latent"]
    assert {one.detector for one in found if one.view == "input" and one.after is not None} >= {"page-hinkley", "adwin"}
    assert all(0 < one.after <= 1500 - ONSET for one in found if one.after is not None)
    silent, _ = lab.noticed(model.member("*"), reference, clean, clean, ONSET)
    assert all(one.at == one.false_at and one.alarms == len(one.at) for one in silent)
    with pytest.raises(UserError, match="either side of the onset"):
        lab.noticed(model.member("*"), reference, clean, gross, 0)


def test_a_load_switch_takes_another_recording(model: SeriesModel, data: SeriesSet) -> None:
    with pytest.raises(UserError, match="no recordings of another load"):
        lab.drifted(model, data, "monday", Drift(kind="load"), ONSET)
    (found,) = lab.drifted(model, data, "monday", Drift(kind="load"), ONSET, other="normal").units
    taken = lab.aligned(data, model.raw_sensors).by_name["normal"].values
    assert found.values[ONSET:] == pytest.approx(taken[ONSET:1500], rel=1e-5)
