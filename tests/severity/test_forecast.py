"""Forecasts: what is known is met, what is not reached is told, and intervals contain the truth."""

from __future__ import annotations

import numpy as np
import pytest

from core.severity import growth, scale
from core.severity.curves import curve
from core.severity.forecast import crossing, fan, grow
from core.severity.growth import MODELS
from core.severity.types import Curve, Forecast


def _curve(values: list[float], step: float = 168.0, views: int = 2) -> Curve:
    found = curve("a", "colour", {i * step: [value] * views for i, value in enumerate(values)})
    assert found is not None
    return found


def _asked(known: Curve, limit: float, horizon: float = 2000.0) -> Forecast:
    return crossing(known, grow(known, resamples=300, seed=0), limit=limit, horizon=horizon, seed=0)


def _logistic(hours: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(5 - 0.006 * hours))


def test_a_logistic_curve_is_continued() -> None:
    found = _asked(_curve(_logistic(np.arange(5) * 168.0).tolist()), 0.5)
    assert found.reason is None and not found.observed
    assert found.median_hours == pytest.approx(5 / 0.006, rel=0.12)
    bounds = [found.low95_hours, found.low80_hours, found.median_hours, found.high80_hours]
    assert None not in bounds and bounds == sorted(bounds, key=lambda hour: hour or 0.0)


def test_two_times_give_no_forecast_and_say_so() -> None:
    found = _asked(_curve([0.0, 0.05]), 0.1)
    assert found.median_hours is None and found.reason is not None and "three times" in found.reason


def test_a_part_above_the_limit_at_the_start_is_told() -> None:
    found = _asked(_curve([0.2, 0.3, 0.4]), 0.1)
    assert found.median_hours is None and found.reason is not None and "first photograph" in found.reason


def test_a_crossing_between_photographs_is_interpolated() -> None:
    found = _asked(_curve([0.0, 0.02, 0.10, 0.2]), 0.05)
    assert found.observed and found.reason is None
    assert found.median_hours is not None and 168 < found.median_hours < 336


def test_a_crossing_that_noise_could_have_made_has_no_end() -> None:
    found = _asked(_curve([0.0, 0.02, 0.051]), 0.05)
    assert found.observed and found.low95_hours is not None and found.high95_hours is None
    assert 0.2 < found.share_reached < 0.8


def test_two_times_tell_that_the_limit_lies_between_them() -> None:
    found = _asked(_curve([0.0, 0.3]), 0.1)
    assert found.median_hours is None and found.reason is not None and "between which" in found.reason


def test_a_steady_part_does_not_reach_the_limit() -> None:
    found = _asked(_curve([0.001] * 5), 0.3, horizon=500.0)
    assert found.reason is None
    assert found.median_hours is None and found.high95_hours is None and found.share_reached < 0.5


def test_the_horizon_only_censors() -> None:
    known = _curve(_logistic(np.arange(5) * 168.0).tolist())
    near, far = _asked(known, 0.9, horizon=200.0), _asked(known, 0.9, horizon=5000.0)
    assert near.median_hours is None and far.median_hours is not None
    assert near.share_reached < far.share_reached


def test_the_same_seed_gives_the_same_forecast() -> None:
    known = _curve([0.0, 0.02, 0.05])
    assert _asked(known, 0.4) == _asked(known, 0.4)


def test_the_rate_has_an_interval_around_it() -> None:
    grown = grow(_curve([0.0, 0.02, 0.05, 0.1]), resamples=300, seed=0)
    assert grown is not None
    rate = grown.fit.rate_per_day
    assert 0 <= rate.low <= rate.value <= rate.high
    assert set(grown.fit.weights) == set(MODELS) and sum(grown.fit.weights.values()) == pytest.approx(1)


def test_the_fan_lies_around_the_curve_and_widens() -> None:
    known = _curve([0.0, 0.02, 0.05, 0.1])
    grown = grow(known, resamples=300, seed=0)
    assert grown is not None
    found = fan(known, grown, horizon=504.0)
    low95, low80, middle, high80, high95 = (
        np.array(band) for band in (found.low95, found.low80, found.median, found.high80, found.high95)
    )
    assert (low95 <= low80).all() and (low80 <= middle).all() and (middle <= high80).all() and (high80 <= high95).all()
    assert high80[-1] - low80[-1] > high80[10] - low80[10]
    assert found.hours[0] == 0 and found.hours[-1] == 3 * 168 + 504


def test_four_fifths_of_the_intervals_contain_the_truth() -> None:
    """Curves of every model with noise as strong as the prior's; no model knows which one it was."""
    rng, held = np.random.default_rng(1), []
    hours = np.arange(5) * 168.0
    for number in range(60):
        kind = np.array([number % len(MODELS)])
        at = growth.clock(kind, np.array([336.0, 1000.0]))
        ends = growth.link(kind, np.array([rng.uniform(0.01, 0.03), rng.uniform(0.2, 0.4)]))
        b = (ends[1] - ends[0]) / (at[1] - at[0])
        true = scale.to_even(growth.share(kind, ends[0] + b * (growth.clock(kind, hours) - at[0])))
        seen = scale.to_share(np.abs(true[:, None] + scale.PRIOR_SD * rng.standard_normal((5, 2))))
        known = curve("a", "m", dict(zip(hours.tolist(), seen.tolist(), strict=True)))
        assert known is not None
        found = crossing(known, grow(known, resamples=200, seed=number), limit=0.4, horizon=5000.0, seed=number)
        line = growth.Lines(kind, ends[:1] - b * at[0], np.array([b]), np.zeros(1))
        when = float(line.crossing(np.array([0.4]))[0])
        if found.reason is None and not found.observed:
            held.append((found.low80_hours or 0) <= when <= (found.high80_hours or np.inf))
    assert len(held) > 40
    assert 0.70 <= np.mean(held) <= 0.92
