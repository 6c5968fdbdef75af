"""Measured beside published: who stands where, and which difference a line vouches for."""

from __future__ import annotations

import numpy as np

from core.charts.papers import Measured, beside_published


def test_rows_are_categories_then_published_means_and_lines_say_what_is_comparable() -> None:
    methods = {
        "ours": [Measured("bottle", 0.9, 0.8, 0.95, 1.0, True), Measured("all", 0.85, reported=0.97)],
        "other": [Measured("bottle", 0.7)],
    }
    figure = beside_published(methods, {"Theirs <1>": 0.97}, ["bottle", "all"], title="image AUROC", guessing=0.5)
    assert list(figure.layout.yaxis.ticktext) == ["bottle", "all", "Theirs &lt;1&gt;"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first category is on top
    lines = {trace.line.dash: list(trace.x) for trace in figure.data if trace.mode == "lines"}
    assert lines == {"solid": [0.9, 1.0, None], "dot": [0.85, 0.97, None]}
    ours, other = (next(trace for trace in figure.data if trace.name == name) for name in methods)
    np.testing.assert_allclose(ours.error_x.arrayminus, [0.1, 0.0])
    np.testing.assert_allclose(ours.error_x.array, [0.05, 0.0], atol=1e-12)
    assert ours.y[0] < 0 < other.y[0] and ours.marker.symbol != other.marker.symbol
    means = next(trace for trace in figure.data if trace.name == "reported, over all categories")
    assert list(means.x) == [0.97] and list(means.y) == [2]
    assert any(shape.x0 == 0.5 for shape in figure.layout.shapes)


def test_without_published_figures_there_is_nothing_of_them() -> None:
    figure = beside_published({"ours": [Measured("all", 0.5)]}, {}, ["all"], title="F1", guessing=None)
    assert [trace.name for trace in figure.data] == ["ours"]
    assert not figure.layout.shapes
