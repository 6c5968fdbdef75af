"""Figures of causes: few points, the limit and the stretch in them, colours never alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.charts import causes as charts
from core.charts.palette import ANOMALOUS
from core.charts.series import Span, Trace
from core.charts.signals import POINTS


def test_the_timeline_keeps_every_alarm_in_few_points() -> None:
    surprise = np.random.default_rng(0).random(100_000)
    surprise[[5, 77_777]] = 9.0
    spans = [Span(10, 20, "bias")]
    figure = charts.timeline(
        np.arange(100_000), surprise, limit=3, spans=spans, chosen=charts.Chosen(5, 50), title="step"
    )
    line, above = figure.data
    assert len(line.x) <= POINTS
    assert set(np.asarray(above.x)[np.isfinite(above.y)]) == {5, 77_777}
    assert figure.layout.yaxis.range[1] > 9
    limit, event, chosen = figure.layout.shapes
    assert (limit.y0, limit.y1) == (3, 3)
    assert (event.x0, event.x1) == (10, 20)
    assert (chosen.x0, chosen.x1) == (5, 50)


def test_of_many_events_some_are_shaded() -> None:
    spans = [Span(k, k + 1, "event") for k in range(charts.MARKED + 50)]
    figure = charts.timeline([0, 1], [0.0, 1.0], limit=3, spans=spans, chosen=None, title="step")
    assert len(figure.layout.shapes) == charts.MARKED + 1


def test_expected_signals_lie_over_their_own_rows() -> None:
    x = np.arange(5)
    traces = [Trace(name, "bar", x, np.zeros(5, np.float32)) for name in ("a", "b", "c")]
    figure = charts.signals_with_expected(traces, {"c": (x, x), "a": (x, x)}, [], x="step", named="expected")
    over = [trace for trace in figure.data if trace.name == "expected"]
    assert [trace.yaxis for trace in over] == ["y", "y3"]
    assert [trace.showlegend for trace in over] == [True, False]
    assert {trace.line.dash for trace in over} == {"dot"}


def test_heatmap_columns_are_as_far_off_as_their_furthest_step() -> None:
    scaled = np.zeros((charts.COLUMNS * 4, 2), np.float32)
    scaled[10, 0], scaled[11, 0] = 2.0, -5.0
    scaled[40:44, 1] = np.nan
    figure = charts.heatmap(np.arange(len(scaled)), scaled, ["a", "b"], title="step")
    z = np.asarray(figure.data[0].z, float)
    assert z.shape == (2, charts.COLUMNS)
    assert z[0, 2] == -5.0
    assert np.isnan(z[1, 10])
    assert np.isfinite(z[1, 9])


def test_causes_are_ranked_by_the_first_method_and_hatched() -> None:
    figure = charts.causes(
        ["a", "b", "c"], {"one": [0.1, 0.7, 0.2], "two": [0.5, 0.3, 0.2]}, {"two": [0.01, 0.02, 0.03]}, most=2
    )
    one, two = figure.data
    assert list(one.y) == ["b", "c"]
    assert list(one.x) == pytest.approx([70, 20])
    assert list(two.error_x.array) == pytest.approx([2, 3])
    assert one.marker.pattern.shape != two.marker.pattern.shape


def test_before_and_after_share_the_limit() -> None:
    figure = charts.before_and_after(np.arange(3), [5.0, 4, 6], [1.0, 1, 1], limit=3, title="step")
    assert [trace.name for trace in figure.data] == ["as it was", "what if"]
    assert figure.layout.shapes[0].line.color == ANOMALOUS


def test_moments_windows_and_codes_are_drawn_whole() -> None:
    fall = charts.moments(np.array([0, 4, 9]), [1.0, 2.0], title="step")
    assert list(fall.data[0].width) == [4, 5]
    pair = charts.beside(np.zeros((4, 2)), np.ones((4, 2)), ["a", "b"])
    assert list(pair.data[0].x) == [-3, -2, -1, 0]
    code = charts.latent_map(np.zeros((7, 2)), np.ones((3, 2)))
    assert [len(trace.x) for trace in code.data] == [7, 3]
    bars = charts.latent_bars([1.0, 2], [0.5, 0.5], [3.0, 4])
    assert bars.data[2].yaxis == "y2"


def test_dates_make_bars_too() -> None:
    edges = np.array(["2024-01-01", "2024-01-02", "2024-01-04"], "datetime64[us]")
    figure = charts.moments(edges, [1.0, 2.0], title="time")
    assert len(figure.data[0].x) == 2
