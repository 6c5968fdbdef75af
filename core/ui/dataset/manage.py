"""Name, removal and restoration of datasets."""

from __future__ import annotations

import streamlit as st

from core.store.datasets import DatasetRow
from core.ui import blocks, errors, nav, rooms, state, words
from core.ui.labels import contents


def header(row: DatasetRow) -> None:
    """The dataset's name and what can be done with the whole of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(words.plain(row.name), anchor=False, width="stretch")
        if st.button("Train on it", type="primary", icon=":material/model_training:", key="to-train"):
            nav.open_page("train")
        with st.popover("Rename", icon=":material/edit:"), st.form("rename", border=False), errors.shown():
            name = st.text_input("Name", value=row.name, max_chars=120)
            if st.form_submit_button("Save", type="primary"):
                rooms.datasets().rename(row.id, name)
                st.rerun()
        if st.button("Remove", icon=":material/delete:", key="remove"):
            rooms.datasets().remove(row.id)
            st.session_state["_removed"] = (row.id, row.name)
            st.rerun()
    where = "kept in the workspace" if row.owned else f"read from {words.plain(str(row.root))}"
    st.caption(f"Added {blocks.ago(row.created_at)}, {where}. Content id `{row.id[:12]}`.")


def undo() -> None:
    """Offer to take back the removal that was just made."""
    removed = st.session_state.get("_removed")
    if removed is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/delete: **{words.plain(removed[1])}** was removed from the lists. Its files are untouched."
        )
        if st.button("Undo", key="undo-remove", icon=":material/undo:"):
            rooms.datasets().restore(removed[0])
            state.choose(dataset_id=removed[0])
            del st.session_state["_removed"]
            st.rerun()


def removed() -> None:
    """What was removed earlier, to be brought back."""
    rows = rooms.datasets().list(deleted=True)
    if not rows:
        return
    with st.expander(f"Removed datasets ({len(rows)})", icon=":material/delete:"):
        for row in rows:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{words.plain(row.name)} · {contents(row)}", width="stretch")
                if st.button("Restore", key=f"restore-{row.id}", icon=":material/undo:"):
                    rooms.datasets().restore(row.id)
                    st.session_state.pop("_removed", None)
                    st.rerun()
