"""Check new parts: are today's parts good?"""

from __future__ import annotations

import streamlit as st

from core.ui import blocks, nav, state
from core.ui.batch import results, source

st.title("Are today's parts good?", anchor=False)
model = state.model()
if model is None:
    if blocks.empty_state(
        "No model to judge them yet",
        "A detector has to learn from photographs of good parts first. Then new ones are judged in seconds.",
        "Train a detector",
        key="check-empty",
        icon=":material/fact_check:",
    ):
        nav.open_page("train")
else:
    source.show(model)
results.show()
