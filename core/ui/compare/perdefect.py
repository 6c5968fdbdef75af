"""AUPIMO of every defect by two detectors: who finds more of which one."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.charts import versusparts
from core.compare import sentences
from core.store.comparison import StoredComparison
from core.ui import blocks, nav, state, words
from core.ui.compare import study as studies
from core.ui.compare.told import Told

LARGEST = 12  # gaps in the table


def show(told: Told, study: StoredComparison | None) -> None:
    """A dot a defect, the pinned detector across, another one up; below it the defects that lie furthest apart."""
    if study is None:
        st.caption(
            "This needs every heatmap beside every mask: «Compare defect by defect» above reads them in the background."
        )
        return
    blocks.headed(
        "Defect by defect",
        "AUPIMO of each anomalous part: how much of its own mask is found while almost nothing (a share of 10⁻⁵ to "
        "10⁻⁴ of their pixels) is marked on good parts. 1 is all of it.",
        "Above the diagonal the detector on the upright axis finds more of the defect. Wilcoxon's signed-rank test is "
        "paired: it asks whether the same defects are found better.",
        "Needs masks. Masks are drawn by hand and at the size of the map: a thin crack may be missed by a pixel and "
        "count for nothing. Bertoldo et al., 2024.",
    )
    tested = studies.against(told, study, "aupimo")
    if not tested:
        st.caption("These parts have no masks, or too few good parts to set the shared rate: AUPIMO cannot be had.")
        return
    names = told.by_id
    rivals = {names[one.first]: one for one in tested}
    chosen = st.segmented_control(
        "Against", list(rivals), default=next(iter(rivals)), required=True, key="rival", bind="query-params",
        label_visibility="collapsed",
    ) or next(iter(rivals))  # fmt: skip
    one = rivals[chosen]
    st.markdown(f"{words.plain(sentences.per_defect(one, names))}.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure = _figure(study.id, told.key, one.first, one.second, told, study)
        blocks.plot(figure, key="aupimo-dots", alt=f"AUPIMO by {chosen} and {told.pinned} of {one.n} defects")
    with right:
        _furthest(told, study, one.first, one.second)


def _columns(study: StoredComparison, first: str, second: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names and both figures of the parts that have them."""
    frame = studies.items(study)
    own = frame[[f"aupimo.{first}", f"aupimo.{second}"]].to_numpy(float)
    kept = np.isfinite(own).all(axis=1)
    return frame["item"][kept].tolist(), own[kept, 0], own[kept, 1]


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(study_id: str, key: object, first: str, second: str, _told: Told, _study: StoredComparison) -> go.Figure:
    items, ours, theirs = _columns(_study, first, second)
    places = {model.id: place for place, model in enumerate(_told.now.models)}
    names = _told.by_id
    return versusparts.paired_dots(
        (names[second], names[first]), (places[second], places[first]), (theirs, ours), items, "AUPIMO"
    )


def _furthest(told: Told, study: StoredComparison, first: str, second: str) -> None:
    """The defects with the largest gap, each a way to the Inspect page."""
    items, ours, theirs = _columns(study, first, second)
    names, defects = told.by_id, dict(zip(told.images.items, told.images.defects, strict=True))
    order = np.argsort(-np.abs(ours - theirs), kind="stable")[:LARGEST]
    short = {items[at]: words.short(items[at], 24) for at in order}
    told_apart = len(set(short.values())) == len(short)  # files of different products often share their names
    rows: list[dict[str, Any]] = [
        {
            "Part": short[items[at]] if told_apart else items[at],
            "Defect": defects.get(items[at]) or "",
            names[second]: float(theirs[at]),
            names[first]: float(ours[at]),
        }
        for at in order
    ]
    st.markdown("**The widest gaps**")
    number = st.column_config.NumberColumn(format="%.2f")
    event = st.dataframe(
        rows, hide_index=True, column_config={names[first]: number, names[second]: number}, on_select="rerun",
        selection_mode="single-row", key=f"gaps-{first}-{second}", alt="Defects with the widest gap in AUPIMO",
    )  # fmt: skip
    picked = [int(order[at]) for at in event.selection.rows if at < len(order)]
    if st.button("Look closer", icon=":material/zoom_in:", disabled=not picked, key="look-gap"):
        state.choose(dataset_id=told.now.dataset.id, model_id=first)
        nav.open_page("inspect", {"part": items[picked[0]]})
