"""The Start page: a first result in one click, the ways to bring one's own data, recent work."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from core.charts.overlays import encode_jpeg, outlines
from core.datasets.samples import SAMPLES
from core.datasets.synthetic.parts import render
from core.detectors import registry
from core.jobs.job import Job
from core.ui import blocks, jobs_panel, nav, rooms, state, words
from core.ui.labels import detector

SAMPLE, DETECTOR = SAMPLES["parts"], registry.info("patchcore")
DEMO = {"sample": SAMPLE.name, "seed": 0, "detector": DETECTOR.name}
WAYS = (  # one's own data: icon, title, sentence, view of the Data page
    (":material/upload_file:", "Upload images", "Drop photographs or a whole folder, mostly of good parts.", "Images"),
    (
        ":material/folder_zip:",
        "Upload a zip",
        "Folders such as good and bad, or the MVTec layout, zipped.",
        "Zip",
    ),
    (":material/folder_open:", "Read from the server", "Name a folder; its images are indexed where they lie.", "Path"),
)
RECENT = 4


def hero() -> None:
    """The sample story: the button, its progress, or its result."""
    job = rooms.jobs().find("demo", DEMO)
    result = _result(job)
    with st.container(border=True, key="hero"):
        left, right = st.columns([5, 4], gap="large", vertical_alignment="center")
        with left:
            st.title("Which parts are bad, and where?", anchor=False)
            st.markdown(
                "Faultline learns from photographs of good parts, then marks what is different on new ones. "
                "Nobody has to label a defect."
            )
            if job is not None and job.active:
                jobs_panel.watch(["demo"], key="start")
            elif result is not None:
                st.markdown(
                    ":green[:material/check_circle:] The sample parts are loaded, and a model is trained on them."
                )
                if st.button("Inspect the sample parts", type="primary", icon=":material/search:", key="demo-open"):
                    _open(result)
            else:
                if job is not None:
                    jobs_panel.problem(job)
                if st.button("Try it on sample parts", type="primary", icon=":material/play_arrow:", key="demo-start"):
                    _start()
                st.caption(SAMPLE.summary)
        with right, st.grid(3, min_column_width=110, gap="small"):
            for flaw, picture in _preview().items():
                st.image(picture, alt=f"A sample part with its {flaw} outlined", width="stretch")


def own_data() -> None:
    """Three cards that lead to the matching form of the Data page."""
    st.subheader("Bring your own parts", anchor=False)
    with st.grid(3, min_column_width=240):
        for icon, title, sentence, view in WAYS:
            with st.container(border=True, height="stretch"):
                st.markdown(f"{icon} **{title}**")
                st.caption(sentence)
                if st.button(title, key=f"way-{view}", icon=":material/arrow_forward:", icon_position="right"):
                    nav.open_page("data", {"add": view})


def recent() -> None:
    """The newest models and datasets, each a way back to it."""
    models, datasets = rooms.models().list()[:RECENT], rooms.datasets().list()[:RECENT]
    if not datasets:
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Recent datasets", anchor=False)
        for row in datasets:
            _entry("data", row.name, f"{row.n_items} images · {blocks.ago(row.created_at)}", {state.DATASET: row.id})
    with right:
        st.subheader("Recent models", anchor=False)
        if not models:
            st.caption("None yet. Train one on the Train page.")
        names = {row.id: row.name for row in rooms.datasets().list()}
        for model in models:
            about = f"{words.plain(detector(model.detector))} · {blocks.ago(model.created_at)}"
            query = {state.MODEL: model.id}
            if model.dataset_id in names:
                query[state.DATASET] = model.dataset_id
            _entry("inspect", model.name, about, query)


def _entry(page: str, name: str, about: str, query: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        short = {key: value[: state.SHORT] for key, value in query.items()}
        st.page_link(nav.page(page), label=words.plain(name), icon=nav.PAGES[page][1], query_params=short)
        st.caption(about)


def _result(job: Job | None) -> dict[str, str] | None:
    """What the demo made, if all of it is still there."""
    if job is None or job.state != "succeeded" or job.result is None:
        return None
    there = {row.id for row in rooms.datasets().list()} | {row.id for row in rooms.models().list()}
    return job.result if {job.result["dataset_id"], job.result["model_id"]} <= there else None


def _start() -> NoReturn:
    rooms.jobs().submit("demo", DEMO, title=f"{SAMPLE.title} with {DETECTOR.title}")
    st.rerun()


def _open(result: dict[str, str]) -> NoReturn:
    state.choose(dataset_id=result["dataset_id"], model_id=result["model_id"])
    nav.open_page("inspect")


@st.cache_data(max_entries=1, show_spinner=False)
def _preview() -> dict[str, bytes]:
    """A few spoilt parts with the outlines of their flaws, by the kind of flaw."""
    found = {}
    for number, kind in enumerate(("scratch", "stain", "missing_hole")):
        part = render((0, 1, number), kind=kind, strength=0.9)
        if part.mask is not None:
            found[kind.replace("_", " ")] = encode_jpeg(outlines(part.image, part.mask))
    return found
