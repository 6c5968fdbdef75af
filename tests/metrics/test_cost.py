"""Costs: known answers, and the fast search against every pair of limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.metrics.cost import CostWeights, cheapest

SCORES = np.array([0.1, 0.2, 0.6, 0.4, 0.8, 0.9])
TRUTH = np.array([False, False, False, True, True, True])


def expected_cost(scores, truth, accept, reject, weights, rate):
    """Cost per part of two limits, counted part by part."""
    total = 0.0
    for score, bad in zip(scores, truth, strict=True):
        cost = weights.miss if bad and score <= accept else weights.false_alarm if not bad and score > reject else 0.0
        cost += weights.review if accept < score <= reject else 0.0
        total += cost * (rate / truth.sum() if bad else (1 - rate) / (~truth).sum())
    return total


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=12),
    st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 5.0])] * 3),
    st.floats(0, 1),
)
def test_the_cheapest_limits_are_cheaper_than_all_others(parts, costs, rate):
    scores = np.array([float(score) for score, _ in parts])
    truth = np.array([bad for _, bad in parts])
    truth[:2] = [True, False]
    weights = CostWeights(costs[0], costs[1], costs[2], 1.0)
    policy = cheapest(scores, truth, weights, rate)
    assert policy.accept <= policy.reject
    assert expected_cost(scores, truth, policy.accept, policy.reject, weights, rate) == pytest.approx(policy.cost)
    limits = sorted({-1.0, *(scores + 0.5)})
    every = [expected_cost(scores, truth, a, r, weights, rate) for a, r in itertools.product(limits, limits) if a <= r]
    assert policy.cost == pytest.approx(min(every), abs=1e-9)


def test_free_review_sends_the_doubtful_to_a_person_and_dear_review_nobody():
    free = cheapest(SCORES, TRUTH, CostWeights(100, 10), 0.1)
    assert free.cost == 0
    assert free.accept < 0.4
    assert free.reject >= 0.6
    dear = cheapest(SCORES, TRUTH, CostWeights(100, 10, review_minute=1000, minutes_per_part=1), 0.1)
    assert dear.accept == dear.reject


def test_errors_tell_what_to_do():
    with pytest.raises(UserError, match="both kinds"):
        cheapest([1.0], [True], CostWeights(1, 1), 0.1)
    with pytest.raises(UserError, match="defect rate"):
        cheapest(SCORES, TRUTH, CostWeights(1, 1), 1.5)
    with pytest.raises(UserError, match="negative"):
        CostWeights(-1, 1)
