"""Curves: means and intervals from views, honest with few of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.severity import scale
from core.severity.curves import curve, fleet


@given(st.floats(0, 1))
def test_the_even_scale_goes_there_and_back(share: float) -> None:
    assert float(scale.to_share(scale.to_even(share))) == pytest.approx(share, abs=1e-9)


def test_an_estimate_is_between_its_views_and_its_interval_around_it() -> None:
    found = curve("a", "colour", {0.0: [0.0, 0.001], 24.0: [0.09, 0.11]})
    assert found is not None
    for views, estimate in zip(found.views, found.estimates, strict=True):
        assert min(views) <= estimate.value <= max(views)
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_times_without_a_finite_value_are_left_out() -> None:
    found = curve("a", "colour", {48.0: [0.2, math.nan], 0.0: [0.1], 24.0: [math.nan]})
    assert found is not None
    assert found.hours == (0.0, 48.0) and found.views == ((0.1,), (0.2,))
    assert curve("a", "colour", {0.0: [math.nan]}) is None


def test_more_views_and_calmer_views_narrow_the_interval() -> None:
    def width(views: list[float]) -> float:
        found = curve("a", "colour", {0.0: views})
        assert found is not None
        return found.estimates[0].high - found.estimates[0].low

    assert width([0.2] * 6) < width([0.2] * 2) < width([0.2])
    assert width([0.19, 0.21]) < width([0.1, 0.3])


@pytest.mark.parametrize(("times_prior", "least"), [(1.0, 0.94), (2.0, 0.90)])
def test_intervals_hold_what_they_promise(times_prior: float, least: float) -> None:
    """Two views at five times; the prior is right, or half of the noise that there is."""
    rng, held = np.random.default_rng(0), []
    for share in (0.05, 0.3):
        for _ in range(100):
            even = scale.to_even(share) + times_prior * scale.PRIOR_SD * rng.standard_normal((5, 2))
            found = curve("a", "m", {float(i): scale.to_share(row).tolist() for i, row in enumerate(even)})
            assert found is not None
            held += [estimate.low <= share <= estimate.high for estimate in found.estimates]
    assert least <= np.mean(held) <= 0.99


def test_the_fleet_is_the_mean_part_where_several_were_photographed() -> None:
    one, other = curve("a", "m", {0.0: [0.1], 24.0: [0.2]}), curve("b", "m", {0.0: [0.1], 24.0: [0.2], 48.0: [0.5]})
    assert one is not None and other is not None
    found = fleet([one, other])
    assert found is not None
    assert found.hours == (0.0, 24.0)
    assert [estimate.value for estimate in found.estimates] == pytest.approx([0.1, 0.2])
    third = curve("c", "m", {0.0: [0.1], 24.0: [0.5]})
    assert third is not None
    start, end = fleet([one, other, third]).estimates  # type: ignore[union-attr]
    assert (start.low, start.value, start.high) == pytest.approx((0.1, 0.1, 0.1))  # alike: nothing is left open
    # The mean of 0.2, 0.2 and 0.5 is 0.3, its standard error 0.1, and t with two degrees of freedom 4.303.
    assert (end.low, end.value, end.high) == pytest.approx((0.0, 0.3, 0.3 + 0.4303), abs=1e-4)
    assert fleet([one]) is None
    assert fleet([one, curve("d", "m", {72.0: [0.2]})]) is None  # type: ignore[list-item]
