"""Thresholds that follow the scores: rates kept, alarms not learned, cuts without effect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.adaptive import KEPT, AdaptiveThreshold, percentile
from core.metrics.evt import fit_gpd


def test_percentile_is_the_conformal_rank() -> None:
    assert percentile(np.arange(1, 20), 0.05) == 19
    assert percentile(np.arange(1, 100), 0.05) == 95
    assert percentile(np.arange(1, 19), 0.05) == np.inf
    with pytest.raises(ValueError, match="rate"):
        percentile([1.0], 0)


def test_percentile_keeps_its_rate() -> None:
    rng = np.random.default_rng(0)
    met = [np.mean(rng.random(1000) > percentile(rng.random(199), 0.05)) for _ in range(300)]
    assert np.mean(met) == pytest.approx(0.05, abs=0.005)


@given(st.integers(0, 100), st.lists(st.integers(0, 400), max_size=5), st.sampled_from([0, 1, 30]))
def test_cuts_have_no_effect(seed: int, cuts: list[int], depth: int) -> None:
    rng = np.random.default_rng(seed)
    start, stream = rng.exponential(size=400), rng.exponential(size=400)
    stream[100:110] += 20
    whole = AdaptiveThreshold.fit(start, rate=0.01, depth=depth).push(stream)
    cut = AdaptiveThreshold.fit(start, rate=0.01, depth=depth)
    parts = [cut.push(part) for part in np.split(stream, sorted(cuts))]
    assert (np.concatenate([part.thresholds for part in parts]) == whole.thresholds).all()
    assert (np.concatenate([part.alarms for part in parts]) == whole.alarms).all()
    assert (whole.alarms == (stream > whole.thresholds)).all()


def test_starts_where_the_tail_puts_it() -> None:
    scores = np.random.default_rng(1).exponential(size=5000)
    initial = np.quantile(scores, 0.98, method="higher")
    excesses = scores[scores > initial] - initial
    expected = initial + fit_gpd(excesses).isf(1e-3 * 5000 / len(excesses))
    assert AdaptiveThreshold.fit(scores, rate=1e-3).threshold == pytest.approx(expected)


@pytest.mark.parametrize("depth", [0, 50])
def test_rate_is_kept_and_does_not_rise_with_time(depth: int) -> None:
    """Alarms cut the tail off; fitted to the rest alone, four times the rate was met at the end of these streams."""
    early, late = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = AdaptiveThreshold.fit(rng.exponential(size=5000), rate=2e-3, depth=depth)
        alarms = found.push(rng.exponential(size=40_000)).alarms
        early.append(alarms[:20_000].mean())
        late.append(alarms[20_000:].mean())
    assert 2e-3 / 1.4 < np.mean(early) < 2e-3 * 1.4
    assert 2e-3 / 1.4 < np.mean(late) < 2e-3 * 1.4


def test_does_not_learn_from_its_own_alarms() -> None:
    rng = np.random.default_rng(3)
    start, normal = rng.exponential(size=2000), rng.exponential(size=500)
    hurt, spared = (AdaptiveThreshold.fit(start, rate=1e-3, depth=20) for _ in range(2))
    assert hurt.push(np.full(10_000, 1e3)).alarms.all()
    assert hurt.threshold == spared.threshold
    assert (hurt.push(normal).thresholds == spared.push(normal).thresholds).all()


def test_follows_a_slow_drift_best_with_depth() -> None:
    rng = np.random.default_rng(4)
    start = rng.exponential(size=2000)
    drifting = rng.exponential(size=5000) + np.linspace(0, 10, 5000)
    assert AdaptiveThreshold.fit(start, rate=1e-3, depth=50).push(drifting).alarms.mean() < 5e-3
    assert AdaptiveThreshold.fit(start, rate=1e-3).push(drifting).alarms.mean() > 0.02


def test_learns_what_is_normal_on_this_machine() -> None:
    rng = np.random.default_rng(5)
    found = AdaptiveThreshold.fit(rng.exponential(size=1000), rate=1e-3)
    before = found.threshold
    found.push(np.clip(rng.exponential(size=20_000), 0, 5))
    assert found.threshold < before


def test_no_alarm_while_nothing_is_known_of_the_tail() -> None:
    found = AdaptiveThreshold.fit(np.zeros(100), rate=1e-3)
    assert found.threshold == np.inf
    assert not found.push([1.0, 2.0, 1e9]).alarms.any()


def test_memory_does_not_grow() -> None:
    rng = np.random.default_rng(6)
    found = AdaptiveThreshold.fit(rng.exponential(size=500), rate=1e-6, level=0.5, depth=10)
    found.push(rng.exponential(size=3 * KEPT))
    assert len(found._excesses) == KEPT
    assert len(found._window) == 10


def test_mean_follows_the_last_normal_scores() -> None:
    scores = np.arange(100.0)
    found = AdaptiveThreshold.fit(scores, rate=0.01, depth=10)
    assert found._mean == pytest.approx(94.5)
    found.push(scores[:25])
    assert found._mean == pytest.approx(np.mean(scores[15:25]))


@pytest.mark.parametrize(("scores", "options"), [([1.0], {"depth": 1}), ([], {}), ([1.0, 2.0], {"rate": 1.0})])
def test_refuses_what_it_cannot_start_from(scores: list[float], options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"too few|rate"):
        AdaptiveThreshold.fit(scores, **{"rate": 0.1, **options})  # type: ignore[arg-type]


def test_refuses_scores_that_are_none() -> None:
    with pytest.raises(ValueError, match="finite"):
        AdaptiveThreshold.fit(np.arange(10.0), rate=0.01).push([np.nan])
