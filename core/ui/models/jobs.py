"""All background work: what runs, and what became of the rest."""

from __future__ import annotations

import streamlit as st

from core.jobs.job import Job
from core.ui import blocks, jobs_panel, rooms, words

PAGE = 10
FILTERS: dict[str, tuple[str, ...]] = {
    "All": ("succeeded", "failed", "lost", "cancelled"),
    "Failed or lost": ("failed", "lost"),
    "Done": ("succeeded",),
    "Cancelled": ("cancelled",),
}
LISTED = 500


def show() -> None:
    """Active jobs as live cards, then the others by page."""
    jobs_panel.watch(key="all-jobs", details=True)
    ended = rooms.jobs().list(active=False, limit=LISTED)
    if not ended:
        if not jobs_panel.active():
            st.caption("Nothing has run yet. Imports, trainings and checks of new parts appear here.")
        return
    wanted = st.segmented_control(
        "Show", list(FILTERS), default="All", required=True, key="jobs", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    found = [job for job in ended if job.state in FILTERS[wanted or "All"]]
    if not found:
        st.caption("No job ended this way.")
        return
    pages = -(-len(found) // PAGE)
    page = min(st.pagination(pages, key="job-page", bind="query-params"), pages) if pages > 1 else 1
    for job in found[(page - 1) * PAGE : page * PAGE]:
        _ended(job)


def _ended(job: Job) -> None:
    with st.container(border=True, gap="small", key=f"job-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            jobs_panel.badge(job)
            st.markdown(f"**{words.plain(job.title)}**", width="stretch")
            st.caption(_times(job), width="content")
            jobs_panel.way_to_result(job)
            with st.popover(
                "Log", icon=":material/article:", type="tertiary", key=f"log-{job.id}", on_change="rerun"
            ) as log:
                if log.open:
                    jobs_panel.log_text(job, key="jobs")
            jobs_panel.retry(job, key="jobs")
        if job.error:
            st.markdown(words.plain(f"{job.error.rstrip('.')}."))
        if job.hint:
            st.markdown(f":material/lightbulb: {words.plain(job.hint.rstrip('.'))}.")


def _times(job: Job) -> str:
    end = job.finished_at or job.created_at
    took = f" · took {blocks.duration(end - job.started_at)}" if job.started_at else ""
    stage = f"at «{words.plain(job.stage)}» · " if job.stage and job.state != "succeeded" else ""
    return f"{stage}{blocks.ago(end)}{took}"
