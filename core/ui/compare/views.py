"""Saved views of a page: its address under a name, for everybody who uses this workspace."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import streamlit as st

from core.store.views import View, ViewStore
from core.ui import blocks, errors, nav, rooms, words

_REMOVED = "_removed_view"


def popover(page: str) -> None:
    """The views of a page: open, save, delete, undo."""
    store = ViewStore(rooms.workspace())
    kept = store.list(page)
    with st.popover(f"Views · {len(kept)}" if kept else "Views", icon=":material/bookmark:", key="views"):
        for view in kept:
            _entry(page, store, view)
        if not kept:
            st.caption("A view keeps detectors, pin, tab, filters and order under a name, for everybody.")
        _undo(store)
        with st.form("save-view", border=False, clear_on_submit=True):
            name = st.text_input("Save what is shown now as", max_chars=120, key="view-name")
            if st.form_submit_button("Save", key="view-save"):
                with errors.shown():
                    store.save(page, name, query())
                    st.rerun()


def query() -> str:
    """The query string of this very view."""
    return urlencode([(key, value) for key in st.query_params for value in st.query_params.get_all(key)])


def _entry(page: str, store: ViewStore, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.page_link(
            nav.page(page), label=words.plain(view.name), icon=":material/bookmark:",
            query_params=parse_qsl(view.query), help=f"Saved {blocks.ago(view.saved_at)}",
        )  # fmt: skip
        if st.button("", icon=":material/delete:", type="tertiary", key=f"drop-view-{view.id}", help="Delete"):
            store.remove(view.id)
            st.session_state[_REMOVED] = (view.id, view.name)
            st.rerun()


def _undo(store: ViewStore) -> None:
    removed = st.session_state.get(_REMOVED)
    if removed is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Deleted «{words.plain(removed[1])}».")
        if st.button("Undo", icon=":material/undo:", key="undo-view"):
            with errors.shown():
                store.restore(removed[0])
                st.session_state.pop(_REMOVED)
                st.rerun()
