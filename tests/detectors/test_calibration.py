"""The promise of a threshold: exact on exchangeable scores, refused where it cannot be given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.detectors.calibration import Calibration
from core.errors import UserError


def calibration(scores: list[float]) -> Calibration:
    ordered = np.sort(np.asarray(scores, float))
    return Calibration(ordered, ordered, 0.0, "held-out")


def test_p_values_count_what_is_at_least_as_anomalous() -> None:
    one = calibration([1, 2, 3, 4])
    np.testing.assert_allclose(one.p_value([0, 1, 2.5, 4, 5]), [1, 1, 3 / 5, 2 / 5, 1 / 5])


def test_threshold_is_the_order_statistic_of_the_conformal_rule() -> None:
    one = calibration(list(range(1, 20)))  # n = 19: 5 % is the lowest rate, at the largest score
    assert one.lowest_rate == pytest.approx(0.05)
    assert one.threshold(0.05) == 19
    assert one.threshold(0.1) == 18
    assert one.promised_rate(19) == pytest.approx(0.05)
    assert one.promised_rate(18) == pytest.approx(0.1)


def test_far_beyond_is_further_than_good_parts_are_apart() -> None:
    one = calibration([1, 2, 3])  # 3 lies 1 above the median
    np.testing.assert_array_equal(one.far_beyond([0, 3, 4, 4.01, 50]), [False, False, False, True, True])


def test_a_rate_that_few_images_cannot_promise_is_refused_with_the_lowest_they_can() -> None:
    with pytest.raises(UserError, match=r"4 held-out .*20\.00\u00a0%"):
        calibration([1, 2, 3, 4]).threshold(0.05)
    assert calibration([1, 2, 3, 4]).reachable(0.05) == pytest.approx(0.2)


@pytest.mark.parametrize("rate", [0, 1, -1, 2])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(UserError):
        calibration([1, 2, 3]).threshold(rate)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.001, 0.999))
def test_an_alarm_is_a_p_value_within_the_rate(scores: list[float], rate: float) -> None:
    one = calibration(scores)
    rate = one.reachable(rate)
    threshold = one.threshold(rate)
    for score in (*scores, threshold, threshold + 1):
        assert (score > threshold) == (one.p_value(score) <= rate + 1e-9)


def test_false_alarms_of_exchangeable_scores_meet_the_promise() -> None:
    """4,000 calibrations of 59 scores each: the mean false-alarm rate is the promised one, to its standard error."""
    rng = np.random.default_rng(0)
    drawn = rng.gumbel(size=(4000, 60))
    alarms = [row[-1] > calibration(row[:-1].tolist()).threshold(0.05) for row in drawn]
    assert np.mean(alarms) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))


def test_json_round_trip() -> None:
    one = calibration([3.25, 1.5, 2.125])
    other = Calibration.from_json(one.to_json())
    np.testing.assert_array_equal(one.scores, other.scores)
    assert (one.map_median, one.scheme) == (other.map_median, other.scheme)


@pytest.mark.parametrize("values", [[], [1, np.nan], [2, 1]])
def test_what_is_no_calibration_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        Calibration(np.array(values, float), np.array([1.0]), 0.0, "held-out")


@pytest.mark.parametrize("median", [float("nan"), float("inf")])
def test_the_median_of_the_maps_is_finite(median: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Calibration(np.array([1.0]), np.array([1.0]), median, "held-out")
