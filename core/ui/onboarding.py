"""The Start page: a first result in one click, the ways to bring one's own data, recent work."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np
import streamlit as st

from core.charts import series as charts
from core.charts.overlays import encode_jpeg, outlines
from core.datasets.samples import SAMPLES
from core.datasets.synthetic.parts import render
from core.detectors import registry
from core.jobs.job import Job
from core.settings import PROJECT
from core.ui import blocks, gates, jobs_panel, nav, rooms, state, words
from core.ui.labels import contents, detector, modality
from core.ui.rust import sample as rust_sample
from core.ui.rust import sending

EXCERPT = PROJECT / "assets" / "pump_excerpt.json"  # tests/ui/pump_excerpt.py
RECENT = 4


def _parts_picture() -> None:
    with st.grid(3, min_column_width=90, gap="small"):
        for flaw, picture in _flaws().items():
            st.image(picture, alt=f"A sample part with its {flaw} outlined", width="stretch")


def _pump_picture() -> None:
    found = _excerpt()
    step = np.array(found["step"])
    traces = [
        charts.Trace(name.replace("_", " "), unit, step, np.array(values, np.float32))
        for (name, values), unit in zip(found["sensors"].items(), found["units"], strict=True)
    ]
    culprits = tuple(name.replace("_", " ") for name in found["culprits"])
    first, last = found["fault"]
    figure = charts.signals(traces, [charts.Span(first, last, found["kind"], culprits)], x="")
    figure.update_layout(height=250, margin={"b": 8})
    figure.update_xaxes(visible=False)
    st.plotly_chart(
        figure,
        key="pump-picture",
        height=250,
        config={"staticPlot": True},
        alt=f"Three sensors of the sample pump; {' and '.join(culprits)} has a {found['kind']}",
    )


@dataclass(frozen=True)
class Story:
    """A sample, the job that makes something of it, what to ask, and where the answer is.

    ``detector`` is quickly trained on it; without one the sample is of rust.
    """

    sample: str
    detector: str | None
    question: str
    sentence: str
    start: str
    done: str
    picture: Callable[[], None]

    @property
    def kind(self) -> str:
        return "demo" if self.detector else rust_sample.KIND

    @property
    def spec(self) -> dict[str, Any]:
        if self.detector is None:
            return dict(sending.DEMO)
        return {"sample": self.sample, "seed": 0, "detector": self.detector}

    @property
    def title(self) -> str:
        title = SAMPLES[self.sample].title
        return f"{title} with {registry.info(self.detector).title}" if self.detector else title

    @property
    def page(self) -> str:
        return gates.judged_on(SAMPLES[self.sample].modality) if self.detector else "rust"


STORIES = (
    Story(
        "parts",
        "patchcore",
        "Which parts are bad, and where?",
        "Faultline learns from photographs of good parts, then marks what is different on new ones. Nobody has to "
        "label a defect.",
        "Try it on sample parts",
        "Inspect the sample parts",
        _parts_picture,
    ),
    Story(
        rust_sample.SAMPLE,
        None,
        "How much has rusted, and how fast?",
        "Faultline follows a part through photographs taken over weeks: how much of it has rusted, what grade that is, "
        "and when it will be too much.",
        rust_sample.START,
        "See how the sample rusts",
        rust_sample.picture,
    ),
    Story(
        "pump",
        "pca-t2q",
        "When did it start, and which sensor?",
        "Faultline learns how the sensors of a healthy machine move together, then tells when one of them no longer "
        "fits, and which.",
        "Try it on a sample pump",
        "Find the faulty sensor",
        _pump_picture,
    ),
)
WAYS = (  # one's own data: icon, title, sentence, view of the Data page
    (":material/upload_file:", "Upload images", "Drop photographs or a whole folder, mostly of good parts.", "Images"),
    (
        ":material/sensors:",
        "Upload recordings",
        "Drop tables of sensor readings, vibration or sound. What the columns mean is asked.",
        "Recordings",
    ),
    (
        ":material/folder_zip:",
        "Upload a zip",
        "Photographs in folders such as good and bad, or recordings, zipped.",
        "Zip",
    ),
    (":material/folder_open:", "Read from the server", "Name a folder or a file, and it is read from there.", "Path"),
)


def hero() -> None:
    """The sample stories: each a button, its progress, or its result."""
    for column, story in zip(st.columns(len(STORIES), gap="medium"), STORIES, strict=True):
        with column, st.container(border=True, height="stretch", key=f"story-{story.sample}"):
            st.title(story.question, anchor=False)
            st.markdown(story.sentence)
            story.picture()
            st.space("stretch")
            _progress(story)


def _progress(story: Story) -> None:
    job = rooms.jobs().find(story.kind, story.spec)
    result = _result(story, job)
    if job is not None and job.active:
        jobs_panel.follow(job.id, key=f"start-{story.sample}")
        return
    if result is not None:
        made = "a model is trained on it" if story.detector else "its rust is measured"
        st.markdown(f":green[:material/check_circle:] The sample is loaded, and {made}.")
        icon = nav.PAGES[story.page][1]
        if st.button(story.done, type="primary", icon=icon, key=f"demo-open-{story.sample}"):
            _open(story, result)
        return
    if job is not None:
        jobs_panel.problem(job)
    if st.button(story.start, type="primary", icon=":material/play_arrow:", key=f"demo-start-{story.sample}"):
        _start(story)
    st.caption(SAMPLES[story.sample].summary)


def own_data() -> None:
    """Cards that lead to the matching form of the Data page."""
    st.subheader("Bring your own data", anchor=False)
    with st.grid(4, min_column_width=220):
        for icon, title, sentence, view in WAYS:
            with st.container(border=True, height="stretch"):
                st.markdown(f"{icon} **{title}**")
                st.caption(sentence)
                st.space("stretch")
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
            _entry("data", row.name, f"{contents(row)} · {blocks.ago(row.created_at)}", {state.DATASET: row.id})
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
            page = gates.judged_on(modality(model.detector))
            _entry(page, model.name, about, query)


def _entry(page: str, name: str, about: str, query: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        short = {key: value[: state.SHORT] for key, value in query.items()}
        st.page_link(nav.page(page), label=words.plain(name), icon=nav.PAGES[page][1], query_params=short)
        st.caption(about)


def _result(story: Story, job: Job | None) -> dict[str, str] | None:
    """What the job made, if all of it is still there."""
    if job is None or job.state != "succeeded" or job.result is None:
        return None
    if story.detector is None:
        return job.result if rooms.rust_analyses().listed(job.result["analysis_id"]) else None
    there = {row.id for row in rooms.datasets().list()} | {row.id for row in rooms.models().list()}
    return job.result if {job.result["dataset_id"], job.result["model_id"]} <= there else None


def _start(story: Story) -> NoReturn:
    rooms.jobs().submit(story.kind, story.spec, title=story.title)
    st.rerun()


def _open(story: Story, result: dict[str, str]) -> NoReturn:
    if story.detector is None:
        nav.open_page(story.page, {"analysis": result["analysis_id"][: state.SHORT]})
    state.choose(dataset_id=result["dataset_id"], model_id=result["model_id"])
    nav.open_page(story.page)


@lru_cache(maxsize=1)
def _excerpt() -> dict[str, Any]:
    """A few readings of the sample pump around one of its faults."""
    found: dict[str, Any] = json.loads(EXCERPT.read_text(encoding="utf-8"))
    return found


@st.cache_data(max_entries=1, show_spinner=False)
def _flaws() -> dict[str, bytes]:
    """A few spoilt parts with the outlines of their flaws, by the kind of flaw."""
    found = {}
    for number, kind in enumerate(("scratch", "stain", "missing_hole")):
        part = render((0, 1, number), kind=kind, strength=0.9)
        if part.mask is not None:
            found[kind.replace("_", " ")] = encode_jpeg(outlines(part.image, part.mask))
    return found
