"""The page put together: what the current model is, and the lab for its kind of data."""

from __future__ import annotations

import streamlit as st

from core.ui import blocks, errors, gates, nav, state, words
from core.ui.driftlab import recordings


def show() -> None:
    """The lab of the current dataset and model, or what is missing for it."""
    st.title("What does a drift do to a detector, and who notices?", anchor=False)
    dataset, model = gates.series_dataset(), state.model()
    if dataset is None:
        return
    if model is None:
        if blocks.empty_state(
            "No model yet",
            f"A detector has to learn the normal running in «{words.plain(dataset.name)}» before it can be put off.",
            "Train a detector",
            key="lab-train",
            icon=":material/model_training:",
        ):
            nav.open_page("train")
        return
    with errors.shown():
        recordings.show(dataset, model)
