"""One photograph of a dataset in full, with what is known about it and the switch that excludes it from training."""

from __future__ import annotations

import streamlit as st

from core.datasets.types import ImageItem
from core.store.datasets import DatasetRow
from core.ui import errors, rooms, words
from core.ui.dataset import excluding
from core.ui.inspect import pictures


@st.dialog("Look closer", width="large", icon=":material/zoom_in:", on_dismiss="rerun")
def show(row: DatasetRow, item: ImageItem) -> None:
    """Over the page, which is drawn anew when the dialog is closed: the image may be excluded by then."""
    photograph, facts = st.columns([3, 2], gap="medium")
    with photograph, errors.shown():
        st.image(
            pictures.plain(item, mask=item.mask is not None),
            alt=f"{item.name}, {item.defect or item.label or 'no label'}",
            width=pictures.shown_width(item),
        )
    with facts:
        st.markdown(f"**{words.plain(item.name)}**\n\n{_facts(item)}")
        if may_teach(item):
            excluded = rooms.datasets().excluded(row.id)
            excluding.switch(row.id, item.name, excluded, place="closer", label="Learn from it")
            st.caption("Switched off, no detector that is trained from now on learns it as normal.")
        else:
            why = "it is labelled bad" if item.label == "bad" else "it is kept for the test"
            st.caption(f"No detector learns from this image: {why}.")


def may_teach(item: ImageItem) -> bool:
    """Whether a detector learns from the image unless somebody excludes it."""
    return item.split == "train" and item.label != "bad"


def _facts(item: ImageItem) -> str:
    """Class, split, category, size and mask as a list."""
    lines = [
        f"Label: {words.plain(item.defect or item.label or 'none')}",
        f"Split: {item.split}",
        f"Category: {words.plain(item.category)}",
        f"{item.width:,} × {item.height:,} pixels",
        *(["The defect is outlined"] if item.mask is not None else []),
    ]
    return "\n".join(f"- {line}" for line in lines)
