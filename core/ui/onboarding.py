"""The Start page: a first result in one click, the ways to bring one's own data, recent work."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from core.datasets.samples import SAMPLES
from core.detectors import registry
from core.ui import jobs_panel, rooms

SAMPLE, DETECTOR = "parts", "patchcore"
DEMO = {"sample": SAMPLE, "seed": 0, "detector": DETECTOR}
WAYS = (  # one's own data: icon, title, sentence, label of the link, view of the Data page
    (":material/upload_file:", "Upload images or a folder", "Drop photographs, or a whole folder with its sub-folders.",
     "Upload", "upload"),
    (":material/folder_zip:", "Upload a zip", "An archive of folders such as good and bad, or in the MVTec layout.",
     "Upload a zip", "zip"),
    (":material/folder_open:", "Read from this server", "Name a folder. Its images are indexed where they lie.",
     "Name a folder", "path"),
)  # fmt: skip


def hero() -> None:
    """The sample story: the button, its progress, or its result."""
    done = rooms.jobs().find("demo", DEMO)
    with st.container(border=True, key="hero"):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
        with left:
            st.markdown("# Which parts are bad, and where?")
            st.markdown(
                "Faultline learns from photographs of good parts, then marks what is different on new ones. "
                "No defect needs to be labelled."
            )
            if done is not None and done.state == "succeeded" and _still_there(done):
                if st.button("Inspect the sample parts", type="primary", icon=":material/search:", key="demo-open"):
                    _open(done)
            elif done is None or done.state not in jobs_panel.ACTIVE:
                if st.button("Try it on sample parts", type="primary", icon=":material/play_arrow:", key="demo-start"):
                    _start()
                st.caption("Draws machined parts with known defects and trains PatchCore on the good ones.")
        with right:
            st.image(_preview(), alt="A sample part with a defect", width="stretch")
    jobs_panel.watch(["demo"], key="start")


def _start() -> NoReturn:
    rooms.jobs().submit("demo", DEMO, title=f"{SAMPLES[SAMPLE].title} with {registry.info(DETECTOR).title}")
    st.rerun()
