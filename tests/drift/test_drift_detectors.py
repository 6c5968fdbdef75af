"""Detectors of drift: known answers, false alarms on a process that repeats itself, the delay of a shift."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from core.drift.contract import DriftDetector
from core.drift.detectors import DETECTORS
from core.drift.hdddm import Hdddm, hellinger
from core.drift.ks import KsHolm, ks_p_values
from core.drift.kswin import Kswin
from core.drift.mmd import Mmd, kernel_matrix, mmd_squared, permutation_p, relabellings
from core.metrics.multiple import holm
from tests.benchmarks.drift_detectors import STATIONARY, outcome

SEEDS = 4


@pytest.mark.parametrize("name", ["adwin", "page-hinkley", "ks-holm", "kswin"])
def test_correlated_steps_raise_few_alarms_and_a_shift_is_found(name: str) -> None:
    """At most one alarm in 10,000 stationary steps of an AR(1) with 0.9, a shift by one sd within 2,000."""
    found = [outcome(name, seed, 1.0) for seed in range(SEEDS)]
    assert sum(one.alarms for one in found) <= SEEDS * STATIONARY / 10_000
    assert max(one.delay for one in found) <= 2000


def test_so_does_the_kernel_test() -> None:
    found = outcome("mmd", 0, 1.0)
    assert found.alarms <= STATIONARY / 10_000
    assert found.delay <= 2000


@pytest.mark.parametrize("name", DETECTORS)
def test_after_a_reset_it_finds_the_same_again(name: str) -> None:
    rng = np.random.default_rng(0)
    detector = DETECTORS[name](rng.standard_normal((96, 3)))
    blocks = rng.standard_normal((80, 3)) + 3.0 * (np.arange(80) >= 30)[:, None]
    first = [detector.push(block).drift for block in blocks]
    detector.reset()
    assert [detector.push(block).drift for block in blocks] == first
    assert any(first) and not any(first[:30])


@pytest.mark.parametrize("name", ["adwin", "page-hinkley", "ks-holm", "kswin"])
def test_it_names_the_column_that_moved(name: str) -> None:
    rng = np.random.default_rng(1)
    detector = DETECTORS[name](rng.standard_normal((128, 4)))
    found = [detector.push(rng.standard_normal(4) + np.array([0, 0, 3, 0])) for _ in range(64)]
    named = np.any([one.columns for one in found], axis=0)
    assert named.tolist() == [False, False, True, False]


def test_a_fault_of_a_few_blocks_moves_no_ranks() -> None:
    rng = np.random.default_rng(2)
    detector = KsHolm(rng.standard_normal((100, 2)))
    fault = 100.0 * ((np.arange(120) >= 60) & (np.arange(120) < 68))[:, None]
    assert not any(detector.push(block).drift for block in rng.standard_normal((120, 2)) + fault)


def test_missing_values_and_dead_columns_are_no_drift() -> None:
    rng = np.random.default_rng(3)
    reference = rng.standard_normal((64, 3))
    reference[:, 1], reference[:, 2] = np.nan, 5.0
    for name, build in DETECTORS.items():
        if name == "mmd":
            continue
        detector: DriftDetector = build(reference)
        assert not any(detector.push(np.array([value, np.nan, 5.0])).drift for value in rng.standard_normal(40)), name


def test_kolmogorov_smirnov_beside_scipy() -> None:
    rng = np.random.default_rng(4)
    reference, window = np.round(rng.standard_normal((200, 5)), 1), np.round(rng.standard_normal((32, 5)) + 0.4, 1)
    window[:7, 0] = np.nan
    for column, p in enumerate(ks_p_values(reference, window)):
        second = window[np.isfinite(window[:, column]), column]
        assert p == pytest.approx(ks_2samp(reference[:, column], second, mode="exact").pvalue, rel=0.35)


def test_kswin_finds_a_shift_when_river_does() -> None:
    """The same windows, level and stream; both draw their sample of the past at random."""
    from river.drift import KSWIN

    rng = np.random.default_rng(9)
    values = rng.standard_normal(400) + 1.5 * (np.arange(400) >= 250)
    theirs = KSWIN(alpha=1e-4, window_size=96, stat_size=32, seed=1)
    ours = Kswin(values[:96, None])
    found: dict[str, list[int]] = {"ours": [], "theirs": []}
    for step, value in enumerate(values):
        theirs.update(float(value))
        if theirs.drift_detected:
            found["theirs"].append(step)
        if step >= 96 and ours.push(np.array([value])).drift:
            found["ours"].append(step)
    assert 250 < found["ours"][0] < 285
    assert abs(found["ours"][0] - found["theirs"][0]) <= 8


def test_holm_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_discrepancy_by_the_plain_formula() -> None:
    rng = np.random.default_rng(5)
    points = rng.standard_normal((20, 2))
    kernel, second = kernel_matrix(points), np.array([[3, 7, 8, 11, 19]])
    first = np.setdiff1d(np.arange(20), second[0])
    inside = [kernel[i, j] for i in second[0] for j in second[0] if i != j]
    outside = [kernel[i, j] for i in first for j in first if i != j]
    across = [kernel[i, j] for i in first for j in second[0]]
    assert mmd_squared(kernel, second)[0] == pytest.approx(np.mean(inside) + np.mean(outside) - 2 * np.mean(across))


def test_permutation_p_is_even_without_drift_and_small_with_it() -> None:
    rng = np.random.default_rng(6)
    drawn = relabellings(60, 20, 199)
    assert all(len(set(row)) == 20 for row in drawn)
    even = [permutation_p(kernel_matrix(rng.standard_normal((60, 3))), drawn)[1] for _ in range(60)]
    assert 0.35 < np.mean(even) < 0.65
    moved = np.concatenate([rng.standard_normal((40, 3)), rng.standard_normal((20, 3)) + 1.5])
    assert permutation_p(kernel_matrix(moved), drawn)[1] == pytest.approx(1 / 200)


def test_a_change_of_spread_alone_is_seen_by_the_kernel_test() -> None:
    rng = np.random.default_rng(7)
    detector = Mmd(rng.standard_normal((200, 2)))
    assert any(detector.push(block).drift for block in 4 * rng.standard_normal((40, 2)))


def test_hellinger_by_hand() -> None:
    same = np.array([[0.0], [1.0], [0.0], [1.0]])
    assert hellinger(same, same).tolist() == [0.0]
    assert hellinger(same, np.array([[5.0], [6.0]])).tolist() == pytest.approx([1.0])


def test_histograms_follow_after_a_drift() -> None:
    rng = np.random.default_rng(8)
    detector = Hdddm(rng.standard_normal((192, 2)))
    found = [detector.push(block + 4).drift for block in rng.standard_normal((160, 2))]
    assert found[:32].count(True) == 1
    assert not any(found[32:])  # the new state is the usual one now
