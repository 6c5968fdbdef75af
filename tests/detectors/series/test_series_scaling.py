"""Scaling: known answers, regimes, what is refused, and what a file of a stranger must not do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.detectors.series.scaling import CONSTANT_SHARE, Scaler
from core.errors import UserError


def data(values: np.ndarray, conditions: int = 0) -> SeriesSet:
    """One unit; the last ``conditions`` columns are conditions."""
    n, d = values.shape
    sensors = tuple(Sensor(f"s{i}", role="condition" if i >= d - conditions else "signal") for i in range(d))
    unit = SeriesUnit("a", "a", "train", values.astype(np.float32), np.arange(n, dtype=float))
    return SeriesSet("set", Path(), "toy", sensors, (unit,))


def regimes(n: int = 900, seed: int = 0) -> SeriesSet:
    """Two settings; the signal's level and spread follow them."""
    rng = np.random.default_rng(seed)
    setting = rng.integers(2, size=n)
    signal = np.where(setting == 0, 5 + rng.standard_normal(n), -40 + 8 * rng.standard_normal(n))
    return data(np.column_stack([signal, 100.0 * setting]), conditions=1)


def test_usual_values_are_zero_and_spreads_one() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((20_000, 2)) * [3, 0.01] + [50, -2]
    values[:50, 0] = 1e6  # a few bad readings change little
    scaled = Scaler.fit(data(values)).apply(values.astype(np.float32))
    assert np.median(scaled, axis=0) == pytest.approx([0, 0], abs=0.02)
    assert scaled[50:].std(axis=0)[1] == pytest.approx(1, abs=0.03)


def test_sensor_that_never_moved_has_a_share_of_its_level_for_spread() -> None:
    values = np.column_stack([np.full(200, 40.0), np.zeros(200), np.random.default_rng(0).normal(0, 2, 200)])
    found = Scaler.fit(data(values))
    assert found.constant.tolist() == [True, True, False]
    assert found.scale[0, 0] == pytest.approx(CONSTANT_SHARE * 40)
    assert found.scale[0, 1] == pytest.approx(found.scale[0, 2])  # at zero: as much as the others


def test_every_regime_has_values_of_its_own() -> None:
    data = regimes()
    found, values = Scaler.fit(data), data.units[0].values
    assert found.n_regimes == 2
    scaled = found.apply(values)[:, 0]
    for setting in (0, 100):
        inside = scaled[values[:, 1] == setting]
        assert np.median(inside) == pytest.approx(0, abs=1e-6)
        assert inside.std() == pytest.approx(1, abs=0.15)
    np.testing.assert_allclose(found.undo(found.apply(values), values)[:, 0], values[:, 0], rtol=1e-4, atol=1e-4)


def test_missing_condition_neither_hides_the_regimes_nor_spoils_a_step() -> None:
    data = regimes()
    values = data.units[0].values.copy()
    values[::50, 1] = np.nan
    found = Scaler.fit(data.of([replace(data.units[0], values=values)]))
    assert found.n_regimes == 2
    assert np.isfinite(found.apply(values)).all()


def test_settings_without_clear_groups_are_left_aside() -> None:
    rng = np.random.default_rng(0)
    assert Scaler.fit(data(np.column_stack([rng.standard_normal(500), rng.random(500)]), conditions=1)).n_regimes == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (data(np.full((10, 2), np.nan)), "No normal reading of s0, s1"),
        (data(np.zeros((10, 1)), conditions=1), "no sensor to watch"),
        (data(np.zeros((0, 1))), "too few normal steps"),
        (replace(data(np.zeros((3, 1))), units=()), "too few normal steps"),
    ],
)
def test_nothing_to_learn_from_is_a_sentence(data: SeriesSet, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Scaler.fit(data)


def test_infinite_and_missing_readings_are_missing() -> None:
    scaler = Scaler.fit(data(np.random.default_rng(0).standard_normal((100, 3))))
    scaled = scaler.apply(np.array([[np.inf, -np.inf, np.nan], [0, 1, 2]], np.float32))
    assert np.isnan(scaled[0]).all() and np.isfinite(scaled[1]).all()


def test_round_trip(tmp_path: Path) -> None:
    data = regimes()
    found = Scaler.fit(data)
    found.save(tmp_path / "scaler.safetensors")
    again = Scaler.load(tmp_path / "scaler.safetensors")
    np.testing.assert_array_equal(again.apply(data.units[0].values), found.apply(data.units[0].values))
    assert (again.signals, again.conditions, again.constant.tolist()) == ((0,), (1,), found.constant.tolist())


@pytest.mark.parametrize(
    "broken",
    [
        {"scale": np.zeros((2, 1))},
        {"scale": np.ones((1, 1))},
        {"centre": np.full((2, 1), np.nan)},
        {"settings": np.zeros((2, 3))},
        {"spread": np.zeros(1)},
        {"centre": np.zeros((0, 1)), "scale": np.ones((0, 1)), "settings": np.zeros((0, 1))},
    ],
)
def test_arrays_that_do_not_fit_are_refused(broken: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "scaler.safetensors"
    Scaler.fit(regimes()).save(path)
    save_file(load_file(path) | broken, path)
    with pytest.raises(UserError, match="scaling cannot be read"):
        Scaler.load(path)


@pytest.mark.parametrize(
    "columns",
    ["", "[]", "{}", '{"signals": [-1], "conditions": [1]}', '{"signals": ["0"], "conditions": [1]}',
     '{"signals": [1], "conditions": [1]}', '{"signals": 0, "conditions": [1]}', "[" * 100_000],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(columns: str, tmp_path: Path) -> None:
    path = tmp_path / "scaler.safetensors"
    Scaler.fit(regimes()).save(path)
    assert json.loads(path.with_suffix(".json").read_text())["signals"] == [0]
    path.with_suffix(".json").write_text(columns)
    with pytest.raises(UserError, match="scaling cannot be read"):
        Scaler.load(path)
