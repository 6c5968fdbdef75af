"""Conditional value at risk: two estimators that agree, and its properties."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta

from core.continual.cvar import annealed_level, cvar, effective_level, tail_loss, variational
from core.errors import UserError

LOSSES = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1))
LEVELS = st.floats(0, 0.99)


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0.0, 5.5), (0.5, 8.0), (0.9, 10.0), (0.8, 9.5), (0.85, (10 + 0.5 * 9) / 1.5)]
)
def test_of_ten_known_losses(alpha: float, expected: float) -> None:
    assert cvar(np.arange(1, 11), alpha) == pytest.approx(expected)


@pytest.mark.parametrize("alpha", [0.5, 0.95, 0.99])
def test_of_a_beta_distribution(alpha: float) -> None:
    """The mean above a quantile is an incomplete beta function."""
    losses = np.random.default_rng(0).beta(2, 5, 200_000)
    tail = beta(3, 5).sf(beta(2, 5).ppf(alpha)) * 2 / 7 / (1 - alpha)
    assert cvar(losses, alpha) == pytest.approx(tail, abs=4e-3)


@given(LOSSES, LEVELS)
def test_the_variational_form_is_least_at_the_quantile_and_then_equal(losses: np.ndarray, alpha: float) -> None:
    exact = cvar(losses, alpha)
    candidates = [variational(losses, alpha, float(tau)) for tau in losses]
    assert min(candidates) == pytest.approx(exact, abs=1e-9)


@given(LOSSES, LEVELS, st.floats(0, 3), st.floats(-2, 2))
def test_is_monotone_homogeneous_and_translates(losses: np.ndarray, alpha: float, scale: float, shift: float) -> None:
    assert cvar(losses, alpha) <= cvar(losses, min(alpha + 0.005, 0.995)) + 1e-9
    assert cvar(scale * losses + shift, alpha) == pytest.approx(scale * cvar(losses, alpha) + shift, abs=1e-9)


@given(LOSSES, LEVELS)
def test_training_sees_the_same_number(losses: np.ndarray, alpha: float) -> None:
    assert tail_loss(torch.from_numpy(losses), alpha).item() == pytest.approx(cvar(losses, alpha), abs=1e-9)


def test_its_gradient_is_that_of_finite_differences() -> None:
    values = torch.tensor(np.random.default_rng(1).random(23), requires_grad=True)
    assert torch.autograd.gradcheck(lambda losses: tail_loss(losses, 0.7), values)


def test_a_level_keeps_five_losses_in_the_tail_and_grows() -> None:
    assert effective_level(0.95, 20) == pytest.approx(0.75)
    assert effective_level(0.95, 1000) == 0.95
    assert effective_level(0.95, 3) == effective_level(0.95, 0) == 0.0
    assert [annealed_level(0.95, share) for share in (0.0, 0.5, 1.0)] == [0.5, 0.8, 0.95]


def test_nothing_is_not_zero_and_a_level_of_one_is_refused() -> None:
    assert np.isnan(cvar([], 0.95))
    with pytest.raises(UserError, match="from 0 to below 1"):
        cvar([1.0], 1.0)
