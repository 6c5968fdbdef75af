"""What became of trainings: those under way with their curves, those that ended with the way to look at them."""

from __future__ import annotations

import streamlit as st

from core.jobs.job import Job
from core.store.models import ModelRow
from core.ui import blocks, jobs_panel, rooms, words

KINDS = ("train", "demo")
SHOWN = 4
MAIN = {"image_auroc": "image AUROC", "vus_pr": "VUS-PR", "event_f1": "event F1"}  # what a training is judged by


def show() -> None:
    """Running trainings, then the last ones that ended."""
    ended = [job for job in rooms.jobs().list(active=False) if job.kind in KINDS][:SHOWN]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Progress", anchor=False, width="content")
        blocks.chart_help(
            "How far each training is, and the figures that it reports while it learns, such as its loss.",
            "A loss that still falls is still learning; one that lies flat has learned what it can. Detectors that "
            "only collect features, such as PatchCore, have no loss.",
            "A low loss does not say that defects are found. Only the scores of parts kept from training tell.",
        )
    jobs_panel.watch(KINDS, key="training", details=True)
    models = {row.id: row for row in rooms.models().list()}
    for job in ended:
        _ended(job, models)
    if not ended and not jobs_panel.active(KINDS):
        st.caption("Nothing was trained yet. Stage, time left, curves and log appear here.")


def _ended(job: Job, models: dict[str, ModelRow]) -> None:
    """One line for each: how it ended and when; the model to look at, or the reason."""
    model = models.get(str(job.result["model_id"])) if job.result else None
    with st.container(border=True, gap="small", key=f"ended-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            jobs_panel.badge(job)
            st.markdown(f"**{words.plain(job.title)}**", width="stretch")
            st.caption(blocks.ago(job.finished_at or job.created_at), width="content")
        if model is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(_figures(model), width="stretch")
                jobs_panel.way_to_result(job)
        elif job.state == "succeeded":
            st.caption("Its model was deleted since. The Models page can bring it back.")
        else:
            if job.error:
                st.markdown(words.plain(jobs_panel.why(job)))
                jobs_panel.log(job, key="ended")
            jobs_panel.retry(job, key="ended")


def _figures(model: ModelRow) -> str:
    fit = f"trained in {blocks.duration(model.manifest.fit_seconds)}"
    found = [(title, model.metrics.get(name)) for name, title in MAIN.items()]
    return " · ".join([*(f"{title} **{value:.3f}**" for title, value in found if value is not None), fit])
