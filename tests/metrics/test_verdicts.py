"""Two limits and what they lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.metrics.verdicts import expected_per_day, shares, verdict_table, verdicts


def test_a_score_on_a_limit_falls_on_its_lower_side():
    assert verdicts([0, 1, 1.5, 2, 2.1], 1, 2).tolist() == ["accept", "accept", "review", "review", "reject"]
    assert verdicts([1, 1.1], 1, 1).tolist() == ["accept", "reject"]
    assert verdicts([], 1, 2).tolist() == []


def test_crossed_limits_are_refused():
    with pytest.raises(UserError, match="above the reject limit"):
        verdicts([1.0], 2, 1)


def test_the_table_counts_every_image_once():
    labels = ["good", "good", "bad", None]
    table = verdict_table(verdicts([0, 3, 3, 1.5], 1, 2), labels)
    assert table.tolist() == [[1, 0, 0], [0, 0, 1], [1, 1, 0]]


def test_per_day_by_hand():
    day = expected_per_day((0.9, 0.06, 0.04), (0.1, 0.2, 0.7), 1000, 0.05)
    assert day.false_alarms == pytest.approx(38)
    assert day.reviews == pytest.approx(0.06 * 950 + 0.2 * 50)
    assert day.missed == pytest.approx(5)


def test_what_nobody_labelled_is_unknown():
    day = expected_per_day(shares([8, 1, 1]), shares([0, 0, 0]), 100, 0.1)
    assert day.false_alarms == pytest.approx(9)
    assert (day.reviews, day.missed) == (None, None)
    assert expected_per_day(shares([8, 1, 1]), None, 100, 0).reviews == pytest.approx(10)


@given(st.lists(st.floats(-5, 5)), st.floats(-5, 5), st.floats(0, 5))
def test_raising_a_limit_never_rejects_more(scores, accept, width):
    before = verdicts(scores, accept, accept + width)
    after = verdicts(scores, accept, accept + width + 1)
    assert set(after[before != "reject"]) <= {"accept", "review"}
