"""Intervals: against literal resampling, for coverage, and for time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from core.metrics import ranking
from core.metrics.intervals import _on_grid, pixel_intervals, ranking_intervals, resample_counts, wilson
from core.metrics.pixels import pixel_metrics


def scored(n: int, seed: int, shift: float = 1.0, share: float = 0.4):
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < share
    return np.round(rng.normal(size=n) + shift * truth, 1), truth


@given(st.integers(0, 50), st.integers(1, 50))
def test_wilson_agrees_with_scipy(hits, n):
    hits = min(hits, n)
    low, high = wilson(hits, n)
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_nothing():
    assert wilson(0, 0) is None
    assert wilson(0, 20)[0] == 0
    assert wilson(0, 20)[1] > 0.1


def test_ranking_intervals_equal_a_literal_bootstrap_with_the_same_draws():
    scores, truth = scored(60, 1)
    order = np.argsort(-scores, kind="stable")
    scores, truth = scores[order], truth[order]
    counts = np.concatenate(list(resample_counts(truth, 200, 7)))
    assert (counts[:, truth].sum(axis=1) == truth.sum()).all()
    assert (counts[:, ~truth].sum(axis=1) == (~truth).sum()).all()
    drawn = {"auroc": [], "auprc": [], "f1_max": [], "f1": []}
    for row in counts:
        s, t = np.repeat(scores, row), np.repeat(truth, row)
        drawn["auroc"].append(roc_auc_score(t, s))
        drawn["auprc"].append(average_precision_score(t, s))
        drawn["f1_max"].append(ranking.f1_max(s, t).f1)
        drawn["f1"].append(ranking.confusion(s, t, 0.8).f1)
    intervals = ranking_intervals(scores, truth, 0.8, resamples=200, seed=7)
    for name, values in drawn.items():
        assert intervals[name] == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=1e-12), name


def test_intervals_repeat_for_a_seed_and_hold_the_estimate():
    scores, truth = scored(300, 2)
    first = ranking_intervals(scores, truth, 0.5, seed=3)
    assert first == ranking_intervals(scores, truth, 0.5, seed=3)
    assert first != ranking_intervals(scores, truth, 0.5, seed=4)
    low, high = first["auroc"]
    assert low < ranking.auroc(scores, truth) < high


def test_auroc_interval_covers_the_truth_about_as_often_as_it_says():
    true_auroc = 0.7602499389065233  # of two unit normals 1 apart: Phi(1 / sqrt 2)
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = np.arange(120) < 50
        low, high = ranking_intervals(rng.normal(size=120) + truth, truth, 0.5, resamples=300, seed=seed)["auroc"]
        hits += low <= true_auroc <= high
    assert 88 <= hits <= 99


def test_a_thousand_resamples_of_600_images_are_fast():
    scores, truth = scored(600, 5)
    ranking_intervals(scores, truth, 0.5, resamples=10)
    best = min(_timed(lambda: ranking_intervals(scores, truth, 0.5)) for _ in range(3))
    assert best < 0.3


def test_one_class_and_no_resamples_give_no_interval():
    assert ranking_intervals([1.0, 2.0], [True, True], 0.5) == {}
    assert ranking_intervals([1.0, 2.0], [True, False], 0.5, resamples=0) == {}


def made(n: int, seed: int):
    rng = np.random.default_rng(seed)
    images = []
    for i in range(n):
        mask = None
        found = rng.normal(size=(24, 24)).astype(np.float32) + np.float32(rng.normal() * 0.5)
        if i % 2:
            mask = np.zeros((24, 24), bool)
            y, x, side = [*rng.integers(0, 14, 2).tolist(), int(rng.integers(2, 9))]
            mask[y : y + side, x : x + side] = True
            found += np.float32(1.5) * mask
        images.append((found, mask))
    return images


def test_the_grid_is_close_to_the_exact_value():
    images = made(30, 0)
    result = pixel_metrics(images, histograms=True)
    whole = _on_grid(result.histograms, np.ones((1, 30), np.float32), 0.3)
    assert whole["auroc"][0] == pytest.approx(result.auroc, abs=1e-4)
    assert whole["aupro"][0] == pytest.approx(result.aupro, abs=1e-3)


def test_pixel_intervals_are_close_to_a_literal_bootstrap_over_images():
    images = made(30, 1)
    truth = np.array([mask is not None for _, mask in images])
    result = pixel_metrics(images, histograms=True)
    intervals = pixel_intervals(result, truth, resamples=150, seed=5)
    drawn = []
    for row in np.concatenate(list(resample_counts(truth, 150, 5))):
        one = pixel_metrics([images[i] for i in np.repeat(np.arange(30), row)])
        drawn.append((one.auroc, one.aupro))
    for name, values in zip(("auroc", "aupro"), np.array(drawn).T, strict=True):
        assert intervals[name] == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=2e-3), name
        assert intervals[name][0] < getattr(result, name) < intervals[name][1]


def test_pixel_intervals_need_masks():
    result = pixel_metrics([(np.ones((4, 4), np.float32), None)], histograms=True)
    assert pixel_intervals(result, [False]) == {}


def _timed(call) -> float:
    started = time.thread_time()  # of this thread alone: other processes on the machine are not what is tested
    call()
    return time.thread_time() - started
