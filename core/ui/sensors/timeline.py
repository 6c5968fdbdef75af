"""The hero: surprise over time with the limit, the labelled events, and the stretch that is looked at."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import streamlit as st

from core.charts import causes as charts
from core.charts.series import Span
from core.charts.signals import POINTS
from core.ui import blocks, words
from core.ui.dataset.series import view
from core.ui.sensors import chosen as stretch
from core.ui.sensors.chosen import Chosen, Where
from core.ui.sensors.judged import Judged, Scored

RATES = {"1 in 100": 1e-2, "1 in 1,000": 1e-3, "1 in 10,000": 1e-4}
MODES = {"now: as it was known at once": "now", "settled: with hindsight": "settled"}
FIRST = "1 in 1,000"


def controls(judged: Judged) -> tuple[Scored, float]:
    """The choice of a recording, a mode and a limit; all of it is in the URL. The limit is in surprise."""
    names = judged.units
    first = next((name for name in names if judged.data.by_name[name].events), names[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Recording", names, index=names.index(first), key="recording", bind="query-params", on_change=view.forget,
            width=320,
        )  # fmt: skip
        mode = st.selectbox(
            "Score", list(MODES), key="score", bind="query-params", width=260,
            help="«Now» knows a step and what came before it, as a live monitor does. «Settled» is the mean over all "
            "windows that hold the step: steadier, but it blurs when a fault began.",
        )  # fmt: skip
        rate = st.selectbox(
            "Normal steps that alarm", list(RATES), index=list(RATES).index(FIRST), key="rate", bind="query-params",
            width=180, help="What the limit promises on running like the held-out normals.",
        )  # fmt: skip
    found: Scored = Scored(judged, judged.data.by_name[name], "now" if MODES[mode] == "now" else "settled")
    return found, -math.log10(RATES[rate])


def show(scored: Scored, limit: float, now: Chosen) -> go.Figure:
    """The chart, which is returned; dragging over it chooses another stretch."""
    key, events = f"timeline-{view.generation()}", scored.unit.events or ()
    figure = _figure(now.where, limit, now)
    blocks.headed(
        "When did it start?",
        "How surprising each step is among held-out normal steps: 3 is what one normal step in a thousand reaches.",
        "Above the dashed line is an alarm. The grey frame is the stretch explained below; drag over the chart to "
        "choose another. Labelled events are shaded, with dotted edges.",
        f"At most {POINTS:,} points are drawn, the least and the largest of each piece of time. The promise "
        "holds as far as normal running stays as it was in training.",
    )
    st.plotly_chart(
        figure,
        key=key,
        height=260,
        config=blocks.PLOT,
        on_select=lambda: stretch.brushed(scored, key),
        selection_mode="box",
        alt=f"Surprise of {len(scored.unit):,} steps of {scored.unit.name}, limit {limit:g}; "
        f"{words.count(len(events), 'labelled event')}; steps {now.start} to {now.stop - 1} are explained below",
    )
    return figure


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(where: Where, limit: float, _now: Chosen) -> go.Figure:
    now, scored = _now, _now.scored
    data, unit = scored.judged.data, scored.unit
    spans = [
        Span(start, stop, event.kind or "labelled")
        for event in (unit.events or ())[: charts.MARKED]
        for start, stop in [view.axis(data, unit.time[[event.start, min(event.stop, len(unit)) - 1]])]
    ]
    edges = view.axis(data, unit.time[[now.start, now.stop - 1]])
    return charts.timeline(
        view.axis(data, unit.time),
        scored.surprise,
        limit=limit,
        spans=spans,
        chosen=charts.Chosen(edges[0], edges[1]),
        title=view.title(data),
    )
