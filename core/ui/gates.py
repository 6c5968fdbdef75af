"""Pages for one kind of data: the dataset that they need, or what is missing and the button that mends it.

Inspect, Check and Latent look at photographs; Sensors and Live at recordings. Whoever opens one with the other kind of
dataset is told where the answer for that dataset is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.store.datasets import DatasetRow
from core.ui import blocks, jobs_panel, nav, state, words

Modality = Literal["image", "series"]


@dataclass(frozen=True)
class Kind:
    """One kind of data: what it is called, what to say and do where none is loaded, and the page that judges it."""

    called: str
    headline: str
    sentence: str
    button: str
    add: str  # the view of the Data page that brings some
    icon: str
    page: str


KINDS: dict[Modality, Kind] = {
    "image": Kind(
        "photographs",
        "No images yet",
        "Load photographs of your parts, or the sample parts, to see which are bad and where.",
        "Load images",
        "Images",
        ":material/photo_library:",
        "inspect",
    ),
    "series": Kind(
        "recordings",
        "No recordings yet",
        "Load recordings of your machines, or the sample pump, to see when a fault began and which sensor caused it.",
        "Load recordings",
        "Recordings",
        ":material/sensors:",
        "sensors",
    ),
}


def judged_on(modality: str | None) -> str:
    """The page where the verdicts over this kind of data are looked at; None stands for images, the oldest kind."""
    return KINDS["series" if modality == "series" else "image"].page


def untrained(dataset: DatasetRow, sentence: str, *, key: str) -> None:
    """Where the current dataset has no model: the training that is under way, or the button that leads to one."""
    learning = next((job for job in jobs_panel.active(["train"]) if job.spec.get("dataset_id") == dataset.id), None)
    if learning is not None:
        st.subheader(f"A detector is learning «{words.plain(dataset.name)}»", anchor=False)
        jobs_panel.follow(learning.id, key=key)
    elif blocks.empty_state(
        "No model yet", sentence, "Train a detector", key=f"{key}-train", icon=":material/model_training:"
    ):
        nav.open_page("train")


def image_dataset() -> DatasetRow | None:
    """The current dataset where it holds images; else None, and the page says what to do."""
    return _of("image")


def series_dataset() -> DatasetRow | None:
    """The current dataset where it holds recordings; else None, and the page says what to do."""
    return _of("series")


def elsewhere(wanted: Modality) -> bool:
    """Whether the current dataset holds another kind of data than the page judges; the page then says where to go."""
    current = state.dataset()
    if current is None or current.modality == wanted:
        return False
    there, page = KINDS[current.modality], judged_on(current.modality)
    if blocks.empty_state(
        f"«{words.plain(current.name)}» holds {there.called}",
        f"This page judges {KINDS[wanted].called}. Choose another dataset in the bar above, or go to the page that "
        f"judges {there.called}.",
        f"Open {nav.PAGES[page][0]}",
        key="gate-other",
        icon=there.icon,
    ):
        nav.open_page(page)
    return True


def _of(wanted: Modality) -> DatasetRow | None:
    current, kind = state.dataset(), KINDS[wanted]
    if current is None:
        if blocks.empty_state(kind.headline, kind.sentence, kind.button, key="gate-load", icon=kind.icon):
            nav.open_page("data", {"add": kind.add})
        return None
    return None if elsewhere(wanted) else current
