"""Ranking metrics against scikit-learn, known answers and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from core.metrics import ranking


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Scores with many ties, and labels of both classes."""
    n = draw(st.integers(2, 40))
    scores = np.array(draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n)), float) / 3
    truth = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    truth[:2] = [True, False]
    return scores, truth


@given(labelled())
def test_auroc_and_auprc_agree_with_sklearn(case):
    scores, truth = case
    assert ranking.auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    assert ranking.auprc(scores, truth) == pytest.approx(average_precision_score(truth, scores), abs=1e-12)


@settings(max_examples=30)
@given(labelled())
def test_f1_max_is_reached_at_its_threshold_and_nowhere_surpassed(case):
    scores, truth = case
    best = ranking.f1_max(scores, truth)
    assert f1_score(truth, scores > best.threshold) == pytest.approx(best.f1, abs=1e-12)
    every = [f1_score(truth, scores >= cut) for cut in scores]
    assert best.f1 == pytest.approx(max(every), abs=1e-12)


@given(labelled(), st.floats(-2, 2))
def test_confusion_agrees_with_sklearn(case, threshold):
    scores, truth = case
    counts = ranking.confusion(scores, truth, threshold)
    assert counts.true_bad + counts.false_good == truth.sum()
    assert counts.false_bad + counts.true_good == (~truth).sum()
    assert counts.f1 == pytest.approx(f1_score(truth, scores > threshold, zero_division=0), abs=1e-12)


@given(labelled())
def test_auroc_is_unchanged_by_a_rising_transformation_and_mirrored_by_a_falling_one(case):
    scores, truth = case
    value = ranking.auroc(scores, truth)
    assert ranking.auroc(np.exp(scores), truth) == pytest.approx(value)
    assert ranking.auroc(-scores, truth) == pytest.approx(1 - value)


def test_f1_max_separates_neighbouring_floats():
    low = 1.0
    high = np.nextafter(low, 2)
    best = ranking.f1_max([low, high], [False, True])
    assert best.f1 == 1
    assert low <= best.threshold < high


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_one_class_gives_none(truth):
    scores = [0.1, 0.2]
    assert ranking.auroc(scores, truth) is None
    assert ranking.auprc(scores, truth) is None
    assert ranking.f1_max(scores, truth) is None
    assert ranking.curve(scores, truth, "roc") is None


def test_rates_without_a_denominator_are_none():
    only_good = ranking.confusion([1.0, 2.0], [False, False], 1.5)
    assert only_good.false_alarm_rate == 0.5
    assert only_good.recall is None
    assert only_good.f1 is None
    assert ranking.confusion([1.0], [True], 1.5).false_alarm_rate is None
    assert ranking.confusion([1.0], [True], 1.5).precision is None
    assert ranking.confusion([1.0], [True], 1.5).f1 == 0


@pytest.mark.parametrize("scores", [[1.0, float("nan")], [1.0, float("inf")], [1.0]])
def test_bad_scores_are_refused(scores):
    with pytest.raises(ValueError, match=r"finite|one length"):
        ranking.auroc(scores, [True, False])


def test_curves_are_thinned_but_keep_their_ends_and_their_thresholds():
    rng = np.random.default_rng(0)
    truth = rng.random(5000) < 0.3
    scores = rng.normal(size=5000) + truth
    roc = ranking.curve(scores, truth, "roc", points=200)
    assert len(roc.x) <= 202
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(roc_auc_score(truth, scores), abs=2e-3)
    for i in range(0, len(roc.x), 17):
        counts = ranking.confusion(scores, truth, roc.thresholds[i])
        assert (counts.false_alarm_rate, counts.recall) == pytest.approx((roc.x[i], roc.y[i]))
    pr = ranking.curve(scores, truth, "pr", points=200)
    for i in range(1, len(pr.x), 17):
        counts = ranking.confusion(scores, truth, pr.thresholds[i])
        assert (counts.recall, counts.precision) == pytest.approx((pr.x[i], pr.y[i]))
