"""The detectors to choose from, one card each. The choice is in the URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from core.detectors import registry
from core.detectors.base import DetectorInfo
from core.store.datasets import DatasetRow
from core.ui import state, words

DETECTOR = "detector"  # name in the URL
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
_DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s,;)]+)")


def chosen(row: DatasetRow, refused: Mapping[str, str]) -> DetectorInfo:
    """The detector of the URL, or the one chosen before, or that of the current model, or the first, of those for the
    dataset's kind of data. One of the ``refused`` must be asked for by the URL: a link shows why it does not fit."""
    current, known = state.model(), registry.of(row.modality)
    asked = st.query_params.get(DETECTOR)
    for name in (asked, st.session_state.get("_detector"), current and current.detector):
        if name in known and (name == asked or name not in refused):
            st.session_state["_detector"] = st.query_params[DETECTOR] = name
            return known[name]
    return next((entry for name, entry in known.items() if name not in refused), next(iter(known.values())))


def show(row: DatasetRow, current: DetectorInfo, refused: Mapping[str, str]) -> None:
    """A card for each detector: when to choose it, and where it comes from. ``refused`` says which cannot learn from
    this dataset, and why."""
    with st.grid(4, min_column_width=220):
        for entry in registry.of(row.modality).values():
            with st.container(border=True, height="stretch", key=f"detector-{entry.name}", gap="small"):
                st.markdown(f"**{entry.title}**")
                st.markdown(entry.summary)
                st.caption(paper(entry.paper))
                st.space("stretch")
                picked = entry.name == current.name
                why = refused.get(entry.name)
                st.button(
                    "Not for this data" if why else "Chosen" if picked else "Choose",
                    key=f"choose-{entry.name}",
                    icon=":material/block:" if why else _CIRCLES[picked],
                    help=words.plain(why) if why else f"{entry.title} is chosen" if picked else f"Train {entry.title}",
                    disabled=why is not None,
                    on_click=choose,
                    args=(entry.name,),
                    width="stretch",
                )


def choose(name: str) -> None:
    """Make a detector the chosen one, from a callback or before the Train page is opened."""
    st.session_state["_detector"] = name
    st.query_params.pop(DETECTOR, None)


def paper(text: str) -> str:
    """The paper with its arXiv number or DOI as a link."""
    text = _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)
    return _DOI.sub(r"[doi:\1](https://doi.org/\1)", text)


_CIRCLES = {True: ":material/radio_button_checked:", False: ":material/radio_button_unchecked:"}
