"""Peaks over threshold against closed forms, scipy and simulated tails."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from core.metrics.evt import Gpd, Pot, decluster, fit_gpd


@pytest.mark.parametrize("gamma", [-0.3, 0.0, 0.2])
def test_distribution_agrees_with_scipy(gamma: float) -> None:
    mine, theirs = Gpd(gamma, 2.0), stats.genpareto(gamma, scale=2.0)
    excesses = np.array([0.0, 0.1, 1.0, 5.0, 6.0])
    assert np.allclose(mine.sf(excesses), theirs.sf(excesses), rtol=1e-12)
    assert np.allclose(mine.isf([1, 0.5, 1e-6]), theirs.isf([1, 0.5, 1e-6]), rtol=1e-9)


def test_nothing_lies_beyond_a_bounded_tail() -> None:
    assert Gpd(-0.5, 1.0).log_sf(2.1) == -np.inf
    assert Gpd(-0.5, 1.0).sf([2.0, 9.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("gamma", [-0.3, 0.0, 0.2, 0.4])
def test_fit_finds_the_parameters(gamma: float) -> None:
    sample = stats.genpareto(gamma, scale=3.0).rvs(50_000, random_state=1)
    found = fit_gpd(sample)
    assert abs(found.gamma - gamma) < 0.03
    assert abs(found.sigma - 3.0) < 0.1


def test_fit_is_the_exponential_for_few_or_equal_excesses() -> None:
    assert fit_gpd([1.0, 3.0]) == Gpd(0.0, 2.0)
    assert fit_gpd(np.linspace(1, 3, 100), runs=6).gamma == 0
    equal = fit_gpd([2.0] * 40)
    assert (equal.gamma, equal.sigma) == (-0.5, 3.0)


def test_fit_is_known_from_hand() -> None:
    # a0 = 10.5 and a1 = sum of (20 - j)/19 j / 20 = 3.5 for 1..20, so a0 / (a0 - 2 a1) = 3: the shape is held at -1/2.
    assert fit_gpd(np.arange(1, 21)) == Gpd(-0.5, 10.5 * 1.5)


def test_fit_scales_with_its_unit() -> None:
    sample = stats.genpareto(0.1).rvs(500, random_state=2)
    one, thousand = fit_gpd(sample), fit_gpd(sample * 1000)
    assert thousand.gamma == pytest.approx(one.gamma)
    assert thousand.sigma == pytest.approx(one.sigma * 1000)


@pytest.mark.parametrize("bad", [[], [0.0, 1.0], [1.0, np.inf], [np.nan]])
def test_fit_refuses_what_is_no_excess(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="positive and finite"):
        fit_gpd(bad)


def test_runs_are_parted_by_gaps() -> None:
    scores = [0, 5, 6, 0, 7, 0, 0, 9, 9, 0]
    assert decluster(scores, 1).tolist() == [2, 4, 7]
    assert decluster(scores, 1, gap=2).tolist() == [4, 7]
    assert decluster(scores, 1, gap=3).tolist() == [7]
    assert decluster(scores, 9).tolist() == []
    assert decluster([9.0, 0.0], 1).tolist() == [0]
    with pytest.raises(ValueError, match="gap"):
        decluster(scores, 1, gap=0)


@given(hnp.arrays(float, st.integers(1, 60), elements=st.integers(0, 5)), st.integers(1, 5))
def test_runs_as_counted_one_by_one(scores: np.ndarray, gap: int) -> None:
    expected: list[int] = []
    last = -gap - 1
    for step, score in enumerate(scores):
        if score > 2:
            if step - last > gap:
                expected.append(step)
            elif score > scores[expected[-1]]:
                expected[-1] = step
            last = step
    assert decluster(scores, 2, gap).tolist() == expected


@pytest.mark.parametrize("kind", ["squared", "correlated", "lognormal"])
def test_promised_rate_is_kept_on_unseen_steps(kind: str) -> None:
    """Means over 20 fits of the rate met at 1e-3, of which ten times less was ever seen per fit than is promised."""
    met = []
    rng = np.random.default_rng(3)
    fresh = np.sort(_scores(kind, 500_000, rng))
    for _ in range(20):
        threshold = Pot.fit(_scores(kind, 20_000, rng), gap=20 if kind == "correlated" else 1).quantile(1e-3)
        met.append(1 - np.searchsorted(fresh, threshold, "right") / len(fresh))
    assert 1e-3 / 1.3 < np.mean(met) < 1e-3 * 1.3


def _scores(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import lfilter

    noise = rng.normal(size=n + 200)
    if kind == "correlated":
        return np.asarray(lfilter([1], [1, -0.9], noise)[200:] ** 2)
    return noise[200:] ** 2 if kind == "squared" else np.exp(0.5 * noise[200:])


@given(st.integers(0, 1000), st.integers(1, 400), st.booleans())
def test_survival_falls_and_quantile_inverts_it(seed: int, n: int, discrete: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, n).astype(float) if discrete else rng.gamma(1.0, size=n)
    pot = Pot.fit(scores)
    grid = np.linspace(-1, scores.max() * 5 + 1, 400)
    log = pot.log_survival(grid)
    assert np.isfinite(log).all()
    assert (np.diff(log) <= 1e-12).all()
    assert log[0] == 0
    rates = np.array([0.5, 0.1, 0.01, 1e-3, 1e-6])
    thresholds = [pot.quantile(rate) for rate in rates]
    assert thresholds == sorted(thresholds)
    for rate, threshold in zip(rates, thresholds, strict=True):
        if pot.tail is not None and rate < pot.rate:
            assert pot.survival(threshold) == pytest.approx(rate, rel=1e-6)
        elif not discrete and np.isfinite(threshold) and rate >= 1 / n:
            assert np.mean(scores > threshold) <= rate


def test_axis_goes_on_beyond_what_a_bounded_tail_can_reach() -> None:
    pot = Pot.fit(np.random.default_rng(0).random(20_000))
    assert pot.tail is not None and pot.tail.gamma < 0
    beyond = pot.log_survival([1.01, 1.1, 2.0])
    assert np.isfinite(beyond).all() and (np.diff(beyond) < 0).all()
    for rate in (1e-5, 1e-8, 1e-15):
        assert pot.survival(pot.quantile(rate)) == pytest.approx(rate, rel=1e-6)


def test_few_runs_give_the_predictive_tail() -> None:
    scores = np.append(np.zeros(95), [1, 2, 3, 4, 5.0])  # one run of five, mean 3 above the threshold 0
    pot = Pot.fit(scores)
    assert (pot.runs, pot.threshold, pot.rate) == (1, 0.0, 0.05)
    for score in (3.0, 30.0):  # to the interpolation between knots
        assert pot.survival(score) == pytest.approx(0.05 / (1 + score / 3), rel=1e-3)
    assert pot.quantile(1e-3) == pytest.approx(3 * (0.05 / 1e-3 - 1), rel=1e-3)


def test_threshold_of_many_runs_is_that_of_the_best_tail() -> None:
    pot = Pot.fit(np.random.default_rng(1).exponential(size=200_000))
    assert pot.quantile(1e-3) == pytest.approx(-np.log(1e-3), rel=0.02)


def test_threshold_of_few_runs_is_higher_and_keeps_its_rate_on_average() -> None:
    rng, met, best = np.random.default_rng(2), [], []
    for _ in range(100):
        pot = Pot.fit(rng.exponential(size=600))  # 30 excesses at most
        assert pot.tail is not None
        met.append(np.exp(-pot.quantile(1e-4)))
        best.append(np.exp(-(pot.threshold + float(pot.tail.isf(1e-4 / pot.rate)))))
    assert np.mean(met) < np.mean(best)
    assert 0.5e-4 < np.mean(met) < 1.3e-4


def test_few_runs_of_a_smooth_score_keep_their_rate_on_average() -> None:
    """The steps of a run are near one another: a tail that is taken to end where they do promises too much (2.4e-3)."""
    rng = np.random.default_rng(3)
    fresh = np.sort(_windowed(400_000, rng))
    thresholds = [Pot.fit(_windowed(4000, rng), gap=20).quantile(1e-3) for _ in range(40)]
    met = 1 - np.searchsorted(fresh, thresholds, "right") / len(fresh)
    assert 1e-3 / 2 < np.mean(met) < 1.5e-3


def _windowed(n: int, rng: np.random.Generator) -> np.ndarray:
    """Root mean squares over windows of 20 steps of four slow readings."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / 5)
    slow = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.normal(size=(n + 119, 4)), axis=0)
    return np.sqrt(np.convolve((slow**2).mean(axis=1), np.ones(20) / 20, "valid")[100:])


def test_runs_are_counted_where_scores_forget_sooner_than_the_gap_allows() -> None:
    scores = np.random.default_rng(9).exponential(size=5000)
    near, far = Pot.fit(scores, gap=1), Pot.fit(scores, gap=500)
    assert far.runs > 0.8 * near.runs
    assert far.quantile(1e-3) == pytest.approx(near.quantile(1e-3), rel=0.05)
    repeated = Pot.fit(np.repeat(scores, 10), gap=10)  # every reading ten times
    assert repeated.runs == pytest.approx(near.runs, rel=0.25)


def test_constant_scores() -> None:
    pot = Pot.fit(np.full(50, 3.0))
    assert pot.tail is None and pot.runs == 0
    assert pot.quantile(0.02) == 3.0
    assert pot.survival([2.0, 3.0]).tolist() == [1.0, 1.0]
    assert pot.survival(3.1) == pytest.approx(1 / 51)


def test_a_single_score() -> None:
    pot = Pot.fit([1.0])
    assert pot.quantile(0.9) == 1.0 and pot.quantile(0.1) == np.inf


def test_band_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(5), 0
    truth = -np.log(1e-3)
    for _ in range(100):
        low, high = Pot.fit(rng.exponential(size=3000)).band(1e-3)
        hits += low <= truth <= high
    assert hits >= 85  # 95 expected where the estimator has no bias


def test_band_is_the_same_on_every_call_and_wider_for_fewer_runs() -> None:
    scores = np.random.default_rng(6).exponential(size=20_000)
    many, few = Pot.fit(scores), Pot.fit(scores[:2000])
    assert many.band(1e-4) == many.band(1e-4)
    low, high = many.band(1e-4)
    assert low < many.quantile(1e-4) < high
    assert np.diff(few.band(1e-4))[0] > high - low
    assert np.diff(many.band(1e-4, confidence=0.5))[0] < high - low
    low, high = many.band(0.1)
    assert low < many.quantile(0.1) < high


@pytest.mark.parametrize("n", [3, 5000])
def test_survives_json(n: int) -> None:
    pot = Pot.fit(np.random.default_rng(7).gamma(2.0, size=n))
    again = Pot.from_json(json.loads(json.dumps(pot.to_json())))
    grid = np.linspace(0, 40, 1000)
    assert (again.log_survival(grid) == pot.log_survival(grid)).all()
    assert again.quantile(1e-3) == pot.quantile(1e-3)


def test_refuses_what_cannot_be_meant() -> None:
    with pytest.raises(ValueError, match="finite"):
        Pot.fit([1.0, np.nan])
    with pytest.raises(ValueError, match="rate"):
        Pot.fit([1.0]).quantile(0.0)
