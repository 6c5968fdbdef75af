"""The curve as a drawing: it grows with the slider in a frame that stays, and is honest about the limit."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from core.charts import palette
from core.charts.rust import Crossing, Fan, Severity
from core.charts.rustcurve import curve_svg, gauge_svg, spark_svgs
from core.charts.rusttime import DAY, HOUR

HOURS = np.array([0.0, 24.0, 48.0, 72.0])
SHARE = np.array([0.001, 0.02, 0.06, 0.12])
CURVE = Severity("bolt", HOURS, SHARE, SHARE * 0.8, SHARE * 1.2)
CROSSING = Crossing(median=96.0, low80=90.0, high80=130.0, low95=85.0, high95=None)
GROWTH = np.array([0.12, 0.16, 0.3, 0.9])
FAN = Fan(np.array([72.0, 96.0, 150.0, 900.0]), *(GROWTH * k for k in (1.0, 0.9, 1.1, 0.8, 1.2)))


def drawn(
    upto: int = 3, *, limit: float = 0.16, crossing: Crossing | None = CROSSING, fan: Fan | None = FAN
) -> ET.Element:
    return ET.fromstring(  # noqa: S314 - made here
        curve_svg(CURVE, DAY, upto=upto, limit=limit, horizon=720.0, crossing=crossing, fan=fan)
    )


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in svg.iter() if one.get("class") == name]


def texts(svg: ET.Element) -> list[str]:
    return [one.text or "" for one in svg.iter() if one.tag.endswith("text")]


def points(svg: ET.Element) -> list[str]:
    return (of_class(svg, "measured")[0].get("points") or "").split()


@pytest.mark.parametrize("upto", range(4))
def test_the_curve_grows_in_a_frame_that_stays(upto: int) -> None:
    now, end = drawn(upto), drawn(3)
    assert points(now) == points(end)[: upto + 1]
    assert texts(now) == texts(end)


def test_the_forecast_comes_with_the_last_time_only() -> None:
    for name in ("crossing", "expected"):
        assert not of_class(drawn(2), name)
        assert of_class(drawn(3), name)


def test_what_is_over_the_limit_has_a_second_sign() -> None:
    crosses = of_class(drawn(limit=0.05), "over")
    assert len(crosses) == 2
    assert {cross.get("stroke") for cross in crosses} == {palette.ANOMALOUS}


def test_the_forecast_is_in_the_frame_as_far_as_it_does_not_press_down_the_curve() -> None:
    def top(fan: Fan) -> float:
        return max(
            float(text.rstrip("\u00a0%")) for text in texts(drawn(fan=fan)) if text.endswith("%") and "l" not in text
        )

    steep = Fan(
        FAN.hours, *(np.minimum(getattr(FAN, name) * 4, 1) for name in ("median", "low80", "high80", "low95", "high95"))
    )
    assert top(FAN) < top(steep) <= 100 * 1.5 * 1.12 * 0.16


def test_a_distant_limit_does_not_flatten_the_curve() -> None:
    assert "limit 16\u00a0%" in texts(drawn(crossing=None, fan=None))
    assert not any(text.startswith("limit") for text in texts(drawn(limit=0.9, crossing=None, fan=None)))


def test_a_limit_not_reached_has_no_diamond() -> None:
    assert not of_class(drawn(crossing=Crossing(None, None, None, None, None)), "crossing")


def test_a_part_without_rust_lies_on_the_axis() -> None:
    none = replace(CURVE, share=SHARE * 0, low=SHARE * 0, high=SHARE * 0)
    svg = ET.fromstring(curve_svg(none, DAY, upto=3, limit=0.08, horizon=100.0))  # noqa: S314
    assert len({point.split(",")[1] for point in points(svg)}) == 1


def test_one_time_alone_is_drawn() -> None:
    first = Severity("bolt", HOURS[:1], SHARE[:1], SHARE[:1], SHARE[:1])
    assert "<circle" in curve_svg(first, HOUR, upto=0, limit=0.08, horizon=24.0)


def test_hovering_tells_the_figures() -> None:
    assert "day 2: 6.00\u00a0% (4.80 to 7.20)" in {one.text for one in drawn().iter() if one.tag.endswith("title")}


@pytest.mark.parametrize(("health", "verdict"), [(1.0, "accept"), (0.3, "review"), (0.0, "reject")])
def test_the_gauge_is_green_then_amber_then_vermillion(health: float, verdict: str) -> None:
    svg = gauge_svg(health)
    assert palette.VERDICT_COLOURS[verdict] in svg
    assert f"{100 * health:.0f}\u00a0%" in svg


def test_small_drawings_share_their_axes() -> None:
    small = replace(CURVE, share=SHARE / 10, low=SHARE / 10, high=SHARE / 10)
    ends = [float(re.findall(r"cy=\"([0-9.]+)\"|M[0-9.]+ ([0-9.]+) l10", svg)[-1][0] or 0) for svg in
            spark_svgs([CURVE, small], limit=0.5)]  # fmt: skip
    assert ends[0] < ends[1]
