"""Training over time: who learns from what, who calibrates, what test data may never touch, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.series import Event, Kind, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Split
from core.detectors.registry import info, parameters
from core.detectors.series.model import SHARED, SeriesModel
from core.detectors.series.training import FittedSeries, Scope, held_out, train_series
from core.errors import UserError
from core.features.signals.front_end import FrontEnd
from core.progress import Progress


def unit(
    name: str, n: int = 400, machine: str = "m", split: Split = "train", seed: int = 0, **about: Any
) -> SeriesUnit:
    values = np.random.default_rng([seed, n]).standard_normal((n, 3)).astype(np.float32)
    return SeriesUnit(name, machine, split, values, np.arange(n, dtype=float), **about)


def dataset(*units: SeriesUnit, kind: Kind = "series", fleet: bool = True, rate: float | None = None) -> SeriesSet:
    return SeriesSet("set", Path(), "toy", tuple(Sensor(f"s{i}") for i in range(3)), units, kind, "s", rate, fleet)


def fitted(data: SeriesSet, detector: str = "pca-t2q", scope: Scope = "auto", **params: Any) -> FittedSeries:
    return train_series(detector, parameters(detector, params), 0, data, Progress(), scope=scope)


def test_test_units_change_nothing() -> None:
    train = [unit("a", seed=1), unit("b", seed=2)]
    wild = unit("t", split="test", seed=3)
    one = fitted(dataset(*train, wild))
    other = fitted(dataset(*train, replace(wild, values=1e6 * wild.values)))
    assert set(one.roles) == {each.sha256 for each in train}
    for mode in ("now", "settled"):
        mine, theirs = (found.model.members[SHARED].calibration.threshold(0.01, mode) for found in (one, other))
        assert mine == theirs
    np.testing.assert_array_equal(one.model.members[SHARED].scaler.centre, other.model.members[SHARED].scaler.centre)


def test_anomalies_and_what_follows_the_healthy_part_are_not_learned() -> None:
    labelled = unit("a", 1000, events=(Event(200, 260),))
    worn = unit("b", 1000, healthy=500, seed=1)
    spoilt = [replace(one, values=one.values.copy()) for one in (labelled, worn)]
    spoilt[0].values[200:260] = 1e5
    spoilt[1].values[500:] = -1e5
    one, other = fitted(dataset(labelled, worn)), fitted(dataset(*spoilt))
    for found, again in zip(one.model.members.values(), other.model.members.values(), strict=True):
        np.testing.assert_array_equal(found.scaler.centre, again.scaler.centre)
        assert found.calibration.threshold(0.01, "now") == again.calibration.threshold(0.01, "now")


def test_whole_units_calibrate_where_there_are_five() -> None:
    units = [unit(f"u{number}", seed=number) for number in range(10)]
    found = fitted(dataset(*units))
    roles = list(found.roles.values())
    assert (roles.count("fit"), roles.count("calibration")) == (8, 2)
    held = held_out(found.model, dataset(*units).normals(), "m", 0)
    assert {each.sha256 for each in held} == {key for key, role in found.roles.items() if role == "calibration"}
    assert found.model.members[SHARED].calibration.n == 800


def test_the_end_of_each_recording_calibrates_where_there_are_few() -> None:
    data = dataset(unit("a", 1000))
    found = fitted(data)
    (held,) = held_out(found.model, data.normals(), "m", 0)
    assert len(held) == 200 and held.time[0] == 800
    assert found.model.members[SHARED].calibration.n == 200
    # What calibrates was not learned from: not even its level is known to the scaler.
    moved = data.units[0].values.copy()
    moved[800:] += 1000
    again = fitted(data.of([replace(data.units[0], values=moved)]))
    np.testing.assert_array_equal(found.model.members[SHARED].scaler.centre, again.model.members[SHARED].scaler.centre)


def test_one_model_for_a_fleet_or_one_for_each_machine() -> None:
    units = [unit("a", machine="left"), unit("b", machine="right", seed=1)]
    assert set(fitted(dataset(*units)).model.members) == {SHARED}
    assert set(fitted(dataset(*units, fleet=False)).model.members) == {"left", "right"}
    assert set(fitted(dataset(*units), scope="each").model.members) == {"left", "right"}
    assert set(fitted(dataset(*units, fleet=False), scope="one").model.members) == {SHARED}
    with pytest.raises(UserError, match="not learned the machine «new»"):
        fitted(dataset(*units), scope="each").model.member("new")


def test_rows_are_learned_one_by_one_however_anomalies_lie_between_them() -> None:
    every_other = tuple(Event(step, step + 1) for step in range(0, 400, 2))
    data = dataset(unit("a", events=every_other), kind="rows")
    (normal,) = data.normals().units
    assert normal.time.tolist() == list(range(1, 400, 2)) and not normal.labels().any()  # type: ignore[union-attr]
    found = fitted(data, "kmeans", clusters=3)
    assert found.params.model_dump()["window"] == 1
    assert found.model.members[SHARED].calibration.n == 40


def test_machine_that_cannot_be_learned_is_left_out_and_told() -> None:
    model = fitted(dataset(unit("a", machine="good"), unit("b", 15, machine="short"), fleet=False), "kmeans").model
    assert list(model.members) == ["good"]
    assert "unbroken normal stretch of 20 steps" in model.refused["short"]
    with pytest.raises(UserError, match=r"«short» could not be learned: .*20 steps"):
        model.member("short")


def test_where_no_machine_can_be_learned_one_is_named() -> None:
    with pytest.raises(UserError, match=r"No machine of .* could be learned; (a|b): "):
        fitted(dataset(unit("a", 15, machine="a"), unit("b", 15, machine="b"), fleet=False), "kmeans")


@pytest.mark.parametrize(
    ("data", "detector", "sentence"),
    [
        (dataset(unit("t", split="test")), "pca-t2q", "no normal training data"),
        (dataset(unit("a", events=(Event(0, 400),))), "pca-t2q", "no normal training data"),
        (dataset(unit("a", 1), unit("b", 1, seed=1)), "pca-t2q", "too few normal steps"),
        (dataset(unit("a", 15)), "kmeans", "unbroken normal stretch of 20 steps"),
        (dataset(*(unit(f"u{i}", 25 if i else 15, seed=i) for i in range(2))), "kalman", "stretch of 40 steps"),
        (dataset(unit("a"), kind="rows"), "kalman", "independent rows"),
    ],
)
def test_too_little_is_a_sentence(data: SeriesSet, detector: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        fitted(data, detector)


def test_same_data_and_seed_give_the_same_model_and_saving_it_changes_no_score(tmp_path: Path) -> None:
    data = dataset(unit("a", machine="left"), unit("b", machine="right", seed=1), fleet=False)
    one, other = fitted(data, "iforest", trees=10), fitted(data, "iforest", trees=10)
    one.model.save(tmp_path)
    calibrations = {name: member.calibration for name, member in one.model.members.items()}
    loaded = SeriesModel.load(tmp_path, info("iforest"), one.params, one.seed, calibrations)
    for each in data.units:
        scores = one.model.score(each)
        for found in (other.model.score(each), loaded.score(each)):
            np.testing.assert_array_equal(found.settled.surprise, scores.settled.surprise)
            np.testing.assert_array_equal(found.now.scores.parts, scores.now.scores.parts)


def test_live_stream_says_what_the_whole_recording_says() -> None:
    found = fitted(dataset(unit("a")), window=5).model
    values = unit("t", 120, seed=4).values
    stream, parts = found.stream("m"), []
    for start, stop in ((0, 1), (1, 1), (1, 50), (50, 120)):
        parts.append(stream.push(values[start:stop]))
    whole = found.score(unit("t", 120, seed=4))
    settled = [*(part.settled for part in parts), stream.close()]
    np.testing.assert_allclose(np.concatenate([part.now.surprise for part in parts]), whole.now.surprise, rtol=1e-9)
    np.testing.assert_allclose(np.concatenate([one.surprise for one in settled]), whole.settled.surprise, rtol=1e-9)


def test_raw_signals_of_another_rate_are_refused() -> None:
    data = dataset(*(unit(f"u{i}", 4000, seed=i) for i in range(5)), kind="waveform", rate=1000.0)
    frontend = FrontEnd(kind="bands", frame=0.1, hop=0.05, bands=4)
    found = train_series("pca-t2q", parameters("pca-t2q", {}), 0, data, Progress(), frontend=frontend)
    assert found.model.prepared(replace(data, rate=1000.2)).units
    with pytest.raises(UserError, match="4000 samples per second, the model has learned 1000"):
        found.model.prepared(replace(data, rate=4000.0))


def test_sensors_are_found_by_name_and_a_missing_one_is_told() -> None:
    data = dataset(unit("a"))
    found = fitted(data).model
    turned = data.with_sensors(data.sensors[::-1])
    np.testing.assert_array_equal(found.prepared(turned).units[0].values, data.units[0].values)
    with pytest.raises(UserError, match="no sensor «s0» and 1 more"):
        found.prepared(data.with_sensors(data.sensors[2:]))
