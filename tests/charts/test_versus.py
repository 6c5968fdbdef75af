"""Figures of detectors side by side: the same look everywhere, intervals where they belong, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from core.charts import palette, versus, versusparts
from core.charts.contestants import LOOKS
from core.charts.parallel import parallel


def test_looks_differ_in_every_way_and_none_is_anomalous() -> None:
    assert len(LOOKS) == 6
    for part in ("colour", "marker", "dash", "sign"):
        assert len({getattr(look, part) for look in LOOKS}) == len(LOOKS)
    assert palette.ANOMALOUS not in {look.colour for look in LOOKS}


def test_a_forest_keeps_places_and_says_what_is_sure() -> None:
    rows = [versus.Measured(3, "d", 0.02, 0.01, 0.04, True), versus.Measured(1, "b", -0.01, -0.03, 0.01)]
    figure = versus.forest(rows, "a", "AUROC")
    first, second = figure.data
    assert (first.marker.symbol, first.marker.color) == (LOOKS[3].marker, LOOKS[3].colour)
    assert second.marker.symbol == f"{LOOKS[1].marker}-open"
    assert first.error_x.array == pytest.approx((0.02,))
    assert first.error_x.arrayminus == pytest.approx((0.01,))
    assert figure.layout.shapes[0].x0 == 0
    assert not versus.forest(rows, "a", "AUROC", difference=False).layout.shapes


def test_curves_carry_their_own_limit() -> None:
    lines = [versus.Line("a", [0, 1], [0, 1], (0.1, 0.9)), versus.Line("b", [0, 1], [0, 1])]
    figure = versus.overlaid(lines, "x", "y", chance=([0, 1], [0, 1]))
    assert [trace.mode for trace in figure.data] == ["lines", "markers", "lines", "lines"]
    assert figure.data[0].line.dash != figure.data[2].line.dash


def test_histograms_show_shares_on_either_side() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    bars = versusparts.Bars("a", edges, np.array([3, 1]), np.array([0, 5]), np.array([0, 0]), 1.3)
    figure = versusparts.histograms([bars, bars], "x")
    good, bad, *_ = figure.data
    assert good.y == pytest.approx((0.75, 0.25))
    assert bad.y == pytest.approx((0.0, -1.0))
    assert len(figure.data) == 4
    assert {trace.yaxis for trace in figure.data} == {"y", "y2"}
    assert list(figure.layout.yaxis2.ticktext) == ["100\u00a0%", "0", "100\u00a0%"]


@pytest.mark.parametrize(("most", "mark"), [(1.05, 1.0), (0.5, 0.5), (0.499, 0.2), (0.034, 0.02), (0.1, 0.1)])
def test_an_axis_is_marked_at_a_round_share(most: float, mark: float) -> None:
    assert versusparts._round_below(most) == pytest.approx(mark)


def test_a_matrix_writes_a_dash_where_nothing_is_defined() -> None:
    figure = versus.matrix([[1.0, np.nan], [np.nan, 1.0]], ["a", "b"])
    assert [list(row) for row in figure.data[0].text] == [["1.00", "–"], ["–", "1.00"]]


def test_effort_leaves_out_what_is_not_known() -> None:
    rows = [versus.Measured(0, "a", 0.9, 0.8, 0.95), versus.Measured(1, "b", 0.8)]
    figure = versus.effort(rows, [30.0, None], "ms", "AUROC")
    assert [trace.name for trace in figure.data] == ["a"]
    assert min(figure.layout.xaxis.tickvals) < 30 < max(figure.layout.xaxis.tickvals)
    assert versus.effort(rows, [None, None], "ms", "AUROC").data == ()


def test_paired_dots_count_wins_and_ties() -> None:
    figure = versusparts.paired_dots(("a", "b"), (0, 2), ([0.1, 0.5, 0.5], [0.9, 0.5, 0.2]), ["x", "y", "z"], "AUPIMO")
    names = [trace.name for trace in figure.data if trace.name]
    assert names == ["b better (1)", "a better (1)", "even (1)"]
    assert list(figure.data[1].customdata) == ["x"]


def test_a_moment_shades_what_is_labelled() -> None:
    x, labelled = np.arange(6.0), np.array([False, True, True, False, False, True])
    figure = versusparts.moment(
        x, [("a", np.ones(6)), ("b", np.zeros(6))], limit=3.0, anomalous=labelled,
        signal=("flow", x, np.full(6, np.nan)), x_title="s",
    )  # fmt: skip
    shaded = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert shaded == [(1.0, 2.0), (5.0, 5.0)]
    assert figure.data[2].yaxis == "y2"


def test_a_long_moment_is_thinned_and_keeps_its_peaks() -> None:
    x, surprise = np.arange(300_000), np.zeros(300_000)
    surprise[123_456] = 5
    figure = versusparts.moment(
        x, [("a", surprise)], limit=3.0, anomalous=np.zeros(len(x), bool), signal=("flow", x, surprise), x_title="step"
    )
    for trace in figure.data:
        assert len(trace.x) == len(trace.y) <= 2000
        assert trace.x[int(np.argmax(trace.y))] == 123_456


def test_parallel_axes_take_words_numbers_and_nothing() -> None:
    axes = {"Detector": ["a", "b", "a"], "Bank": [100, None, 100_000], "Flag": [True, False, None], "Same": [1, 1, 1]}
    figure = parallel(axes, [0.5, 0.7, 0.9], "AUROC")
    detector, bank, flag, same = figure.data[0].dimensions
    assert list(detector.ticktext) == ["a", "b"]
    assert bank.ticktext[0] == "–" and bank.values[1] == min(bank.values)
    assert bank.values[2] == pytest.approx(5)  # logarithmic
    assert set(flag.ticktext) == {"–", "no", "yes"}
    assert same.range[0] < 1 < same.range[1]
