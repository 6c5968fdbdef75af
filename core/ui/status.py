"""The status bar of every page: dataset, model, jobs. Each entry is also the way to change what it shows."""

from __future__ import annotations

import streamlit as st

from core.datasets.wording import percent
from core.jobs.job import Job
from core.ui import gates, jobs_panel, nav, rooms, state, words
from core.ui.labels import contents, detector, labels

SHORTCUTS = {
    "Ctrl + Enter": "Train: start training",
    "← and →": "Inspect: previous and next part",
    "Esc": "Inspect: back to all parts",
    "G, B, U": "Inspect: your label for the part: good, bad, unsure",
}


BUSY_S, IDLE_S = 2, 10  # seconds between looks at the job table
LONGEST = 32  # characters of a name in the bar


def bar() -> None:
    """Draw the bar. Running jobs are followed by themselves; the rest of the page is left alone meanwhile."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="status-bar"):
        _dataset()
        _model()
        _jobs()
        st.space("stretch")
        _link()
        if st.button("", icon=":material/keyboard:", type="tertiary", help="Keyboard shortcuts", key="shortcuts"):
            _shortcuts()


def _dataset() -> None:
    current = state.dataset()
    rows = rooms.datasets().list()
    label = f"{_short(current.name)} · {contents(current)}" if current else "No dataset"
    icon = gates.KINDS[current.modality].icon if current else nav.PAGES["data"][1]
    with st.popover(label, icon=icon, type="tertiary"):
        if current is None:
            st.caption("Nothing is loaded yet.")
        else:
            names = labels({row.id: f"{row.name} · {contents(row)}" for row in rows})
            st.session_state["status.dataset"] = current.id
            st.selectbox(
                "Dataset", names, format_func=names.__getitem__, key="status.dataset", on_change=_dataset_changed
            )
        st.page_link(nav.page("data"), label="Load another", icon=":material/add:")


def _dataset_changed() -> None:
    state.choose(dataset_id=st.session_state["status.dataset"])


def _model() -> None:
    current = state.model()
    rows = [row for row in rooms.models().list() if state.suits(row, state.dataset())]
    label = _short(current.name) if current else "No model"
    with st.popover(label, icon=":material/deployed_code:", type="tertiary"):
        if not rows:
            st.caption("Nothing is trained for this kind of data yet.")
        else:
            names = labels({row.id: f"{row.name} · {detector(row.detector)}" for row in rows})
            st.session_state["status.model"] = current.id if current else None
            st.selectbox(
                "Model",
                names,
                format_func=names.__getitem__,
                key="status.model",
                placeholder="None for this dataset",
                on_change=_model_changed,
            )
        st.page_link(nav.page("train"), label="Train another", icon=":material/add:")


def _model_changed() -> None:
    state.choose(model_id=st.session_state["status.model"])


def _jobs() -> None:
    active = rooms.jobs().list(active=True)
    st.fragment(_jobs_entry, run_every=BUSY_S if active else IDLE_S)([job.id for job in active])


def _jobs_entry(seen: list[str]) -> None:
    """What runs now. When a job began or ended, here or in another browser, the whole page is drawn anew."""
    active = rooms.jobs().list(active=True)
    ended = [job_id for job_id in seen if job_id not in {job.id for job in active}]
    for job_id in ended:
        jobs_panel.announce(rooms.jobs().get(job_id))
    if {job.id for job in active} != set(seen):
        st.rerun()
    with st.popover(_summary(active), icon=":material/pending_actions:", type="tertiary"):
        if not active:
            st.caption("Nothing is running.")
        for job in active:
            jobs_panel.line(job)
        st.page_link(nav.page("models"), label="All jobs", icon=":material/list:")


def _summary(active: list[Job]) -> str:
    running = [job for job in active if job.state == "running"]
    if not active:
        return "No jobs"
    if len(running) == len(active) == 1:
        return f"1 job · {percent(running[0].fraction, 0)}"
    counts = {"running": len(running), "waiting": len(active) - len(running)}
    return " · ".join(f"{n} {word}" for word, n in counts.items() if n)


def _short(name: str) -> str:
    return words.plain(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")


def _link() -> None:
    with st.popover("Copy link", icon=":material/link:", type="tertiary"):
        st.caption("A link to exactly this view, for anybody who can reach this server.")
        st.code(state.link(), language=None, wrap_lines=True)


@st.dialog("Keyboard shortcuts", icon=":material/keyboard:")
def _shortcuts() -> None:
    st.markdown(
        "\n".join(["| Keys | What they do |", "|---|---|", *(f"| **{k}** | {v} |" for k, v in SHORTCUTS.items())])
    )
