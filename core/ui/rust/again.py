"""The same photographs with another table or other settings: their analysis once more."""

from __future__ import annotations

import streamlit as st

from core.ui import blocks
from core.ui.rust import choices, sending
from core.ui.rust.story import Story


def show(story: Story) -> None:
    """The settings of the analysis, and the ways to change what it is about."""
    blocks.headed(
        "Analyse again",
        "The same photographs with other measures, another table, or other words for what to do.",
        "Limit, horizon and alert above take effect at once; these here need the photographs to be looked at again.",
        "Photographs that were analysed in the same way before are not looked at twice.",
    )
    settings = choices.form(story.settings, key=f"rust-{story.id}")
    with st.container(horizontal=True):
        if st.button("Analyse", type="primary", icon=":material/play_arrow:", key="rust-again"):
            sending.analyse(story.set_id, settings)
        if st.button("Correct part, time and view", icon=":material/table_edit:", key="rust-table"):
            st.query_params[sending.PHOTOS] = story.set_id
            st.rerun()
