"""Charts of drift: order, second signs, what is missing."""

from __future__ import annotations

from core.charts import drift, palette


def test_sensors_that_moved_come_first_with_a_second_sign() -> None:
    figure = drift.moved_bars(["a", "b<", "c", "d"], [0.1, -2.0, None, 3.0], ["b<"])
    usual, moved = figure.data
    assert list(moved.y) == ["▲ b&lt;"] and list(moved.x) == [-2.0]
    assert moved.marker.pattern.shape == "/" and usual.marker.pattern.shape == ""
    assert list(usual.y) == ["d", "a"]  # c gave no readings
    assert figure.layout.yaxis.categoryarray[-1] == "▲ b&lt;"
    assert palette.ANOMALOUS not in (moved.marker.color, usual.marker.color)


def test_many_sensors_are_cut_after_the_furthest() -> None:
    figure = drift.moved_bars([f"s{k}" for k in range(50)], [k / 10 for k in range(50)], ["s0"])
    assert sum(len(trace.y) for trace in figure.data) == drift.MOST_BARS
    assert "▲ s0" in figure.data[-1].y


def test_the_course_marks_alarms_and_the_onset() -> None:
    figure = drift.course([0, 40, 80], [0.3, 0.3, 1.2], [0.0, 0.02, 0.5], [0.2, 0.3, 0.4], 80, 0.05)
    line, alarms = figure.data
    assert list(line.x) == [0, 40, 80]
    assert list(alarms.x) == [80] and alarms.marker.symbol == "x"
    assert {"95\u00a0% of normal blocks", "drift began"} <= {note.text for note in figure.layout.annotations}


def test_a_course_without_blocks() -> None:
    figure = drift.course([], [], [], [None, None, None], None, 0.05)
    assert len(figure.data) == 1 and not figure.layout.annotations
