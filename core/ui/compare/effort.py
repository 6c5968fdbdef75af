"""What each detector costs to run, beside how good it is."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.ui import blocks
from core.ui.compare.told import Told

AXES = {
    "ms_per_image": "milliseconds an image",
    "us_per_step": "microseconds a step",
    "fit_seconds": "seconds of training",
    "peak_rss_mib": "MiB of memory at most",
    "model_bytes": "megabytes on disk",
}


def show(told: Told) -> None:
    """A chart for each kind of cost."""
    if not told.has_truth:
        st.caption("Accuracy needs good and anomalous parts among those that are counted.")
        return
    blocks.headed(
        "Accuracy and effort",
        "Each detector's main figure with its interval against what it takes: time to judge an image, time to train, "
        "memory, size of the model.",
        "Up and to the left is better. A detector that has another one above and to the left of it has nothing to "
        "speak for it.",
        "Measured when each run was made, perhaps on another machine or a busy one: score again side by side before "
        "you decide on a factor below two. Memory is the whole process, not the detector alone.",
    )
    rows, main = told.evidence.rows, told.evidence.titles[told.evidence.main]
    if all(row.figures.get(told.evidence.main) is None for row in rows):
        st.caption(f"None of them has a {main}.")
        return
    charts = [(name, title) for name, title in AXES.items() if any(row.figures.get(name) for row in rows)]
    for first in range(0, len(charts), 2):
        for column, (name, title) in zip(st.columns(2, gap="large"), charts[first : first + 2], strict=False):
            with column:
                blocks.plot(_figure(told.key, name, title, told), key=f"effort-{name}", alt=f"{main} against {title}")


@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(key: object, name: str, title: str, _told: Told) -> go.Figure:
    main, rows = _told.evidence.main, _told.evidence.rows
    points = [
        versus.Measured(place, row.name, value, *row.ci95.get(main, (None, None)))
        for place, row in enumerate(rows)
        if (value := row.figures.get(main)) is not None
    ]
    unit = 1e6 if name == "model_bytes" else 1.0
    spent = [None if value is None else value / unit for value in (rows[at.place].figures.get(name) for at in points)]
    return versus.effort(points, spent, title, _told.evidence.titles[main])
