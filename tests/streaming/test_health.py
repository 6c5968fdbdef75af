"""Health follows its formula; its trend is told only where it is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.streaming.curve import POINTS, Curve
from core.streaming.health import USUAL, Health


def test_health_is_100_at_usual_and_50_at_the_limit() -> None:
    health = Health(limit=3.0)
    assert health.push(np.full(500, USUAL))[-1] == pytest.approx(100)
    assert health.push(np.full(3000, 3.0))[-1] == pytest.approx(50, abs=1e-6)
    assert health.lowest == pytest.approx(50, abs=1e-6)
    after = health.push(np.full(3000, USUAL))
    assert after[-1] == pytest.approx(100, abs=1e-6)


def test_half_the_way_after_a_half_life() -> None:
    health = Health(limit=3.0, half_life=20)
    level = health.push(np.full(20, 3.0))[-1]
    assert level == pytest.approx(100 * 2**-0.5)


def test_one_spike_is_no_lasting_illness() -> None:
    assert Health(limit=3.0).push(np.array([300.0]))[-1] > 95


@given(cuts=st.lists(st.integers(0, 400), max_size=5))
def test_health_and_trend_do_not_depend_on_the_cut(cuts: list[int]) -> None:
    surprise = np.random.default_rng(0).exponential(0.6, 1000)
    one, other = Health(3.0), Health(3.0)
    whole = one.push(surprise)
    pieces = [other.push(part) for part in np.split(surprise, sorted(cuts))]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert other.trend().slope == pytest.approx(one.trend().slope, nan_ok=True)


def test_the_direction_is_told_where_the_interval_leaves_out_zero() -> None:
    rng = np.random.default_rng(1)
    steady, falling = Health(3.0), Health(3.0)
    assert steady.trend().direction == "unknown"
    steady.push(rng.exponential(USUAL, 1500))
    falling.push(rng.exponential(USUAL, 1500) + np.linspace(0, 2.5, 1500))
    assert falling.trend().direction == "falling"
    assert falling.trend().high < 0
    falling.push(np.linspace(2.5, 0, 1500))
    assert falling.trend().direction == "rising"
    assert abs(steady.trend().slope) < abs(falling.trend().slope)


@given(cuts=st.lists(st.integers(0, 3000), max_size=5), n=st.integers(1, 3000))
def test_a_curve_keeps_peaks_in_few_points(cuts: list[int], n: int) -> None:
    values = np.random.default_rng(n).standard_normal((n, 2))
    whole, pieces = Curve(2), Curve(2)
    whole.push(values)
    for part in np.split(values, sorted(min(cut, n) for cut in cuts)):
        pieces.push(part)
    found = whole.to_json(["a", "b"], digits=9)
    assert found == pieces.to_json(["a", "b"], digits=9)
    assert len(found["high"]["a"]) <= POINTS
    assert max(found["high"]["a"]) == pytest.approx(values[:, 0].max())
    assert min(found["low"]["b"]) == pytest.approx(values[:, 1].min())
    assert (len(found["high"]["a"]) - 1) * found["stride"] < n <= len(found["high"]["a"]) * found["stride"]
