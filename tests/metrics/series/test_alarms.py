"""Counts of steps and events against TSB-AD 1.5, Orion 0.7.1 and hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.metrics.series.alarms import Counts, count_overlaps, count_steps, delays, event_f1, point_adjusted
from core.metrics.series.stretches import Policy, as_mask, overlapping, stretches
from tests.metrics.series.cases import WAVES, mask, wave

masks = hnp.arrays(bool, st.integers(1, 60))

# TSB-AD 1.5 with scores > 1.5 as predictions: metric_EventF1PA, metric_PointF1PA (which never adjusts the first step of
# a series: no figure where an event begins there)
TSB_AD = [
    (0.43902439024390205, 0.7964601769911505),
    (0.36363636363636315, None),
    (0.8996539792387538, 0.9254498714652957),
    (0.1874999999999998, 0.5357142857142857),
]


@pytest.mark.parametrize(("series", "expected"), list(zip(WAVES, TSB_AD, strict=True)))
def test_agrees_with_tsb_ad(series: tuple, expected: tuple[float, float | None]) -> None:
    scores, labels = wave(*series)
    assert event_f1(scores > 1.5, labels) == pytest.approx(expected[0], abs=1e-12)
    if expected[1] is not None:
        assert point_adjusted(scores > 1.5, labels).f1 == pytest.approx(expected[1], abs=1e-12)


def test_overlaps_agree_with_orion() -> None:
    # Orion 0.7.1, contextual_confusion_matrix(weighted=False): intervals there include their last step.
    events = np.array([(10, 21), (40, 51), (60, 71)])
    episodes = np.array([(0, 6), (21, 23), (45, 66), (80, 91)])
    assert count_overlaps(episodes, events) == Counts(tp=2, fp=3, fn=1)


@given(masks, st.randoms(use_true_random=False))
def test_overlaps_as_counted_one_by_one(flagged: np.ndarray, random) -> None:  # type: ignore[no-untyped-def]
    labels = np.array([random.random() < 0.4 for _ in flagged])
    these, others = stretches(flagged), stretches(labels)
    expected = [bool(labels[start:stop].any()) for start, stop in these]
    assert overlapping(these, others).tolist() == expected


@given(masks)
def test_stretches_and_masks_are_two_forms_of_one_thing(flagged: np.ndarray) -> None:
    assert (as_mask(stretches(flagged), len(flagged)) == flagged).all()


def test_steps_by_skab_rule() -> None:
    counts = count_steps(mask(10, (0, 3), (5, 6)), mask(10, (2, 6)))
    assert counts == Counts(tp=2, fp=2, fn=2, tn=4)
    assert (counts.far, counts.mar, counts.f1) == (2 / 6, 2 / 4, 0.5)
    assert counts + counts == Counts(4, 4, 4, 8)


def test_nothing_to_find_is_none_and_nothing_found_is_zero() -> None:
    quiet, event = np.zeros(9, bool), mask(9, (3, 5))
    assert count_steps(quiet, quiet).f1 is None and count_steps(quiet, quiet).mar is None
    assert count_steps(quiet, ~quiet).far is None
    assert event_f1(event, quiet) is None
    assert event_f1(quiet, event) == 0 and count_steps(quiet, event).f1 == 0
    assert count_overlaps(stretches(event), stretches(quiet)).f1 is None
    assert event_f1(event, event) == 1


def test_one_step_finds_an_event_and_an_endless_alarm_pays() -> None:
    labels = mask(1000, (100, 200), (500, 600))
    assert event_f1(mask(1000, (150, 151), (550, 551)), labels) == 1
    assert event_f1(np.ones(1000, bool), labels) == pytest.approx(2 * 0.2 / 1.2)


def test_point_adjustment_flatters_chance() -> None:
    rng = np.random.default_rng(0)
    labels = mask(20_000, *((start, start + 125) for start in range(1000, 20_000, 2500)))
    flagged = rng.random(20_000) < 0.02
    plain, adjusted, half = count_steps(flagged, labels).f1, point_adjusted(flagged, labels).f1, None
    half = point_adjusted(flagged, labels, share=0.5).f1
    assert plain is not None and adjusted is not None
    assert plain < 0.1 < 0.6 < adjusted
    assert half == plain


def test_delays() -> None:
    events = np.array([(10, 20), (30, 40), (50, 60)])
    assert delays(mask(60, (5, 11), (37, 38), (45, 50)), events) == pytest.approx([0, 7, np.nan], nan_ok=True)
    assert np.isnan(delays(np.zeros(60, bool), events)).all()
    assert delays(np.ones(60, bool), events[:0]).shape == (0,)


def test_alarms_need_steps_in_a_row() -> None:
    flagged = mask(20, (2, 4), (6, 10))
    assert (Policy(1).raised(flagged) == flagged).all()
    assert stretches(Policy(3).raised(flagged)).tolist() == [[8, 10]]
    assert not Policy(5).raised(flagged).any()


def test_near_alarms_are_one_episode() -> None:
    alarms = mask(40, (2, 4), (6, 10), (13, 14), (30, 31))
    assert Policy(merge=0).episodes(alarms).tolist() == stretches(alarms).tolist()
    assert Policy(merge=2).episodes(alarms).tolist() == [[2, 10], [13, 14], [30, 31]]
    assert Policy(merge=3).episodes(alarms).tolist() == [[2, 14], [30, 31]]
    assert Policy().episodes(np.zeros(5, bool)).shape == (0, 2)


@pytest.mark.parametrize("options", [{"consecutive": 0}, {"merge": -1}])
def test_impossible_policies(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="one step"):
        Policy(**options)


def test_vectors_of_two_lengths() -> None:
    with pytest.raises(ValueError, match="length"):
        count_steps(np.zeros(3, bool), np.zeros(4, bool))
