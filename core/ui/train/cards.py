"""The detectors to choose from, one card each. The choice is in the URL."""

from __future__ import annotations

import re

import streamlit as st

from core.detectors.base import DetectorInfo
from core.detectors.registry import REGISTRY
from core.ui import state

DETECTOR = "detector"  # name in the URL
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def chosen() -> DetectorInfo:
    """The detector of the URL, or the one chosen before, or that of the current model, or the first."""
    current = state.model()
    for name in (st.query_params.get(DETECTOR), st.session_state.get("_detector"), current and current.detector):
        if name in IMAGE:
            st.session_state["_detector"] = st.query_params[DETECTOR] = name
            return IMAGE[name]
    return next(iter(IMAGE.values()))


def show(current: DetectorInfo) -> None:
    """A card for each image detector: when to choose it, and where it comes from."""
    with st.grid(4, min_column_width=220):
        for entry in IMAGE.values():
            with st.container(border=True, height="stretch", key=f"detector-{entry.name}", gap="small"):
                st.markdown(f"**{entry.title}**")
                st.markdown(entry.summary)
                st.caption(paper(entry.paper))
                st.space("stretch")
                picked = entry.name == current.name
                st.button(
                    "Chosen" if picked else "Choose",
                    key=f"choose-{entry.name}",
                    icon=":material/radio_button_checked:" if picked else ":material/radio_button_unchecked:",
                    help=f"{entry.title} is chosen" if picked else f"Train {entry.title}",
                    on_click=choose,
                    args=(entry.name,),
                    width="stretch",
                )


def choose(name: str) -> None:
    """Make a detector the chosen one, from a callback or before the Train page is opened."""
    st.session_state["_detector"] = name
    st.query_params.pop(DETECTOR, None)


def paper(text: str) -> str:
    """The paper with its arXiv number as a link."""
    return _ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


IMAGE: dict[str, DetectorInfo] = {name: entry for name, entry in REGISTRY.items() if entry.modality == "image"}
