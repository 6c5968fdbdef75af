"""Train: which detector, with what settings, and how far is it?"""

from __future__ import annotations

import streamlit as st

from core.ui import blocks, nav, state
from core.ui.train import cards, material, outcome, request

st.title("Train", anchor=False)
row = state.dataset()
if row is None:
    if blocks.empty_state(
        "Nothing to learn from yet",
        "A detector learns from photographs of good parts. Load some of yours, or the sample parts, first.",
        "Load data",
        key="train-empty",
        icon=":material/photo_library:",
    ):
        nav.open_page("data")
else:
    entry = cards.chosen()
    found = material.of(row, entry)
    material.show(row, found)
    cards.show(entry)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(f"Settings of {entry.title}", anchor=False)
        request.form(row, entry)
    with right:
        outcome.show()
