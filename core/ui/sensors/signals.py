"""The signals of the sensors most to blame, with what was expected of them, and all sensors as a heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.charts import causes as charts
from core.charts.series import Span, Trace
from core.charts.signals import decimate, torn
from core.ui import blocks
from core.ui.dataset.series import view
from core.ui.sensors.answers import Answer
from core.ui.sensors.chosen import Chosen, Where

SHOWN = 4  # signals drawn
POINTS = 600  # of each
ROWS = 40  # sensors in the heatmap


def show(chosen: Chosen, order: Sequence[int], answer: Answer | None) -> go.Figure:
    """Of the first sensors of ``order``, which are signals by blame. The figure is returned."""
    shown = tuple(order[:SHOWN])
    figure = _signals(chosen.where, shown, answer.path if answer else None, chosen, answer)
    blocks.headed(
        "Which sensors?",
        "The sensors most to blame, and as much time again on either side of the stretch, which is shaded.",
        "The dotted line is what was expected: where the two part, the sensor is off."
        if answer is not None
        else "Explain the stretch to see beside each signal what was expected of it.",
        f"At most {POINTS} points of each signal are drawn, its least and largest of each piece of time.",
    )
    start, stop = chosen.around()
    names = ", ".join(chosen.scored.judged.sensors[sensor] for sensor in shown)
    blocks.plot(figure, key="cause-signals", alt=f"Signals of {names} over steps {start} to {stop - 1}")
    return figure


def heatmap(chosen: Chosen, order: Sequence[int]) -> go.Figure:
    """All sensors, those most to blame on top. The figure is returned."""
    shown = tuple(order[:ROWS])
    figure = _heatmap(chosen.where, shown, chosen)
    blocks.headed(
        "All sensors",
        "How many usual spreads each sensor reads too high (vermillion) or too low (blue), by time.",
        "Sensors most to blame are on top. A row that colours first began first.",
        "Each sensor is compared with its own normal running; broken correlations do not show here. "
        f"At most {ROWS} sensors and {charts.COLUMNS} columns are drawn, each as far off as its furthest step.",
    )
    worst = chosen.scored.judged.sensors[shown[0]]
    blocks.plot(figure, key="cause-heatmap", alt=f"Heatmap of {len(shown)} sensors over time, {worst} on top")
    return figure


@st.cache_resource(max_entries=32, show_spinner=False)
def _signals(
    where: Where, shown: tuple[int, ...], path: Path | None, _chosen: Chosen, _answer: Answer | None
) -> go.Figure:
    scored = _chosen.scored
    data, unit = scored.judged.data, scored.unit
    start, stop = _chosen.around()
    traces, expected = [], dict[str, tuple[Any, Any]]()
    for sensor in shown:
        column = scored.column(sensor)
        time, values = torn(np.asarray(unit.time[start:stop]), np.asarray(unit.values[start:stop, column]))
        time, values = decimate(time, values, POINTS)
        name = data.sensors[column].name
        traces.append(Trace(name, data.sensors[column].unit, view.axis(data, time), values))
        if _answer is not None:
            time, values = _answer.expected(unit, sensor, start, stop, POINTS)
            expected[name] = (view.axis(data, time), values)
    edges = view.axis(data, unit.time[[_chosen.start, _chosen.stop - 1]])
    spans = [Span(edges[0], edges[1], "explained", tuple(trace.name for trace in traces[:1]))]
    named = f"expected ({_answer.expected_by})" if _answer is not None else ""
    return charts.signals_with_expected(traces, expected, spans, x=view.title(data), named=named)


@st.cache_resource(max_entries=32, show_spinner=False)
def _heatmap(where: Where, shown: tuple[int, ...], _chosen: Chosen) -> go.Figure:
    scored = _chosen.scored
    data = scored.judged.data
    start, stop = _chosen.around()
    names = [scored.judged.sensors[sensor] for sensor in shown]
    scaled = scored.scaled(start, stop)[:, list(shown)]
    return charts.heatmap(view.axis(data, scored.unit.time[start:stop]), scaled, names, title=view.title(data))
