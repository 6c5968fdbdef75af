"""A run for the background, how far it is, and what became of the last request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import streamlit as st

from core.ui import jobs_panel, rooms, state
from core.ui.continual import growing

if TYPE_CHECKING:
    from core.continual.config import ContinualConfig

KIND = "continual"
RUN, ADD = "run", "new"  # names in the URL: the run that is shown; whether another is being set up
_SENT = "_continual_sent"  # the job that this session asked for last


def start(config: ContinualConfig) -> NoReturn:
    """Ask for a run. One that stands already is opened instead of being made again."""
    asked = rooms.jobs().submit(KIND, {"config": config.model_dump(mode="json")}, title=f"Continual: {config.name}")
    st.session_state[_SENT] = asked.job_id
    st.rerun()


def arrived() -> None:
    """Open what this session asked for, once it is there."""
    sent = st.session_state.get(_SENT)
    job = rooms.jobs().get(sent) if sent else None
    if job is not None and job.state == "succeeded" and job.result is not None:
        st.session_state.pop(_SENT)
        st.session_state.pop(ADD, None)
        st.query_params.pop(ADD, None)
        st.query_params[RUN] = str(job.result["run_id"])[: state.SHORT]


def under_way() -> None:
    """The runs that wait or go, with what they have recorded so far, and why the last one gave no result."""
    sent = st.session_state.get(_SENT)
    if sent:
        jobs_panel.problem(rooms.jobs().get(sent))
    jobs_panel.watch((KIND,), key="continual")
    running = [job for job in jobs_panel.active((KIND,)) if job.state == "running"]
    if running:
        growing.show(running[0])
