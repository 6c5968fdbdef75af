"""The page put together: summary, then parts, limits and figures, of which only the open one is drawn."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ui import rooms, words
from core.ui.inspect import figures, filters, gallery, gate, limits, limits_panel, navigation, part, summary
from core.ui.inspect.scored import Scored, counted, table
from core.ui.verdicts import Limits

VIEWS = ("Parts", "Limits", "Figures")
_SEEN = "_inspected_dataset"


def show() -> None:
    """The run of the current model over the current dataset, or what is missing for it."""
    if navigation.asked() is None:  # one part in detail needs the height for its pictures
        st.title("Which parts are bad, and where?", anchor=False)
    scored = gate.opened()
    if scored is None:
        return
    now = limits.current(scored)
    frame = table(scored, now, rooms.datasets().said(scored.dataset_id))
    summary.show(scored, frame)
    parts, where, how_good = st.tabs(VIEWS, key="view", bind="query-params", on_change="rerun")
    if parts.open:
        with parts:
            _parts(scored, frame, now)
    if where.open:
        with where:
            limits_panel.show(scored, frame, now)
    if how_good.open:
        with how_good:
            figures.show(scored, counted(frame), now)


def _parts(scored: Scored, frame: pd.DataFrame, now: Limits) -> None:
    name = navigation.asked()
    if name is not None and navigation.place(frame, name) is None:
        # Whoever has just changed the dataset knows that the part is not in it.
        if st.session_state.get(_SEEN, scored.dataset_id) == scored.dataset_id:
            st.warning(f"The part «{words.plain(name)}» in this link is not in this run.", icon=":material/link_off:")
        navigation.close()
        name = None
    st.session_state[_SEEN] = scored.dataset_id
    between = (now.review, now.reject)
    if name is None:
        if not len(counted(frame)):
            limits_panel.left_out(len(frame), 0)
        gallery.show(scored, filters.apply(frame, filters.bar(frame), between), len(frame))
        return
    toolbar = st.container(horizontal=True, vertical_alignment="center", key="steps")
    steps = toolbar.container(horizontal=True, vertical_alignment="center")
    with toolbar.popover("Filters", icon=":material/filter_alt:", key="filters-popover"):
        rows = filters.apply(frame, filters.bar(frame), between)
    with steps:
        part.steps(frame, rows, name)
    part.show(scored, frame, name)
