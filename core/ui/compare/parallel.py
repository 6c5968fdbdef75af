"""Settings against figures of the runs shown: which setting goes with which outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.charts.parallel import parallel
from core.ui import blocks, words
from core.ui.compare import runrows
from core.ui.compare.runrows import Line
from core.ui.labels import detector

KEY = "runs-parallel"
# Plotly draws these axes black and has no setting for it: nobody saw them on a dark page.
AXES = f"<style>.st-key-{KEY} .parcoords .domain {{ stroke: currentColor !important }}</style>"
MOST = 8  # settings that are given an axis
FIGURES = {  # more would be no picture any more
    "image": ("recall", "false_alarm_rate", "aupro", "image_auroc"),
    "series": ("far", "event_f1", "vus_roc", "vus_pr"),
}


def show(shown: Sequence[Line]) -> None:
    """For the kind of data that most of the runs are over; nothing where fewer than two runs have a figure."""
    kinds = [line.modality for line in shown]
    kind = max(set(kinds), key=lambda one: (kinds.count(one), one))
    own = [line for line in shown if line.modality == kind and line.metrics.get(runrows.MAIN[kind]) is not None]
    title = runrows.FIGURES[kind][runrows.MAIN[kind]]
    blocks.headed(
        "Settings and figures",
        "A line is a run; it crosses each axis at its setting or figure. Settings are those that differ between runs "
        "of one detector, the first eight of them.",
        f"Drag along an axis to keep only the runs that pass there; drag axes to reorder them. {title} goes from blue, "
        "the lowest, through green to orange, the highest.",
        "Runs that differ in one setting often differ in others too: a pattern here is a hint, no proof.",
    )
    if len(own) < 2:
        st.caption("Two runs with figures or more are needed here.")
        return
    names = tuple((line.run.id, line.dataset.name) for line in own)
    st.html(AXES)
    blocks.plot(
        _figure(names, kind, title, own),
        key=KEY,
        alt=f"{words.count(len(own), 'run')}, their settings and figures",
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(names: object, kind: str, title: str, _own: Sequence[Line]) -> go.Figure:
    return parallel(axes(_own, kind), [line.metrics[runrows.MAIN[kind]] for line in _own], title)


def axes(own: Sequence[Line], kind: str) -> dict[str, list[Any]]:
    """Detector, dataset, settings that differ between runs of one detector, then costs, then figures; one value a
    run. Settings that only tell the families apart say no more than the detector does."""
    found: dict[str, list[Any]] = {"Detector": [detector(line.model.detector) for line in own]}
    if len({line.dataset.id for line in own}) > 1:
        found["Dataset"] = [line.dataset.name for line in own]
    differing = dict.fromkeys(key for keys in runrows.differing(own).values() for key in keys)
    for key in list(differing)[:MOST]:
        title = next(runrows.title(line, key) for line in own if key in runrows.settings(line))
        found.setdefault(title, [runrows.settings(line).get(key) for line in own])
    for key, title in runrows.COST.items():
        found[title] = [line.cost()[key] for line in own]
    for key in FIGURES[kind]:
        found[runrows.FIGURES[kind][key]] = [line.metrics.get(key) for line in own]
    return {name: values for name, values in found.items() if any(value is not None for value in values)}
