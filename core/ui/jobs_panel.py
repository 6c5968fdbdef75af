"""Background work in the pages: one line, one card, one table. The job table is the truth; nothing is kept here."""

from __future__ import annotations

import time
from collections.abc import Collection

import streamlit as st

from core.charts.curves import training_curves
from core.jobs.job import Job
from core.jobs.lanes import held_up_by
from core.settings import settings
from core.ui import blocks, errors, gates, nav, rooms, state, words

STATES = {  # state: word, icon, colour. Vermillion is not here: it means an anomalous part
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Running", ":material/autorenew:", "blue"),
    "succeeded": ("Done", ":material/check:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/block:", "gray"),
    "lost": ("Lost", ":material/power_off:", "red"),
}


def badge(job: Job) -> None:
    word, icon, colour = STATES[job.state]
    st.badge("Stopping" if job.cancel_requested and job.state == "running" else word, icon=icon, color=colour)  # type: ignore[arg-type]


def announce(job: Job) -> None:
    """Say that a job has ended, wherever the user is by now."""
    word, icon, _ = STATES[job.state]
    st.toast(f"**{words.plain(job.title)}**: {words.plain(job.error or word.lower())}", icon=icon)


def doing(job: Job) -> str:
    """What a job does now and how long it will take, in one line."""
    if job.state == "queued":
        return _waits(job)
    if job.cancel_requested:
        return "Stopping…"
    left = f" · about {blocks.duration(job.eta_s)} left" if job.eta_s is not None else ""
    return f"{words.plain(job.stage or 'Starting')}{left}"


def _waits(job: Job) -> str:
    """What a job waits for, and for how long that will run still."""
    running = [one for one in rooms.jobs().list(active=True) if one.state == "running"]
    before = held_up_by(job, running, settings().max_jobs)
    if not before:
        return "Starts as soon as there is memory for it beside the others" if running else "Starts in a moment"
    last = before[-1]
    left = f", about {blocks.duration(last.eta_s)} left" if last.eta_s is not None else ""
    which = "" if len(before) == 1 else f"{len(before)} jobs to end, as the last "
    return f"Waits for {which}«{words.plain(last.title)}»{left}"


def line(job: Job) -> None:
    """Title, progress and stage of a running or waiting job."""
    st.progress(min(max(job.fraction, 0.0), 1.0), text=f"**{words.plain(job.title)}** · {doing(job)}")


def watch(kinds: Collection[str] | None = None, *, key: str, details: bool = False) -> None:
    """Cards of the active jobs of some kinds (None: all), polled every second for as long as there are any.

    ``details`` adds the live curves and the end of the log.
    """
    if active(kinds):
        st.fragment(_cards, run_every=1, key=key)(kinds, key, details)


def active(kinds: Collection[str] | None = None) -> list[Job]:
    """Jobs of some kinds (None: all) that wait or run, newest first."""
    return [job for job in rooms.jobs().list(active=True) if kinds is None or job.kind in kinds]


def _cards(kinds: Collection[str] | None, key: str, details: bool) -> None:
    found = active(kinds)
    if not found:
        st.rerun()
    for job in found:
        card(job, key=key, details=details)


def follow(job_id: str, *, key: str) -> None:
    """The card of one active job, polled every second; the page is drawn anew when it has ended."""
    st.fragment(_followed, run_every=1, key=key)(job_id, key)


def _followed(job_id: str, key: str) -> None:
    job = rooms.jobs().get(job_id)
    if not job.active:
        st.rerun()
    card(job, key=key)


def card(job: Job, *, key: str, details: bool = False) -> None:
    """A job that waits or runs: state, stage, time left and the way to stop it; on demand its curves and log."""
    with st.container(border=True, key=f"{key}-job-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            badge(job)
            st.markdown(f"**{words.plain(job.title)}**", width="stretch")
            if job.started_at:
                st.caption(f"for {blocks.duration(time.time() - job.started_at)}", width="content")
            _cancel(job, key)
        st.progress(min(max(job.fraction, 0.0), 1.0), text=doing(job))
        if details:
            curves(job, key=key)
            log(job, key=key)


def curves(job: Job, *, key: str) -> None:
    """What a job has measured so far: losses as curves; figures on other scales, which would flatten them, in words."""
    points = rooms.jobs().curve(job.id)
    losses = [point for point in points if point[1].endswith("loss")]
    if losses:
        alt = f"Live losses of {job.title}"
        blocks.plot(training_curves(losses), key=f"{key}-curve-{job.id}", alt=alt, height=220)
    latest = {name.replace("_", " "): value for _, name, value in points if not name.endswith("loss")}
    if latest:
        st.caption(" · ".join(f"{words.plain(name)} **{value:.4g}**" for name, value in latest.items()))


def log(job: Job, *, key: str) -> None:
    """The end of a running job's log, folded away, and the whole of it to take along."""
    if rooms.jobs().log_path(job.id).is_file():
        with st.expander("Log", icon=":material/article:"):
            log_text(job, key=key)


def log_text(job: Job, *, key: str) -> None:
    """The end of a job's log and the whole of it to take along."""
    path = rooms.jobs().log_path(job.id)
    if not path.is_file():
        st.caption("This job wrote no log.")
        return
    st.code(rooms.jobs().log_tail(job.id, lines=200), language=None, height=220)
    st.download_button(
        "Download log", path.read_bytes, f"{job.kind}-{job.id}.log", "text/plain", key=f"{key}-log-{job.id}",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def way_to_result(job: Job) -> None:
    """A link to what a job has made, where that is still there."""
    result = job.result or {}
    datasets = {row.id for row in rooms.datasets().list()}
    dataset, run = job.spec.get("dataset_id") or result.get("dataset_id"), result.get("run_id")
    query = {state.DATASET: dataset[: state.SHORT]} if dataset in datasets else {}
    if job.kind == "continual" and run is not None and rooms.continual_runs().listed(str(run)):
        query = {"run": str(run)[: state.SHORT]}
        st.page_link(nav.page("continual"), label="Continual", icon=nav.PAGES["continual"][1], query_params=query)
    elif job.kind == "benchmark" and result:
        from core.compare.papers.tables import table

        query = {"table": table(str(result["benchmark"])).title, "measured": str(result["plan_id"])[: state.SHORT]}
        st.page_link(nav.page("papers"), label="Papers' tables", icon=nav.PAGES["papers"][1], query_params=query)
    elif job.kind == "distill" and result:
        query = {"backbones": "true"}
        st.page_link(nav.page("models"), label="Models", icon=nav.PAGES["models"][1], query_params=query)
    elif job.kind == "check" and rooms.runs().listed(str(run)):
        st.page_link(nav.page("check"), label="Verdicts", icon=nav.PAGES["check"][1], query_params={"batch": job.id})
    elif job.kind == "explain" and result and rooms.runs().listed(str(job.spec["run_id"])):
        row = rooms.runs().row(str(job.spec["run_id"]))
        query = {state.DATASET: row.dataset_id[: state.SHORT], state.MODEL: row.model_id[: state.SHORT]}
        query |= {"recording": job.spec["unit"], "stretch": f"{job.spec['start']}-{job.spec['stop'] - 1}"}
        st.page_link(nav.page("sensors"), label="Sensors", icon=nav.PAGES["sensors"][1], query_params=query)
    elif job.kind == "extend" and run is not None:
        query = {"models": str(result["model_id"])[: state.SHORT]}
        st.page_link(nav.page("models"), label="Models", icon=nav.PAGES["models"][1], query_params=query)
    elif run is not None and rooms.runs().listed(run):
        row = rooms.runs().row(run)
        query[state.MODEL] = row.model_id[: state.SHORT]
        where = gates.judged_on(rooms.datasets().row(row.dataset_id).modality)
        st.page_link(nav.page(where), label=nav.PAGES[where][0], icon=nav.PAGES[where][1], query_params=query)
    elif job.kind == "export" and result:
        query = {"models": str(job.spec["model_id"])[: state.SHORT]}
        st.page_link(nav.page("models"), label="Models", icon=nav.PAGES["models"][1], query_params=query)
    elif "analysis_id" in result or "set_id" in result:
        name, found = ("analysis", "analysis_id") if "analysis_id" in result else ("photos", "set_id")
        icon = nav.PAGES["rust"][1]
        st.page_link(nav.page("rust"), label="Rust", icon=icon, query_params={name: str(result[found])})
    elif run is None and query and result:
        st.page_link(nav.page("data"), label="Data", icon=nav.PAGES["data"][1], query_params=query)


def _cancel(job: Job, key: str) -> None:
    with st.popover("Cancel", icon=":material/stop_circle:", disabled=job.cancel_requested, key=f"{key}-stop-{job.id}"):
        st.markdown(
            "Stop this job? It leaves no result. Work that saves its progress goes on from there when it is "
            "started again."
        )
        if st.button("Stop the job", type="primary", key=f"{key}-cancel-{job.id}"):
            rooms.jobs().request_cancel(job.id)
            st.rerun(scope="fragment")


def retry(job: Job, *, key: str) -> None:
    """The way to ask for the same work again, where it gave no result."""
    if job.state != "succeeded" and st.button("Retry", icon=":material/refresh:", key=f"{key}-retry-{job.id}"):
        with errors.shown():  # what was asked for may be refused by now
            rooms.jobs().retry(job.id)
            st.rerun()


def problem(job: Job) -> None:
    """Why a job gave no result, and what can be done about it."""
    word = "failed" if job.state == "failed" else "was lost"
    if job.state == "cancelled":
        st.info(f"«{words.plain(job.title)}» was cancelled.", icon=STATES["cancelled"][1])
    elif job.state in ("failed", "lost"):
        st.error(f"**«{words.plain(job.title)}» {word}.** {words.plain(why(job))}", icon=STATES[job.state][1])


def why(job: Job) -> str:
    """What went wrong and the hint, each as a sentence."""
    return " ".join(f"{said.rstrip('.')}." for said in (job.error, job.hint) if said)
