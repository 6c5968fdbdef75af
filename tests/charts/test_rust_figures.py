"""Figures of a rusting part: they grow with the slider in a frame that stays, and are honest about the limit."""

from __future__ import annotations

import numpy as np
import pytest

from core.charts import palette, rust
from core.charts.rusttime import DAY, HOUR, WEEK, unit_of

HOURS = np.array([0.0, 24.0, 48.0, 72.0])
SHARE = np.array([0.001, 0.02, 0.06, 0.12])
CURVE = rust.Severity("bolt", HOURS, SHARE, SHARE * 0.8, SHARE * 1.2)
CROSSING = rust.Crossing(median=96.0, low80=90.0, high80=130.0, low95=85.0, high95=None)
FAN = rust.Fan(
    np.array([72.0, 96.0, 150.0, 900.0]), *(np.array([0.12, 0.16, 0.3, 0.9]) * k for k in (1, 0.9, 1.1, 0.8, 1.2))
)


def drawn(upto: int = 3, *, limit: float = 0.16, crossing: rust.Crossing | None = CROSSING, fan: rust.Fan | None = FAN):  # type: ignore[no-untyped-def]
    return rust.progression(CURVE, DAY, upto=upto, limit=limit, horizon=720.0, crossing=crossing, fan=fan)


def trace(figure, name: str):  # type: ignore[no-untyped-def]
    return next(one for one in figure.data if one.name == name)


@pytest.mark.parametrize("upto", range(4))
def test_the_curve_grows_in_a_frame_that_stays(upto: int) -> None:
    figure = drawn(upto)
    assert list(trace(figure, "measured").x) == list(HOURS[: upto + 1] / 24)
    assert figure.layout.xaxis.range == drawn(3).layout.xaxis.range
    assert figure.layout.yaxis.range == drawn(3).layout.yaxis.range


def test_the_forecast_comes_with_the_last_time_only() -> None:
    names = [[one.name for one in drawn(upto).data] for upto in (2, 3)]
    assert "crossing" not in names[0]
    assert "expected" not in names[0]
    assert {"crossing", "expected"} <= set(names[1])
    assert trace(drawn(), "crossing").x == (4.0,)


def test_what_is_over_the_limit_has_a_second_sign() -> None:
    marker = trace(drawn(limit=0.05), "measured").marker
    assert list(marker.symbol) == ["circle", "circle", "x", "x"]
    assert list(marker.color) == [palette.GOOD] * 2 + [palette.ANOMALOUS] * 2


def test_a_distant_limit_does_not_flatten_the_curve() -> None:
    near, far = drawn(crossing=None, fan=None), drawn(limit=0.9, crossing=None, fan=None)
    assert near.layout.yaxis.range[1] == pytest.approx(1.12 * 16)
    assert far.layout.yaxis.range[1] == pytest.approx(1.3 * 14.4)
    assert len(near.layout.shapes) == 1
    assert len(far.layout.shapes) == 0


def test_a_part_without_rust_is_flat_not_magnified_noise() -> None:
    none = np.zeros(4)
    figure = rust.progression(rust.Severity("bolt", HOURS, none, none, none), DAY, upto=3, limit=0.08, horizon=100.0)
    assert figure.layout.yaxis.range[1] >= 100 * rust.LOWEST_TOP


def test_one_time_alone_is_drawn() -> None:
    first = rust.Severity("bolt", HOURS[:1], SHARE[:1], SHARE[:1], SHARE[:1])
    assert len(rust.progression(first, HOUR, upto=0, limit=0.08, horizon=24.0).data) == 1
    assert len(rust.fleet([first], "bolt", HOUR, limit=0.08).data) == 1
    assert len(rust.measures({"colour": first}, HOUR, upto=0).data) == 2


def test_all_parts_share_axes_and_the_chosen_one_is_drawn_last() -> None:
    other = rust.Severity("nut", HOURS, SHARE / 10, SHARE / 10, SHARE / 10)
    figure = rust.fleet([CURVE, other], "bolt", DAY, limit=0.16)
    assert [one.name for one in figure.data] == ["nut", "bolt"]
    assert [one.line.color for one in figure.data] == [palette.NEUTRAL, palette.GOOD]


@pytest.mark.parametrize(("health", "verdict"), [(1.0, "accept"), (0.3, "review"), (0.0, "reject")])
def test_the_gauge_is_green_then_amber_then_vermillion(health: float, verdict: str) -> None:
    (gauge,) = rust.gauge(health).data
    assert gauge.gauge.bar.color == palette.VERDICT_COLOURS[verdict]
    assert gauge.value == 100 * health


@pytest.mark.parametrize(
    ("hours", "unit", "said"),
    [(12, HOUR, "hour 12"), (72, DAY, "day 3"), (36 + 48, DAY, "day 3.5"), (1008, WEEK, "week 6")],
)
def test_times_are_told_in_the_unit_that_people_use(hours: float, unit: object, said: str) -> None:
    assert unit_of(hours) is unit
    assert unit_of(hours).at(hours) == said


def test_durations_agree_in_number() -> None:
    assert [DAY.long(24), DAY.long(48), WEEK.long(252)] == ["1 day", "2 days", "1.5 weeks"]
