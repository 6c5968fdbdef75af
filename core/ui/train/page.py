"""The page put together: what there is to learn from, the detectors, the settings, what became of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.detectors.registry import of as detectors_of
from core.store.datasets import DatasetRow
from core.ui import blocks, nav, state, words
from core.ui.train import cards, frontend, material, outcome, recordings, request


def show() -> None:
    """For the current dataset, whichever kind it is."""
    st.title("Train", anchor=False)
    row = state.dataset()
    if row is None:
        if blocks.empty_state(
            "Nothing to learn from yet",
            "A detector learns from what is normal: photographs of good parts, or recordings of machines in good "
            "health. Load some of yours, or a sample, first.",
            "Load data",
            key="train-empty",
            icon=":material/photo_library:",
        ):
            nav.open_page("data")
    elif row.modality == "image":
        _images(row)
    else:
        _recordings(row)


def _images(row: DatasetRow) -> None:
    entry = cards.chosen(row, {})
    found = material.of(row, entry)
    material.show(row, found)
    cards.show(row, entry, {})
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(f"Settings of {entry.title}", anchor=False)
        if found.used:
            request.form(row, entry, {})
        else:
            st.error(material.NOTHING, icon=":material/block:")
    with right:
        outcome.show()


def _recordings(row: DatasetRow) -> None:
    found = recordings.of(row.id)
    why = {one.name: recordings.refusal(one, row, found) for one in detectors_of("series").values()}
    refused = {name: sentence for name, sentence in why.items() if sentence is not None}
    entry = cards.chosen(row, refused)
    figures = st.container()
    cards.show(row, entry, refused)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(f"Settings of {entry.title}", anchor=False)
        scope = request.scope(found)
        options: dict[str, Any] | None = {"scope": scope}
        if found.kind in ("waveform", "sound"):
            cut = frontend.form(row)
            options = None if cut is None else {"scope": scope, "frontend": cut}
        if entry.name in refused:
            st.error(words.plain(refused[entry.name]), icon=":material/block:")
        elif found.steps and options is not None:
            request.form(row, entry, options)
            st.caption(recordings.expected(entry, row))
    with figures:
        recordings.show(row, found, scope)
    with right:
        outcome.show()
