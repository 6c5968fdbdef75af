"""How the detectors rank the parts: ROC, precision and recall, and where the p-values lie."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus, versusparts
from core.compare import curves
from core.ui import blocks
from core.ui.compare.told import Told


def show(told: Told) -> None:
    """Two charts over each other's detectors, then a row of bars for each."""
    if not told.has_truth:
        st.caption("ROC and precision-recall need good and anomalous parts among those that are counted.")
    else:
        left, right = st.columns(2, gap="large")
        aurocs = ", ".join(f"{row.name} {row.figures['image_auroc']:.3f}" for row in told.evidence.rows)
        with left:
            blocks.headed(
                "ROC",
                "Recall against the share of good parts flagged, at every possible limit.",
                "Up and to the left is better. A marker is the detector at its own limit. Click a name to hide it.",
                "With few good parts the left edge is rough; lines that cross are better in one region each.",
            )
            blocks.plot(_roc(told.key, told), key="compare-roc", alt=f"ROC curves; AUROC: {aurocs}")
        with right:
            blocks.headed(
                "Precision and recall",
                "How many alarms are right, against how many anomalous parts are found.",
                "Up and to the right is better. A marker is the detector at its own limit.",
                "Precision depends on how many of the counted parts are anomalous: on a line it is lower.",
            )
            blocks.plot(_pr(told.key, told), key="compare-pr", alt="Precision-recall curves of all detectors")
    blocks.headed(
        "p-values",
        "How the parts spread on one axis for all detectors: -log₁₀ p; 2 is what one good part in a hundred reaches. "
        "Good parts upwards, anomalous ones (hatched) downwards, each bar the share of its kind.",
        "A detector that tells them apart has its blue left of the dashed limit and its vermillion right of it.",
        "The axis of a detector ends at the lowest p-value that its calibration images allow; there parts pile up.",
    )
    blocks.plot(_bars(told.key, told), key="compare-bars", alt="Histograms of p-values, one a detector")


@st.cache_resource(max_entries=16, show_spinner=False)
def _roc(key: object, _told: Told) -> go.Figure:
    lines = []
    drawn = curves.curves(_told.images, "roc") or []
    for name, one, at in zip(
        _told.now.names, drawn, curves.operating_points(_told.images, _told.now.rate), strict=True
    ):
        place = (at.false_alarm_rate or 0.0, at.recall or 0.0)
        lines.append(versus.Line(name, one.x, one.y, place))
    return versus.overlaid(lines, "false-alarm rate", "recall", chance=([0, 1], [0, 1]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _pr(key: object, _told: Told) -> go.Figure:
    lines = []
    drawn = curves.curves(_told.images, "pr") or []
    for name, one, at in zip(
        _told.now.names, drawn, curves.operating_points(_told.images, _told.now.rate), strict=True
    ):
        place = None if at.precision is None or at.recall is None else (at.recall, at.precision)
        lines.append(versus.Line(name, one.x, one.y, place, step=True))
    share = _told.images.n_bad / max(_told.images.n_bad + _told.images.n_good, 1)
    return versus.overlaid(lines, "recall", "precision", chance=([0, 1], [share, share]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _bars(key: object, _told: Told) -> go.Figure:
    import numpy as np

    promised = -np.log10(_told.images.promised(_told.now.rate))
    return versusparts.histograms(
        [
            versusparts.Bars(name, one.edges, one.good, one.bad, one.unlabelled, float(limit))
            for name, one, limit in zip(_told.now.names, curves.histograms(_told.images), promised, strict=True)
        ],
        "-log₁₀ p (higher is more anomalous)",
    )
