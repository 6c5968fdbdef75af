"""Circular block bootstrap: blocks, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from core.metrics.ranking import auroc
from core.metrics.series.alarms import count_steps
from core.metrics.series.figures import FIGURES, LabelledSeries, bootstrapped, combined, measure
from core.metrics.series.resampling import block_length, draw, interval
from core.metrics.series.stretches import Policy
from tests.metrics.series.cases import mask


def test_blocks_are_long_enough_for_events_and_correlation() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=10_000)
    labels = mask(10_000, (100, 150), (500, 580), (900, 1000))
    assert block_length(noise, labels) == 80
    assert block_length(noise, labels, window=100) == 180
    assert block_length(noise, None) == 2
    slow = lfilter([1], [1, -0.99], noise)
    assert 120 < block_length(slow, None) < 280  # twice the 100 steps of 0.99
    assert block_length(noise[:200], labels[:200]) == 50
    assert block_length(np.zeros(3), None) >= 1


def test_a_resample_is_made_of_blocks_of_the_ring() -> None:
    steps = draw(103, 10, np.random.default_rng(1))
    assert steps.shape == (103,) and steps.min() >= 0 and steps.max() < 103
    assert (np.diff(steps.reshape(-1)[:100].reshape(10, 10), axis=1) % 103 == 1).all()


def test_interval_is_moved_to_the_figure() -> None:
    assert interval(0.5, [0.3, 0.4, 0.5]) == pytest.approx((0.405, 0.595))
    assert interval(0.99, [0.3, 0.4, 0.5]) == pytest.approx((0.895, 1.0))
    assert interval(0.5, [np.nan, np.nan, 0.5]) is None


def test_intervals_of_correlated_alarms_cover() -> None:
    """The false-alarm rate of scores that hang together: plain resampling of steps would cover far less."""
    rng, hits = np.random.default_rng(2), 0
    truth = 0.0228
    for seed in range(60):
        noise = rng.normal(size=4200)
        scores = lfilter([1], [1, -0.9], noise)[200:] * np.sqrt(1 - 0.81)
        series = LabelledSeries(scores, scores > 2, mask(4000, (0, 4)))
        block = block_length(series.scores, series.labels)
        far = [
            count_steps(one.alarms, one.labels).far
            for one in (series.at(draw(4000, block, np.random.default_rng([seed, b]))) for b in range(100))
            if one.alarms is not None
        ]
        value = count_steps(scores > 2, series.labels).far
        assert value is not None
        found = interval(value, np.array(far, float))
        hits += found is not None and found[0] <= truth <= found[1]
    assert hits >= 48  # of 60; 57 expected of a perfect interval


def test_figures_of_machines_are_averaged_or_added_up() -> None:
    rng, policy = np.random.default_rng(3), Policy(merge=5)
    machines = []
    for n, length in ((1000, 50), (3000, 20)):
        labels = mask(n, (200, 200 + length), (600, 600 + length))
        scores = rng.normal(size=n) + 2 * labels
        machines.append(LabelledSeries(scores, scores > 2, labels))
    found = [measure(one, policy, window=20) for one in machines]
    both = combined(found)
    assert set(both) == set(FIGURES)
    assert both["auc_roc"] == pytest.approx(np.mean([auroc(one.scores, one.labels) for one in machines]))
    wrong = sum(int((one.alarms & ~one.labels).sum()) for one in machines if one.alarms is not None)
    assert both["far"] == pytest.approx(wrong / sum(int((~one.labels).sum()) for one in machines))
    intervals, blocks = bootstrapped(machines, both, policy, window=20, resamples=40)
    again, _ = bootstrapped(machines, both, policy, window=20, resamples=40)
    assert intervals == again and len(blocks) == 2
    for name, (low, high) in intervals.items():
        assert low <= both[name] <= high  # type: ignore[operator]
    assert set(intervals) == set(FIGURES)


def test_no_alarms_no_machines_no_resamples() -> None:
    labels = mask(100, (10, 20))
    bare = measure(LabelledSeries(np.arange(100.0), None, labels), Policy(), window=5)
    assert bare.figures["f1"] is None and bare.figures["auc_roc"] is not None
    assert combined([bare])["far"] is None and combined([bare])["overlap_f1"] is None
    assert combined([]) == {}
    assert bootstrapped([], {}, Policy()) == ({}, [])
