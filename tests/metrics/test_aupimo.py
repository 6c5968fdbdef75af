"""AUPIMO against brute force: every threshold tried, the integral as a sum over a fine grid of rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics import aupimo as module
from core.metrics.aupimo import SharedRate


def brute(good, found, mask, lower, upper, points=4000):
    """At each rate the lowest threshold with at most this share of the good pixels above it, and the recall there."""
    marks = np.unique(np.concatenate([image.ravel() for image in good]))
    rates = np.array([np.mean([(image > mark).mean() for image in good]) for mark in marks])  # fall as thresholds rise
    recall = np.array([(found[mask] > mark).mean() for mark in marks])
    edges = np.linspace(np.log(lower), np.log(upper), points + 1)
    lowest = [int(np.flatnonzero(rates <= rate)[0]) for rate in np.exp((edges[:-1] + edges[1:]) / 2)]
    return float(recall[lowest].mean())


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_it_is_the_brute_force_integral_also_with_ties_and_images_of_other_sizes(seed, values):
    rng = np.random.default_rng(seed)
    good = [rng.integers(0, values, shape).astype(np.float32) for shape in ((8, 9), (12, 5), (6, 6))]
    found = rng.integers(0, values + 3, (7, 9)).astype(np.float32)
    mask = rng.random((7, 9)) < 0.4
    mask[0, 0] = True
    rate = SharedRate.of(good, 3, 0.02, 0.4)
    assert rate.aupimo(found, mask) == pytest.approx(brute(good, found, mask, 0.02, 0.4), abs=2e-3)


def test_a_defect_above_every_good_pixel_is_found_throughout_and_one_below_never():
    rng = np.random.default_rng(0)
    good = [rng.random((50, 50), np.float32) for _ in range(4)]
    rate = SharedRate.of(good, 4, 1e-3, 1e-2)
    mask = np.ones((3, 3), bool)
    assert rate.aupimo(np.full((3, 3), 2, np.float32), mask) == pytest.approx(1)
    assert rate.aupimo(np.full((3, 3), -1, np.float32), mask) == 0
    assert rate.levels == 91  # 1e-3 to 1e-2 of 10,000 pixels: ranks 10 to 100


def test_a_pixel_found_from_the_middle_of_the_logarithmic_range_counts_half():
    good = [np.arange(10_000, dtype=np.float32).reshape(100, 100)]
    rate = SharedRate.of(good, 1, 1e-4, 1e-2)
    value = 10_000 - 10.5  # ten good pixels lie above it: it is found once the rate reaches 1e-3
    assert rate.aupimo(np.full((1, 1), value, np.float32), np.ones((1, 1), bool)) == pytest.approx(0.5)


def test_dropping_candidates_on_the_way_changes_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    good = [rng.normal(size=(40, 40)).astype(np.float32) for _ in range(30)]
    whole = SharedRate.of(good, 30, 1e-4, 1e-2)
    monkeypatch.setattr(module, "_POOL", 1000)
    pruned = SharedRate.of(good, 30, 1e-4, 1e-2)
    np.testing.assert_array_equal(whole.values, pruned.values)
    np.testing.assert_allclose(whole.gains, pruned.gains)


def test_bad_input_is_refused():
    good = [np.zeros((4, 4), np.float32)]
    with pytest.raises(ValueError, match="told"):
        SharedRate.of(good, 2)
    with pytest.raises(ValueError, match="within"):
        SharedRate.of(good, 1, 0.1, 0.01)
    rate = SharedRate.of(good, 1)
    with pytest.raises(ValueError, match="mark something"):
        rate.aupimo(np.zeros((2, 2), np.float32), np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="finite"):
        rate.aupimo(np.full((2, 2), np.nan, np.float32), np.ones((2, 2), bool))
