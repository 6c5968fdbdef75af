"""Paired resamples, exact tests and agreement: other libraries' answers, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, spearmanr, wilcoxon
from sklearn.metrics import average_precision_score, cohen_kappa_score, roc_auc_score

from core.errors import UserError
from core.metrics.agreement import cohen_kappa, spearman
from core.metrics.cost import CostWeights, cheapest
from core.metrics.costcurve import cost_curve, expected_cost
from core.metrics.intervals import resample_counts
from core.metrics.mcnemar import mcnemar
from core.metrics.pairedbootstrap import paired_draws, two_sided_p
from core.metrics.signedrank import signed_rank

RNG = np.random.default_rng(11)
TRUTH = np.arange(60) % 3 == 0
SCORES = np.round(RNG.normal(size=(3, 60)) + TRUTH, 1)  # with ties


def test_every_draw_is_the_figure_of_its_resample_and_the_same_for_all():
    drawn = paired_draws(SCORES, SCORES > 1, TRUTH, resamples=6, seed=4)
    for row, counts in enumerate(np.concatenate(list(resample_counts(TRUTH, 6, 4)))):
        for index, own in enumerate(SCORES):
            assert drawn["auroc"][index, row] == pytest.approx(roc_auc_score(TRUTH, own, sample_weight=counts))
            expected = average_precision_score(TRUTH, own, sample_weight=counts)
            assert drawn["auprc"][index, row] == pytest.approx(expected)
            assert drawn["recall"][index, row] == pytest.approx(np.average(own[TRUTH] > 1, weights=counts[TRUTH]))
            share = np.average(own[~TRUTH] > 1, weights=counts[~TRUTH])
            assert drawn["false_alarm_rate"][index, row] == pytest.approx(share)


def test_twice_the_same_detector_never_differs_and_one_class_has_no_draws():
    drawn = paired_draws(SCORES[[0, 0]], SCORES[[0, 0]] > 1, TRUTH, resamples=50)
    np.testing.assert_array_equal(*drawn["auroc"])
    assert two_sided_p(0.0, drawn["auroc"][0] - drawn["auroc"][1]) == 1
    assert two_sided_p(0.5, np.full(50, 0.5)) == 2 / 51
    assert (
        two_sided_p(0.5, np.random.default_rng(1).normal(0.5, 0.1, 50)) < 1e-4
    )  # few resamples, and still far from chance
    assert paired_draws(SCORES, SCORES > 1, np.ones(60, bool)) == {}


@settings(max_examples=30)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(ours, theirs):
    first = np.repeat([True, False, True, False], [ours, theirs, 7, 5])
    second = np.repeat([False, True, True, False], [ours, theirs, 7, 5])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (ours, theirs)
    expected = binomtest(ours, ours + theirs).pvalue if ours + theirs else 1.0
    assert found.p == pytest.approx(expected)


def test_mcnemar_of_thousands_of_parts_does_not_overflow():
    found = mcnemar(np.arange(9000) < 4600, np.arange(9000) >= 4600)
    assert found.p == pytest.approx(binomtest(4600, 9000).pvalue)


def test_signed_ranks_are_scipys_and_leave_holes_out():
    first, second = RNG.random(30), RNG.random(30)
    first[3], second[:2] = np.nan, first[:2]
    found = signed_rank(first, second)
    kept = np.isfinite(first)
    assert (found.n, found.ties) == (29, 2)
    assert found.wins + found.losses == 27
    assert found.p == pytest.approx(wilcoxon((first - second)[kept], zero_method="pratt").pvalue)


def test_few_or_equal_pairs_tell_nothing():
    assert signed_rank([1, 2, 3], [0, 0, 0]).p is None
    assert signed_rank(np.ones(9), np.ones(9)).p == 1
    assert signed_rank([np.nan], [1.0]) is None


def test_agreement_is_that_of_other_libraries():
    flags = SCORES > 0.7
    for i in range(3):
        for j in range(3):
            assert cohen_kappa(flags)[i, j] == pytest.approx(cohen_kappa_score(flags[i], flags[j]))
            assert spearman(SCORES)[i, j] == pytest.approx(spearmanr(SCORES[i], SCORES[j]).statistic)
    assert np.isnan(cohen_kappa(np.ones((2, 5), bool))).all()
    assert np.isnan(spearman(np.ones((2, 5)))).all()


def test_the_cheapest_point_is_the_cheapest_single_limit():
    weights, share = CostWeights(miss=10, false_alarm=1), 0.05
    found = cost_curve(SCORES[0], TRUTH, weights, share)
    worst = share * weights.miss + (1 - share) * weights.false_alarm
    best = cheapest(SCORES[0], TRUTH, CostWeights(10, 1, 1e9, 1), share)  # where review is dear there is one limit
    assert found.cost[found.hindsight] == pytest.approx(best.cost / worst)
    assert found.accept_all == pytest.approx(share * 10 / worst)
    assert found.reject_all == pytest.approx((1 - share) / worst)
    assert found.cost.min() == found.cost[found.hindsight]


def test_a_thinned_cost_curve_keeps_its_cheapest_point():
    scores, truth = RNG.normal(size=5000), np.arange(5000) % 2 == 0
    whole, thin = (cost_curve(scores, truth, CostWeights(5, 1), 0.3, points=points) for points in (10_000, 50))
    assert len(thin.cost) <= 51
    assert thin.cost[thin.hindsight] == whole.cost[whole.hindsight]


def test_costs_of_nothing_and_shares_of_nothing_are_refused():
    assert cost_curve([1, 2], [True, True], CostWeights(1, 1), 0.1) is None
    with pytest.raises(UserError, match="Nothing costs"):
        expected_cost(0.1, 0.1, CostWeights(0, 1), 1.0)
    with pytest.raises(UserError, match="between 0 and 1"):
        expected_cost(0.1, 0.1, CostWeights(1, 1), 1.5)
