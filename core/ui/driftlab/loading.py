"""The detector is loaded into the server when somebody asks for it, not when the page is opened."""

from __future__ import annotations

import streamlit as st

from core.store.models import ModelRow
from core.ui import blocks, words

READY = "_drift_lab"  # the model that this session has asked for


def asked_for(model: ModelRow, sentence: str) -> bool:
    """Whether this session has asked for the model; else the button for it, with what will be done."""
    if st.session_state.get(READY) == model.id:
        return True
    if blocks.empty_state(
        f"«{words.plain(model.name)}» waits", sentence, "Load the detector", key="lab-load", icon=":material/tune:"
    ):
        st.session_state[READY] = model.id
        st.rerun()
    return False
