"""The page put together: what the current model is, and the lab for its kind of data."""

from __future__ import annotations

import streamlit as st

from core.ui import blocks, errors, gates, nav, state, words
from core.ui.driftlab import images, recordings


def show() -> None:
    """The lab of the current dataset and model, or what is missing for it."""
    st.title("What does a drift do to a detector, and who notices?", anchor=False)
    dataset, model = state.dataset(), state.model()
    if dataset is None:
        if blocks.empty_state(
            "No data yet",
            "Load photographs of parts or recordings of machines, train a detector, then put a drift into them.",
            "Load data",
            key="gate-load",
            icon=":material/upload:",
        ):
            nav.open_page("data")
    elif model is None:
        gates.untrained(
            dataset,
            f"A detector has to learn what is normal in «{words.plain(dataset.name)}» before it can be put off.",
            key="lab",
        )
    else:
        with errors.shown():
            (images if dataset.modality == "image" else recordings).show(dataset, model)
    st.caption(
        "Event logs are not here: Faultline has no detector of logs to load. Their drifts are part of the streams on "
        "the Continual page."
    )
