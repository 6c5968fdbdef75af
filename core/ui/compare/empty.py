"""What is missing for a comparison, and the one button that brings it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.detectors import registry
from core.jobs.job import Job
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.ui import blocks, jobs_panel, nav, rooms, state, words
from core.ui.labels import detector, labels, modality

SAMPLE = "parts"
DETECTORS = ("patchcore", "padim")  # both are trained in seconds, and they err on different parts


def show(dataset: DatasetRow | None, found: Sequence[tuple[RunRow, ModelRow]]) -> None:
    """Without any run of this dataset: the sample; with one: another model to judge the same images, or another
    detector to train. While the sample's detectors are trained, how far they are."""
    jobs = [rooms.jobs().find("demo", _spec(name)) for name in DETECTORS]
    if any(job is not None and job.active for job in jobs):
        st.subheader("Two detectors learn from the sample parts", anchor=False)
        jobs_panel.watch(["demo"], key="compare-demo")
        return
    if dataset is None or not found:
        _sample(dataset, jobs)
        return
    model = found[0][1]
    others = [row for row in rooms.models().list() if row.id != model.id and modality(row.detector) == "image"]
    if dataset.modality == "image" and others:
        _judges(dataset, model, others)
        return
    if blocks.empty_state(
        "One detector is no comparison",
        f"«{words.plain(model.name)}» is the only one that has judged «{words.plain(dataset.name)}». Train a second "
        "one on the same data, and this page tells which to trust.",
        "Train another detector",
        key="compare-train",
        icon=":material/compare_arrows:",
    ):
        nav.open_page("train")


def _judges(dataset: DatasetRow, model: ModelRow, others: Sequence[ModelRow]) -> None:
    """Which of the models that are there is to judge the same images, and the button that asks for it."""
    if jobs_panel.active(["score"]):
        st.subheader("Another detector judges the same images", anchor=False)
        jobs_panel.watch(["score"], key="compare-score")
        return
    with st.container(border=True, key="compare-another"):
        st.subheader(":material/compare_arrows: One detector is no comparison", anchor=False)
        st.markdown(
            f"«{words.plain(model.name)}» is the only one that has judged «{words.plain(dataset.name)}». Let a second "
            "one judge the same images, and this page tells which to trust."
        )
        names = labels({row.id: f"{row.name} · {detector(row.detector)}" for row in others})
        chosen = st.selectbox("Model", names, format_func=names.__getitem__, key="compare-second", width=420)
        spec = {"model_id": chosen, "dataset_id": dataset.id}
        before = rooms.jobs().find("score", spec)
        if before is not None:
            jobs_panel.problem(before)
        with st.container(horizontal=True):
            if st.button("Let it judge them", type="primary", icon=":material/play_arrow:", key="compare-judge"):
                called = next(row.name for row in others if row.id == chosen)
                rooms.jobs().submit("score", spec, title=f"{called} scores {dataset.name}")
                st.rerun()
            if dataset.n_train and st.button("Train another detector", key="compare-train"):
                nav.open_page("train")


def _sample(dataset: DatasetRow | None, jobs: Sequence[Job | None]) -> None:
    made = _made(jobs)
    if made is not None:
        if blocks.empty_state(
            "Two detectors have judged the sample parts",
            "They learned from the same good parts and judged the same test parts.",
            "Compare them",
            key="compare-sample",
            icon=":material/compare_arrows:",
        ):
            state.choose(dataset_id=made)
            nav.open_page("compare")
        return
    for job in jobs:
        if job is not None:
            jobs_panel.problem(job)
    names = " and ".join(registry.info(name).title for name in DETECTORS)
    nothing = "Nothing" if dataset is None else f"No detector has judged «{words.plain(dataset.name)}»"
    if blocks.empty_state(
        "Nothing to compare yet",
        f"{nothing} {'is loaded' if dataset is None else 'so far'}. Train {names} on drawn sample parts to see what "
        "this page tells, or train two detectors on your own data.",
        "Train two on sample parts",
        key="compare-demo-start",
        icon=":material/compare_arrows:",
    ):
        for name in DETECTORS:
            title = f"Sample parts with {registry.info(name).title}"
            rooms.jobs().submit("demo", _spec(name), title=title)
        st.rerun()


def _spec(name: str) -> dict[str, object]:
    return {"sample": SAMPLE, "seed": 0, "detector": name}


def _made(jobs: Sequence[Job | None]) -> str | None:
    """The sample's dataset where both jobs have done their work and its runs still stand."""
    results = [job.result for job in jobs if job is not None and job.state == "succeeded" and job.result]
    if len(results) < len(DETECTORS) or not all(rooms.runs().listed(str(one["run_id"])) for one in results):
        return None
    return str(results[0]["dataset_id"])
