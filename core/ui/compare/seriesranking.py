"""How the detectors rank the steps of recordings: what they find against what they call people out for, precision and
recall, and what became of each promise."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.charts.canvas import SHARES
from core.datasets.wording import percent
from core.store.comparison import StoredComparison
from core.ui import blocks
from core.ui.compare import told as telling
from core.ui.compare.told import Told

CALM = 10.0  # false call-outs in 10,000 normal steps that are in view at least
_WITHOUT = "These curves count every limit in the background: «Compare by resampling» above."


def show(told: Told, study: StoredComparison | None) -> None:
    """Two charts over each other's detectors, then the promises."""
    if not told.has_truth:
        st.caption("Curves need labelled anomalies and normal steps among those that are counted.")
        return
    if study is None:
        st.caption(_WITHOUT)
        return
    left, right = st.columns(2, gap="large")
    with left:
        blocks.headed(
            "Found against false call-outs",
            "Share of the anomalies with an alarm in them against how often people are called out in vain, at every "
            "limit on the axis that all machines share. After an alarm the machine is looked at for 100 steps: what "
            "alarms in them is the same call-out.",
            "Up and to the left is better. A marker is the detector at its own limit. Click a name to hide it; a "
            "double click shows the whole axis.",
            "One alarmed step finds an anomaly, however long it is. Few anomalies make large steps.",
        )
        blocks.plot(_found(told.key, study.id, told, study), key="compare-found", alt=_alt(told, study))
    with right:
        vus = ", ".join(
            f"{row.name} {row.figures['vus_pr']:.3f}" for row in told.evidence.rows if row.figures["vus_pr"]
        )
        blocks.headed(
            "Precision and recall",
            "Of the alarmed steps, how many are labelled anomalous, against how many of those alarm.",
            "Up and to the right is better. A marker is the detector at its own limit.",
            "Steps of all machines together: VUS and AUC above are measured machine by machine and forgive borders. "
            "An alarm that is right but early or late counts against its detector here.",
        )
        blocks.plot(
            _pr(told.key, study.id, told, study), key="compare-steps", alt=f"Precision and recall; VUS-PR: {vus}"
        )
    blocks.headed(
        "What became of the promise",
        "For every share of false alarms that a limit promises, the share of normal steps that alarmed in earnest.",
        "On the dotted line a detector keeps its word; above it, it alarms more often than it promised, because these "
        "recordings differ from those it was calibrated on. Both axes are logarithmic.",
        "Where few normal steps were counted the left end is rough. Anomalies that nobody labelled count as false.",
    )
    blocks.plot(_promises(told.key, study.id, told, study), key="compare-promise", alt=_kept(told))


def _alt(told: Told, study: StoredComparison) -> str:
    said = []
    for name, one in zip(told.now.names, telling.curves(told, study), strict=True):
        at = one.at(told.now.rate)
        if at is not None:
            said.append(f"{name} finds {percent(one.found[at], 0)} with {one.calls[at]:.1f} false call-outs")
    return "; ".join(said)


def _kept(told: Told) -> str:
    return "; ".join(
        f"{row.name}: {percent(row.figures['far'], 2)} of the normal steps alarm, {percent(told.now.rate, 2)} promised"
        for row in told.evidence.rows
        if row.figures["far"] is not None
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _found(key: object, study_id: str, _told: Told, _study: StoredComparison) -> go.Figure:
    lines, reach = [], CALM
    for name, one in zip(_told.now.names, telling.curves(_told, _study), strict=True):
        at = one.at(_told.now.rate)
        own = None if at is None else (float(one.calls[at]), float(one.found[at]))
        reach = max(reach, 1.6 * own[0] if own else 0.0)
        lines.append(versus.Line(name, one.calls, one.found, own))
    figure = versus.overlaid(lines, "false call-outs in 10,000 normal steps", "anomalies found", unit=False)
    figure.update_xaxes(range=[-0.02 * reach, reach])
    figure.update_yaxes(range=[-0.02, 1.04], **SHARES)
    return figure


@st.cache_resource(max_entries=16, show_spinner=False)
def _pr(key: object, study_id: str, _told: Told, _study: StoredComparison) -> go.Figure:
    lines, share = [], 0.0
    for name, one in zip(_told.now.names, telling.curves(_told, _study), strict=True):
        at = one.at(_told.now.rate)
        alarmed = at is not None and one.hits[at] + one.false_steps[at] > 0
        own = (float(one.recall[at]), float(one.precision[at])) if at is not None and alarmed else None
        lines.append(versus.Line(name, one.recall, one.precision, own))
        share = float(one.precision[0])
    return versus.overlaid(lines, "recall of anomalous steps", "precision", chance=([0, 1], [share, share]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _promises(key: object, study_id: str, _told: Told, _study: StoredComparison) -> go.Figure:
    lines = []
    for name, one in zip(_told.now.names, telling.curves(_told, _study), strict=True):
        at, shown = one.at(_told.now.rate), (one.limits >= 0) & (one.false_steps > 0)
        kept = at is not None and one.false_steps[at] > 0
        own = (_told.now.rate, float(one.false_alarm_rate[at])) if at is not None and kept else None
        lines.append(versus.Line(name, 10.0 ** -one.limits[shown], one.false_alarm_rate[shown], own))
    figure = versus.overlaid(
        lines, "promised share of false alarms", "measured share", chance=([1e-5, 1], [1e-5, 1]), unit=False, height=340
    )
    figure.data[-1].name = "as promised"
    figure.update_xaxes(type="log", range=[-5, 0.05], dtick=1, exponentformat="power")
    figure.update_yaxes(type="log", range=[-5, 0.1], dtick=1, exponentformat="power")
    return figure
