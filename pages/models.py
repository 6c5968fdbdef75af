"""Models & jobs: what exists, what runs, what failed?"""

from __future__ import annotations

import streamlit as st

from core.ui import blocks, nav, rooms
from core.ui.models import actions, backbones, compare, emptying, jobs, table, upload

with st.container(horizontal=True, vertical_alignment="center"):
    st.title("Models", anchor=False, width="content")
    upload.popover()
    emptying.popover()
actions.undo()
rows = rooms.models().list()
if rows:
    chosen = table.show(rows)
    actions.show(chosen)
    if len(chosen) > 1:
        compare.show(chosen)
elif blocks.empty_state(
    "No models yet",
    "Train a detector on what is normal, or upload a model that was trained elsewhere.",
    "Train a detector",
    key="models-empty",
    icon=":material/deployed_code:",
):
    nav.open_page("train")
actions.removed()
backbones.show()
st.header("Jobs", anchor=False)
jobs.show()
