"""Growth models: exact curves are found again, no fit shrinks, and the better model has the weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from core.severity import growth, scale
from core.severity.growth import MODELS

HOURS = np.arange(6) * 168.0
TRUE = {"linear in log": (-6.0, 0.005), "logistic": (-5.0, 0.007), "Gompertz": (-1.6, 0.003), "Avrami": (-16.0, 2.2)}


def _curve(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(model, (1, n) exact curve on the even scale)"""
    kind, (a, b) = np.array([MODELS.index(name)]), TRUE[name]
    return kind, scale.to_even(growth.share(kind[:, None], a + b * growth.clock(kind[:, None], HOURS)))


@pytest.mark.parametrize("name", MODELS)
def test_an_exact_curve_is_found_again(name: str) -> None:
    kind, even = _curve(name)
    found = growth.fit(kind, HOURS, even)
    assert (found.a[0], found.b[0]) == pytest.approx(TRUE[name], rel=1e-3)
    limit = 0.3
    hour = found.crossing(np.array([limit]))
    assert float(scale.to_share(found.even(hour))[0, 0]) == pytest.approx(limit, abs=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_noisy_curves_are_fitted_as_well_as_scipy_does(name: str) -> None:
    kind, even = _curve(name)
    noisy = np.clip(even + 0.03 * np.random.default_rng(0).standard_normal((3, 6)), 0, 1.5)
    found = growth.fit(np.repeat(kind, 3), HOURS, noisy)
    x = growth.clock(kind, HOURS)
    x = (x - x.mean()) / x.std()
    for row, squares in zip(noisy, found.squares, strict=True):

        def residual(p: np.ndarray, row: np.ndarray = row) -> np.ndarray:
            return scale.to_even(growth.share(kind, p[0] + p[1] * x)) - row

        best = min(
            2 * least_squares(residual, start, bounds=([-300, 0], [300, 300])).cost
            for start in ([-2, 1], [-4, 3], [0, 0.5])
        )
        assert squares <= best * 1.01 + 1e-6


@given(st.lists(st.floats(0, 1), min_size=3, max_size=8))
@settings(max_examples=25, deadline=None)
def test_whatever_is_measured_rust_never_recedes(values: list[float]) -> None:
    hours = np.arange(len(values)) * 24.0
    even = np.tile(scale.to_even(np.array(values)), (len(MODELS), 1))
    found = growth.fit(np.arange(len(MODELS)), hours, even)
    assert (found.b >= 0).all() and np.isfinite(found.squares).all()
    assert (np.diff(found.even(np.linspace(0, 500, 40)), axis=1) >= -1e-12).all()


@pytest.mark.parametrize("name", ["linear in log", "logistic", "Avrami"])
def test_the_model_that_made_the_curve_is_weighed_highest(name: str) -> None:
    _, even = _curve(name)
    found = growth.fit(np.arange(len(MODELS)), HOURS, np.tile(even, (len(MODELS), 1)))
    weights = growth.weights(found.squares, len(HOURS))
    assert weights.sum() == pytest.approx(1)
    assert MODELS[int(np.argmax(weights))] == name


def test_link_and_share_are_inverse() -> None:
    kinds = np.arange(len(MODELS))[:, None]
    shares = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    assert growth.share(kinds, growth.link(kinds, shares)) == pytest.approx(np.tile(shares, (len(MODELS), 1)))


def test_the_rate_is_the_slope_per_day() -> None:
    found = growth.Lines(np.array([1]), np.array([0.0]), np.array([0.01]), np.zeros(1))
    assert found.rate(0.0)[0] == pytest.approx(24 * 0.01 / 4, rel=1e-3)
