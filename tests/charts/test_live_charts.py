"""Charts of a running feed: plain options that a browser can draw, with no more points than it shows."""

from __future__ import annotations

import json

import numpy as np

from core.charts import live, palette
from core.charts.live import Axis, Span, Voice


def test_a_voice_above_its_limit_is_hatched_and_marked() -> None:
    option = live.gauges([Voice("VAE", 4.2, 3.0, 5.0), Voice("Kalman", 0.4, 3.0, 1.0)])
    json.dumps(option, allow_nan=False)
    assert option["yAxis"]["data"] == ["VAE ▲", "Kalman"]
    above, below = option["series"][0]["data"]
    assert above["itemStyle"]["color"] == palette.ANOMALOUS and "decal" in above["itemStyle"]
    assert below["itemStyle"] == {"color": palette.GOOD}
    assert option["xAxis"]["max"] >= 5


def test_the_timeline_keeps_peaks_in_few_points_and_gaps_as_null() -> None:
    n = 20_000
    score = np.zeros(n, np.float32)
    score[12_345] = 9
    readings = np.ones(n, np.float32)
    readings[:50] = np.nan
    axis = Axis(np.arange(n, dtype=float), "step")
    option = live.timeline(
        axis, {"VAE": score, "Ensemble": score}, np.full(n, 3, np.float32), 100 - score,
        [Span(12_300.0, 12_400.0)], [(12_340.0, 12_350.0)], main="Ensemble",
    )  # fmt: skip
    json.dumps(option, allow_nan=False)
    for trace in option["series"]:
        assert len(trace["data"]) <= live.POINTS
    assert max(y for _, y in option["series"][0]["data"]) == 9
    assert "shaded: 1 alarm" in option["title"]["text"]
    feed = live.feed(axis, [("flow", "m3/h", readings)], [Span(0.0, 9.0, sensors=("flow",))])
    json.dumps(feed, allow_nan=False)
    assert feed["series"][0]["data"][0][1] is None
    assert "to blame" in feed["title"][0]["text"]


def test_the_axis_of_scores_does_not_tremble() -> None:
    tops = {live.gauges([Voice("a", score, 3.0, score)])["xAxis"]["max"] for score in (0.1, 2.0, 4.4)}
    assert tops == {5}
    assert live.gauges([Voice("a", 300.0, 3.0, 300.0)])["xAxis"]["max"] == live.MOST_TOP


def test_faint_causes_are_grey() -> None:
    shares = [("flow", 0.6), ("speed", 0.2)]
    assert live.causes(shares)["series"][0]["color"] == palette.GOOD
    assert live.causes(shares, faint=True)["series"][0]["color"] == palette.NEUTRAL
    assert live.causes(shares)["series"][0]["data"] == [60, 20]
