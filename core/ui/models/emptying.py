"""The bin: what was removed takes room on the disk until somebody deletes it for good."""

from __future__ import annotations

import streamlit as st

from core.store.bin import Bin, Contents
from core.ui import blocks, rooms, words

WORDS = {
    "models": ("model", "models"),
    "datasets": ("dataset", "datasets"),
    "runs": ("run", "runs"),
    "rust_sets": ("set of rust photographs", "sets of rust photographs"),
    "rust_analyses": ("rust analysis", "rust analyses"),
    "continual_runs": ("continual run", "continual runs"),
}


def popover() -> None:
    """A button that tells what would go, and how much room that gives, before anything does."""
    with st.popover("Empty the bin", icon=":material/delete_forever:", key="bin", on_change="rerun") as opened:
        if opened.open:
            _content()


def _content() -> None:
    found = Bin(rooms.workspace()).contents()
    if found.empty:
        st.markdown("Nothing in the bin can be deleted." if found.kept_datasets else "The bin is empty.")
    else:
        st.markdown(
            f"Deletes for good, **{blocks.size(found.n_bytes)}**: {told(found)}. Photographs and recordings that lie "
            "in folders of your own are not touched."
        )
    if found.kept_datasets:
        st.caption(
            f"{words.count(found.kept_datasets, 'removed dataset')} must stay: models were trained on it that are here."
        )
    busy = bool(rooms.jobs().list(active=True))
    if busy:
        st.caption("Work is under way: wait for it, or cancel it, first.")
    if st.button("Delete for good", type="primary", key="empty-bin", disabled=found.empty or busy):
        gone = Bin(rooms.workspace()).empty()
        st.toast(f"{blocks.size(gone.n_bytes)} are free again.", icon=":material/delete_forever:")
        st.rerun()


def told(found: Contents) -> str:
    """``2 models, 1 dataset and 3 runs``."""
    parts = [f"{n} {WORDS[kind][n > 1]}" for kind, n in found.counts.items() if n]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
