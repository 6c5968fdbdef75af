"""Figures of several parts and of every measure; times in the unit that people use."""

from __future__ import annotations

import numpy as np
import pytest

from core.charts import palette, rust
from core.charts.rusttime import DAY, HOUR, WEEK, unit_of

HOURS = np.array([0.0, 24.0, 48.0, 72.0])
SHARE = np.array([0.001, 0.02, 0.06, 0.12])
CURVE = rust.Severity("bolt", HOURS, SHARE, SHARE * 0.8, SHARE * 1.2)


def test_one_time_alone_is_drawn() -> None:
    first = rust.Severity("bolt", HOURS[:1], SHARE[:1], SHARE[:1], SHARE[:1])
    assert len(rust.fleet([first], "bolt", HOUR, limit=0.08).data) == 1
    assert len(rust.measures({"colour": first}, HOUR, upto=0).data) == 2


def test_all_parts_share_axes_and_the_chosen_one_is_drawn_last() -> None:
    other = rust.Severity("nut", HOURS, SHARE / 10, SHARE / 10, SHARE / 10)
    figure = rust.fleet([CURVE, other], "bolt", DAY, limit=0.16)
    assert [one.name for one in figure.data] == ["nut", "bolt"]
    assert [one.line.color for one in figure.data] == [palette.NEUTRAL, palette.GOOD]


def test_the_mean_of_all_parts_and_its_interval_are_behind_them() -> None:
    figure = rust.fleet([CURVE], "bolt", DAY, limit=0.16, mean=CURVE)
    assert [one.name for one in figure.data] == ["its 95\u00a0% interval", "mean of all parts", "bolt"]
    assert list(figure.data[1].y) == pytest.approx(list(100 * CURVE.share))


def test_a_measure_is_drawn_up_to_a_time_in_percent() -> None:
    _, line = rust.measures({"colour": CURVE}, DAY, upto=2).data
    assert list(line.y) == [0.1, 2.0, 6.0]


@pytest.mark.parametrize(
    ("hours", "unit", "said"),
    [(12, HOUR, "hour 12"), (72, DAY, "day 3"), (36 + 48, DAY, "day 3.5"), (1008, WEEK, "week 6")],
)
def test_times_are_told_in_the_unit_that_people_use(hours: float, unit: object, said: str) -> None:
    assert unit_of(hours) is unit
    assert unit_of(hours).at(hours) == said


def test_durations_agree_in_number() -> None:
    assert [DAY.long(24), DAY.long(48), WEEK.long(252)] == ["1 day", "2 days", "1.5 weeks"]
