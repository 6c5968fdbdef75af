"""Drawings of a report: well-formed whatever is drawn, and nothing in them that a user's name could break."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from core.charts.contestants import LOOKS
from core.charts.svgplot import Frame, Span, Trace, forest_svg, lines_svg

NAME = '<script>"&'


def points(svg: str) -> list[np.ndarray]:
    """(k, 2) of each line."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}polyline")  # noqa: S314 - our own drawing
    return [np.array([pair.split(",") for pair in one.attrib["points"].split()], float) for one in found]


def test_lines_span_the_axes_and_stay_within_them():
    traces = [Trace(0, [0, 1], [0, 1], at=(0.5, 0.5)), Trace(1, [0, 0.5, 1], [-3, 0.2, 9], step=True)]
    frame = Frame("x <", "y &", diagonal=True, level=0.3, shaded=[(0.2, 0.4)])
    svg = str(lines_svg(traces, frame, NAME))
    diagonal, _, first, second = points(svg)
    np.testing.assert_array_equal(first, diagonal)
    assert first[0][1] > first[1][1]  # up the drawing is up
    low, high = diagonal.min(axis=0), diagonal.max(axis=0)
    assert ((second >= low) & (second <= high)).all()
    assert len(second) == 5  # level, then up
    assert NAME not in svg
    assert LOOKS[0].sign in svg


@pytest.mark.parametrize("value", [0.0, 1e-9, 250.0])
def test_a_forest_of_any_size_is_drawn_with_escaped_names(value):
    spans = [Span(k, NAME * 9, value * k, value * k - value, value * k + value, bool(k)) for k in range(6)]
    svg = str(forest_svg(spans, NAME, NAME))
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert [one.attrib["fill"] for one in circles] == ["none", *(look.colour for look in LOOKS[1:])]
    places = [float(one.attrib["cx"]) for one in circles]
    assert places == sorted(places)
    assert "nan" not in svg
    assert forest_svg([], "nothing", "nothing")


def test_one_value_and_no_range_are_drawn():
    svg = str(lines_svg([Trace(0, [2, 2], [5, 5])], Frame("x", "y", (2, 2), (5, 5)), "flat"))
    assert len(points(svg)[0]) == 2
    assert "nan" not in svg
