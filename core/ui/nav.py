"""The pages of the app, by name. Nothing else lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import Page

from core.settings import PROJECT

PAGES: dict[str, tuple[str, str, str]] = {  # name: title, icon, the question that the page answers
    "start": ("Start", ":material/home:", "What can I do here, and with my own data?"),
    "data": ("Data", ":material/photo_library:", "What have I loaded, and is it fit to train on?"),
    "train": ("Train", ":material/model_training:", "Which detector, with what settings, and how far is it?"),
    "inspect": ("Inspect", ":material/search:", "Which parts are bad, and where?"),
    "check": ("Check new parts", ":material/fact_check:", "Are today's parts good?"),
    "latent": ("Latent space", ":material/bubble_chart:", "What has the VAE learned to draw?"),
    "rust": ("Rust", ":material/timeline:", "How much has rusted, how fast, when is the limit reached?"),
    "sensors": ("Sensors", ":material/sensors:", "When did it start, and which sensor caused it?"),
    "live": ("Live", ":material/monitor_heart:", "What is happening now?"),
    "continual": ("Continual", ":material/all_inclusive:", "What does a detector keep when its world drifts?"),
    "drift": ("Drift lab", ":material/tune:", "What does a drift do to a detector, and who notices?"),
    "compare": ("Compare", ":material/compare_arrows:", "Which detector should we trust?"),
    "papers": ("Papers' tables", ":material/table_chart:", "Do we measure what the papers report?"),
    "models": ("Models & jobs", ":material/inventory_2:", "What exists, what runs, what failed?"),
}


def page(name: str) -> Page:
    """The page as Streamlit knows it. URLs are ``/data``, ``/train``…; the first page is also ``/``."""
    title, icon, question = PAGES[name]
    return st.Page(
        PROJECT / "pages" / f"{name}.py", title=title, icon=icon, url_path=name, help=question, default=name == "start"
    )


def open_page(name: str, query: Mapping[str, str] | None = None) -> NoReturn:
    """Go to a page; ``query`` is its view, such as the part to look at. Dataset and model go along by themselves."""
    st.switch_page(page(name), query_params=dict(query or {}))
