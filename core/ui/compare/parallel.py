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


def show(shown: Sequence[Line]) -> None:
    """For the kind of data that most of the runs are over; nothing where fewer than two runs have a figure."""
    kinds = [line.modality for line in shown]
    kind = max(set(kinds), key=lambda one: (kinds.count(one), one))
    own = [line for line in shown if line.modality == kind and line.metrics.get(runrows.MAIN[kind]) is not None]
    title = runrows.FIGURES[kind][runrows.MAIN[kind]]
    blocks.headed(
        "Settings and figures",
        "A line is a run; it crosses each axis at its setting or figure. Settings that are the same in all runs are "
        "left out.",
        "Drag along an axis to keep only the runs that pass there; drag axes to reorder them. Brighter lines have a "
        f"higher {title}.",
        "Runs that differ in one setting often differ in others too: a pattern here is a hint, no proof.",
    )
    if len(own) < 2:
        st.caption("Two runs with figures or more are needed here.")
        return
    names = tuple((line.run.id, line.dataset.name) for line in own)
    blocks.plot(
        _figure(names, kind, title, own),
        key="runs-parallel",
        alt=f"{words.count(len(own), 'run')}, their settings and figures",
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(names: object, kind: str, title: str, _own: Sequence[Line]) -> go.Figure:
    return parallel(axes(_own, kind), [line.metrics[runrows.MAIN[kind]] for line in _own], title)


def axes(own: Sequence[Line], kind: str) -> dict[str, list[Any]]:
    """Detector, dataset and settings that differ, then costs, then figures; one value a run."""
    found: dict[str, list[Any]] = {"Detector": [detector(line.model.detector) for line in own]}
    found["Dataset"] = [line.dataset.name for line in own]
    keys = dict.fromkeys(key for line in own for key in line.model.manifest.params)
    for key in keys:
        title = next(runrows.title(line, key) for line in own if key in line.model.manifest.params)
        found.setdefault(title, [line.model.manifest.params.get(key) for line in own])
    found["Seed"] = [line.model.manifest.seed for line in own]
    # Settings that only tell the families apart say no more than «Detector» does.
    varied = {name: values for name, values in found.items() if _varies(own, values) or name == "Detector"}
    for key, title in runrows.COST.items():
        varied[title] = [line.cost()[key] for line in own]
    for key, title in runrows.FIGURES[kind].items():
        varied[title] = [line.metrics.get(key) for line in own]
    return {name: values for name, values in varied.items() if any(value is not None for value in values)}


def _varies(own: Sequence[Line], values: Sequence[Any]) -> bool:
    """Whether two runs of one detector, or of any two that both have the setting, differ in it."""
    return len({repr(value) for value in values if value is not None}) > 1
