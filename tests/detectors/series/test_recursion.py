"""Our filter against statsmodels, and what its gate does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from core.detectors.series.recursion import Recursion
from core.detectors.series.statespace import Systems

CASES: list[tuple[Any, list[float]]] = [
    (lambda y: SARIMAX(y, order=(1, 0, 0)), [0.9, 1.0]),
    (lambda y: SARIMAX(y, order=(2, 1, 2)), [0.5, -0.3, 0.4, 0.2, 0.7]),
    (lambda y: SARIMAX(y, order=(3, 0, 1)), [0.4, 0.2, 0.1, -0.6, 2.0]),
    (lambda y: SARIMAX(y, order=(0, 1, 1)), [-0.8, 0.5]),
    (lambda y: UnobservedComponents(y, "local level"), [1.0, 0.05]),
    (lambda y: UnobservedComponents(y, "local linear trend"), [1.0, 0.05, 0.001]),
]
BURN = 5  # steps after a diffuse start of variance 1e6, whose digits a double cannot all hold


def readings(steps: int, holes: bool) -> np.ndarray:
    rng = np.random.default_rng(4)
    values = 0.2 * np.cumsum(rng.normal(size=(steps, len(CASES))), axis=0) + rng.normal(size=(steps, len(CASES)))
    if holes:
        values[rng.random(values.shape) < 0.1] = np.nan
        values[100:140, 1] = np.nan
    return values.astype(np.float32)


def exact(model: Any) -> Any:
    """Without statsmodels' shortcut: it freezes the gain when F moves by less than 3e-10, which errs by up to 8e-9."""
    model.ssm.tolerance = 0
    return model


def side_by_side() -> Systems:
    return Systems.joined([Systems.of(build(np.zeros(9)), np.array(params)) for build, params in CASES])


@pytest.mark.parametrize("holes", [False, True])
def test_predictions_and_variances_equal_statsmodels(holes: bool) -> None:
    values = readings(400, holes)
    recursion = Recursion(side_by_side())
    predicted, variance, nis = [], [], []
    for row in values:
        predicted.append(recursion.prediction)
        nis.append(recursion.push(row[None])[0][0])
        variance.append(recursion.variance.copy())
    for sensor, (build, params) in enumerate(CASES):
        expected = exact(build(values[:, sensor].astype(float))).filter(params).filter_results
        np.testing.assert_allclose(np.array(predicted)[:, sensor], expected.forecasts[0], rtol=0, atol=1e-9)
        known = np.isfinite(values[:, sensor])
        known[:BURN] = False
        np.testing.assert_allclose(
            np.array(variance)[known, sensor], expected.forecasts_error_cov[0, 0, known], rtol=1e-9
        )
        np.testing.assert_allclose(
            np.array(nis)[known, sensor], expected.standardized_forecasts_error[0, known] ** 2, rtol=1e-8, atol=1e-9
        )


def test_going_on_equals_append_and_extend() -> None:
    values = readings(300, holes=False)
    recursion = Recursion(side_by_side())
    recursion.push(values[:200])
    predicted = []
    for row in values[200:]:
        predicted.append(recursion.prediction)
        recursion.push(row[None])
    for sensor, (build, params) in enumerate(CASES):
        column = values[:, sensor].astype(float)
        result = exact(build(column[:200])).smooth(params)
        for continued in (result.append(column[200:]), result.extend(column[200:])):
            expected = exact(continued.model).filter(params).forecasts[0][-100:]
            np.testing.assert_allclose(np.array(predicted)[:, sensor], expected, rtol=0, atol=1e-9)


def test_padding_and_neighbours_change_nothing() -> None:
    values = readings(200, holes=True)
    together, _ = Recursion(side_by_side()).push(values)
    for sensor, (build, params) in enumerate(CASES):
        alone = Systems.of(build(np.zeros(9)), np.array(params))
        found, _ = Recursion(alone).push(values[:, [sensor]])
        np.testing.assert_allclose(found[:, 0], together[:, sensor], rtol=1e-12)


def test_scaled_variances_scale_nis() -> None:
    values = readings(200, holes=True)
    by = np.linspace(0.5, 8, len(CASES))
    before, _ = Recursion(side_by_side()).push(values)
    after, _ = Recursion(side_by_side().scaled(by)).push(values)
    np.testing.assert_allclose(after * by, before, rtol=1e-9)


def test_with_a_converged_covariance_the_gain_stands_still_until_a_reading_is_missing() -> None:
    level = Systems.of(UnobservedComponents(np.zeros(9), "local level"), np.array([1.0, 0.1]))
    recursion = Recursion(level)
    recursion.push(np.zeros((300, 1), np.float32))
    # The steady state solves p = p - p^2 / (p + h) + q.
    p = (0.1 + np.sqrt(0.1**2 + 4 * 0.1 * 1.0)) / 2
    assert recursion.variance[0] == pytest.approx(p + 1, rel=1e-12)
    recursion.push(np.full((1, 1), np.nan, np.float32))
    recursion.push(np.zeros((1, 1), np.float32))
    assert recursion.variance[0] == pytest.approx(p + 0.1 + 1, rel=1e-12)  # one step of the level more


LEVEL = [0.01, 0.0001]  # noise and level steps


def level_filter(gate: float, patience: int) -> Recursion:
    recursion = Recursion(Systems.of(UnobservedComponents(np.zeros(9), "local level"), np.array(LEVEL)), gate, patience)
    recursion.push(0.1 * np.random.default_rng(0).normal(size=(300, 1)).astype(np.float32))
    return recursion


def test_a_gated_fault_is_not_learned() -> None:
    recursion = level_filter(gate=25, patience=100)
    before = recursion.prediction[0]
    nis, _ = recursion.push(np.full((50, 1), 5, np.float32))
    assert recursion.prediction[0] == before
    assert (nis > 25).all()
    open_filter = level_filter(gate=float("inf"), patience=1)
    open_filter.push(np.full((50, 1), 5, np.float32))
    assert open_filter.prediction[0] > 4


def test_after_its_patience_it_accepts_a_new_level() -> None:
    recursion = level_filter(gate=25, patience=40)
    nis, _ = recursion.push(np.full((60, 1), 5, np.float32))
    assert (nis[:40] > 25).all()  # the reading that it starts afresh from is still surprising
    assert (nis[40:] < 1).all()
    assert recursion.prediction[0] == pytest.approx(5)


def test_only_gated_readings_in_a_row_wear_patience_out() -> None:
    recursion = level_filter(gate=25, patience=5)
    block = np.array([5, 5, 5, np.nan, 5, 0], np.float32)[:, None]  # the reading at 0 is as expected
    for _ in range(10):
        nis, _ = recursion.push(block)
        assert nis[0] > 25
    assert abs(recursion.prediction[0]) < 1


def test_readings_beyond_reason_leave_finite_numbers() -> None:
    recursion = Recursion(side_by_side())
    wild = np.full((3, len(CASES)), 3e38, np.float32)
    wild[1] = np.inf
    nis, known = recursion.push(np.concatenate([readings(50, holes=False), wild, readings(50, holes=False)]))
    assert np.isfinite(nis).all()
    assert not known[51].any()
