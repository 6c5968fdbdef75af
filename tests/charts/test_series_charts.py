"""Recordings as figures: bars tell every stretch, shades lie where the labels are, names are no markup."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.charts import palette
from core.charts.series import NAMED, Span, Stretch, Trace, coverage, signals


def trace(name: str = "flow", n: int = 50) -> Trace:
    return Trace(name, "m3/h", np.arange(n), np.zeros(n, np.float32))


def test_a_bar_for_every_stretch() -> None:
    figure = coverage(
        [
            Stretch("a", "learn", 0, 100),
            Stretch("b", "normal", 0, 40),
            Stretch("b", "anomalous", 40, 50),
            Stretch("b", "normal", 50, 60),
        ]
    )
    bars = {bar.name: bar for bar in figure.data}
    assert set(bars) == {"normal, to learn from", "normal, kept for the test", "labelled anomalous"}
    kept = bars["normal, kept for the test"]
    assert (list(kept.y), list(kept.base), list(kept.x)) == (["b", "b"], [0, 50], [40, 10])
    assert bars["labelled anomalous"].marker.pattern.shape  # colour does not stand alone
    assert bars["labelled anomalous"].marker.color == palette.faint(palette.ANOMALOUS, 0.7)


def test_more_recordings_make_a_higher_chart() -> None:
    few, many = (coverage([Stretch(f"r{k}", "learn", 0, 9) for k in range(n)]).layout.height for n in (2, 20))
    assert many - few == 18 * 24


def test_rows_share_time_and_do_not_overlap() -> None:
    figure = signals([trace(name) for name in "abc"], [], x="step")
    domains = [figure.layout[axis].domain for axis in ("yaxis", "yaxis2", "yaxis3")]
    assert [one.yaxis for one in figure.data] == ["y", "y2", "y3"]
    assert all(above[0] > below[1] for above, below in pairwise(domains))
    assert domains[0][1] == 1
    assert abs(domains[-1][0]) < 1e-9
    assert all(one.xaxis is None for one in figure.data)  # all on the same one


def test_culprits_are_shaded_in_their_own_row() -> None:
    figure = signals([trace("a"), trace("b")], [Span(10, 19, "leak", ("b",))], x="step")
    everywhere, own = figure.layout.shapes
    assert (everywhere.x0, everywhere.x1, everywhere.y0, everywhere.y1) == (10, 19, 0, 1)
    assert (own.y0, own.y1) == figure.layout.yaxis2.domain
    assert "▼ leak" in [note.text for note in figure.layout.annotations]


def test_many_spans_are_named_once() -> None:
    spans = [Span(k, k + 1, "leak") for k in range(NAMED + 1)]
    texts = [note.text for note in signals([trace()], spans, x="step").layout.annotations]
    assert f"shaded: {len(spans)} labelled stretches" in texts
    assert not any("leak" in text for text in texts)


def test_the_end_of_the_healthy_part_is_a_line_with_words() -> None:
    figure = signals([trace()], [], x="cycle", healthy_until=20)
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1, line.line.dash) == (20, 20, "dash")
    assert "stands for normal up to here" in [note.text for note in figure.layout.annotations]


def test_names_from_files_are_no_markup() -> None:
    figure = signals([trace("<b>x</b> & y")], [Span(0, 1, "<i>bad</i>")], x="step")
    texts = " ".join(note.text for note in figure.layout.annotations)
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in texts
    assert "<i>" not in texts
    assert "<b>x" not in figure.data[0].hovertemplate


def test_gaps_stay_gaps_and_dates_are_taken() -> None:
    times = np.array(["2025-01-01", "2025-01-02", "2025-01-03"], "datetime64[us]")
    figure = signals([Trace("a", None, times, np.array([1, np.nan, 2], np.float32))], [], x="time (UTC)")
    assert np.isnan(figure.data[0].y[1])
    assert figure.data[0].x[0] == times[0]
    assert not figure.data[0].connectgaps
