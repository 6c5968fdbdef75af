"""DeLong's test and mid-ranks: known answers, the plain definition, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from core.metrics.delong import delong
from core.metrics.intervals import percentile_interval
from core.metrics.pairedbootstrap import paired_draws, two_sided_p
from core.metrics.ranking import auroc
from core.metrics.ranks import midranks


def placements(scores, truth):
    """The definition: the variance of each image's mean win over all images of the other kind."""
    bad, good = scores[:, truth], scores[:, ~truth]
    wins = (bad[:, :, None] > good[:, None, :]) + 0.5 * (bad[:, :, None] == good[:, None, :])
    v10, v01 = wins.mean(axis=2), wins.mean(axis=1)
    return np.atleast_2d(np.cov(v10)) / bad.shape[1] + np.atleast_2d(np.cov(v01)) / good.shape[1]


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=40), st.integers(0, 2**32 - 1))
def test_covariance_is_that_of_the_definition_ties_included(first, seed):
    rng = np.random.default_rng(seed)
    scores = np.array([first, rng.integers(0, 6, len(first))], float)
    truth = np.arange(len(first)) % 3 == 0
    found = delong(scores, truth)
    assert found is not None
    np.testing.assert_allclose(found.covariance, placements(scores, truth), atol=1e-12)
    np.testing.assert_allclose(found.aurocs, [auroc(own, truth) for own in scores])


def test_a_known_answer():
    # Three bad (5, 6, 1) and three good (2, 3, 4): each bad one's wins are 3, 3, 0 of 3, each good one's 2, 2, 2 of 3.
    found = delong([[5, 6, 1, 2, 3, 4]], [True, True, True, False, False, False])
    assert found.aurocs[0] == pytest.approx(2 / 3)
    assert found.covariance[0, 0] == pytest.approx(np.var([1, 1, 0], ddof=1) / 3)


def test_it_agrees_with_the_paired_bootstrap():
    rng = np.random.default_rng(3)
    truth = np.arange(400) % 4 == 0
    common = rng.normal(size=400) + 1.2 * truth
    scores = np.array([common + 0.5 * rng.normal(size=400), common + 0.9 * rng.normal(size=400)])
    found = delong(scores, truth).difference(0, 1)
    drawn = paired_draws(scores, scores > 1, truth, resamples=1500, seed=1)["auroc"]
    apart = drawn[0] - drawn[1]
    np.testing.assert_allclose(found.ci95, percentile_interval(apart), atol=0.006)
    assert two_sided_p(found.value, apart) == pytest.approx(found.p, rel=0.3)


def test_the_same_ranking_differs_by_nothing_and_one_class_by_nothing_known():
    scores = np.array([[1.0, 2, 3, 4], [1.0, 4, 9, 16]])
    truth = np.array([False, True, False, True])
    same = delong(scores, truth).difference(0, 1)
    assert (same.value, same.p) == (0, 1)
    assert delong(scores, np.ones(4, bool)) is None
    assert delong(scores, [True, False, False, False]) is None


def test_perfect_against_constant_is_no_surer_than_its_few_images():
    found = delong([[0, 0, 1, 1.0], [2, 2, 2, 2.0]], [False, False, True, True]).difference(0, 1)
    assert (found.value, found.p) == (0.5, pytest.approx(2 / 6))


def test_a_perfect_auroc_has_no_width_and_others_stay_within_0_and_1():
    found = delong([[1, 2, 3, 4.0], [1, 3, 2, 4.0]], [False, False, True, True])
    assert found.interval(0) == (1, 1)
    low, high = found.interval(1)
    assert 0 < low < found.aurocs[1] < high < 1


def test_scores_must_be_finite_and_match():
    with pytest.raises(ValueError, match="finite"):
        delong([[np.nan, 1]], [True, False])
    with pytest.raises(ValueError, match="per label"):
        delong([[1, 2, 3]], [True, False])


@settings(max_examples=30)
@given(st.lists(st.integers(-3, 3), max_size=30))
def test_midranks_are_scipys(values):
    np.testing.assert_array_equal(midranks([values])[0], rankdata(values))
