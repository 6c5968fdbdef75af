"""The Hellinger estimates: closed forms, no drift is near 0, and the recursion resumes."""

from __future__ import annotations

import numpy as np
import pytest

from core.continual.hellinger import (
    RecursiveHellinger,
    adaptive_sigma,
    bhattacharyya,
    expected_bhattacharyya,
    gaussian,
    two_samples,
)
from core.errors import UserError

SHIFT = np.array([0.0, 1.5, 0.0])


def test_a_change_of_scale_has_the_closed_form() -> None:
    """Two dimensions, twice the spread: the coefficient is 2 / 2.5."""
    assert gaussian(np.zeros(2), np.eye(2), np.zeros(2), 4 * np.eye(2)) == pytest.approx(0.4472, abs=5e-5)


def test_a_shift_has_the_closed_form() -> None:
    found = gaussian(np.zeros(1), np.eye(1), np.full(1, 2.0), np.eye(1))
    assert found == pytest.approx(np.sqrt(1 - np.exp(-0.5)))


def test_without_drift_the_gaussian_estimate_is_near_0_at_16_dimensions_and_64_samples() -> None:
    rng = np.random.default_rng(0)
    found = [two_samples(rng.standard_normal((64, 16)), rng.standard_normal((64, 16))) for _ in range(200)]
    assert np.mean([one.value for one in found]) > 0.65  # what the plain estimate would say
    assert np.mean([one.debiased for one in found]) < 0.15
    assert np.mean([one.debiased == 0 for one in found]) > 0.4  # about half of the distances lie below their mean


def test_its_mean_without_drift_is_the_one_subtracted() -> None:
    rng = np.random.default_rng(1)
    for d, n in ((16, 64), (8, 256), (3, 20)):
        distances = []
        for _ in range(200):
            first, second = rng.standard_normal((n, d)), rng.standard_normal((n, d))
            distances.append(bhattacharyya(first.mean(0), np.cov(first.T), second.mean(0), np.cov(second.T)))
        assert np.mean(distances) == pytest.approx(expected_bhattacharyya(d, n, n), rel=0.03)


def test_true_drift_is_found_in_spite_of_it() -> None:
    rng = np.random.default_rng(2)
    moved = two_samples(rng.standard_normal((400, 4)), rng.standard_normal((400, 4)) * 2)
    assert moved.debiased == pytest.approx(np.sqrt(1 - 0.8**2), abs=0.04)


def test_the_recursion_is_near_0_without_drift_and_its_plain_value_is_not() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        estimate = RecursiveHellinger(rng.standard_normal((400, 16)))
        for _ in range(80):
            state = estimate.update(rng.standard_normal((16, 16)))
        found.append((state.value, state.debiased))
    value, debiased = np.mean(found, axis=0)
    assert value > 0.08
    assert debiased < 0.03
    assert state.warm


def test_the_recursion_finds_a_shift_of_a_feature_and_names_it() -> None:
    rng = np.random.default_rng(4)
    estimate = RecursiveHellinger(rng.standard_normal((800, 3)))
    for _ in range(200):
        state = estimate.update(rng.standard_normal((32, 3)) + SHIFT)
    truth = np.sqrt(1 - np.exp(-(1.5**2) / 8))
    assert state.per_feature[1] == pytest.approx(truth, abs=0.06)
    assert max(state.per_feature[0], state.per_feature[2]) < 0.1
    estimate.rebase()
    assert estimate.update(rng.standard_normal((32, 3)) + SHIFT).debiased < 0.06


def test_the_highest_distance_of_a_run_is_that_of_its_steps() -> None:
    rng = np.random.default_rng(5)
    estimate = RecursiveHellinger(rng.standard_normal((120, 5)), 8)
    batches = rng.standard_normal((40, 16, 5)) + 0.4
    ahead = estimate.highest(batches)
    assert ahead == pytest.approx(max(estimate.update(batch).debiased for batch in batches), abs=1e-12)


def test_it_resumes_and_skips_empty_batches() -> None:
    rng = np.random.default_rng(6)
    reference = rng.standard_normal((100, 2))
    first, second = RecursiveHellinger(reference), RecursiveHellinger(reference + 1)
    first.update(rng.standard_normal((8, 2)))
    second.restore(first.arrays())
    batch = rng.standard_normal((8, 2))
    assert first.update(batch).debiased == second.update(batch).debiased
    before = first.state()
    after = first.update(np.empty((0, 2)))
    assert (after.value, after.n_eff) == (before.value, before.n_eff)


def test_too_few_samples_are_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match="too few for a reference"):
        RecursiveHellinger(np.zeros((10, 2)))
    with pytest.raises(UserError, match="cannot tell a covariance of 16 dimensions"):
        two_samples(np.zeros((10, 16)), np.zeros((64, 16)))


def test_sigma_grows_with_the_distance() -> None:
    assert adaptive_sigma(0.25, 1.8, 0.0) == 0.25
    assert adaptive_sigma(0.25, 1.8, 0.5) == pytest.approx(0.475)
