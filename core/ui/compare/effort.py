"""What each detector costs to run, beside how good it is."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import figures
from core.ui import blocks
from core.ui.compare import compared
from core.ui.compare.compared import Compared

AXES = {
    "ms_per_image": "milliseconds an image",
    "fit_seconds": "seconds of training",
    "peak_rss_mib": "MiB of memory at most",
    "model_bytes": "bytes on disk",
}


def show(found: Compared) -> None:
    """A chart for each kind of cost."""
    if not found.side.has_truth:
        st.caption("Accuracy needs good and anomalous parts among those that are counted.")
        return
    blocks.headed(
        "Accuracy and effort",
        "The AUROC of each detector with its interval against what it takes: time to judge an image, time to train, "
        "memory, size of the model.",
        "Up and to the left is better. A detector that has another one above and to the left of it has nothing to "
        "speak for it.",
        "Measured when each run was made, perhaps on another machine or a busy one: score again side by side before "
        "you decide on a factor below two. Memory is the whole process, not the detector alone.",
    )
    charts = [(name, title) for name, title in AXES.items() if any(r.figures[name] for r in compared.rows(found))]
    for first in range(0, len(charts), 2):
        for column, (name, title) in zip(st.columns(2, gap="large"), charts[first : first + 2], strict=False):
            with column:
                blocks.plot(_figure(found.key, name, title, found), key=f"effort-{name}", alt=f"AUROC against {title}")


@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(key: object, name: str, title: str, _found: Compared) -> go.Figure:
    rows: list[figures.Row] = compared.rows(_found)
    points = [
        versus.Measured(place, row.name, row.figures["image_auroc"] or 0.0, *row.ci95.get("image_auroc", (None, None)))
        for place, row in enumerate(rows)
    ]
    return versus.effort(points, [row.figures[name] for row in rows], title, "image AUROC")
