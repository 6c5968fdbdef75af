"""A benchmark for the background, how far it is, and what became of the last request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from core.compare.papers.cache import FOLDER, Cache
from core.ui import jobs_panel, rooms

KIND = "benchmark"
MEASURE = "measure"  # name in the URL: whether the form is open
EVERY_S = 3  # between two looks at a run under way
_SENT = "_papers_sent"  # the job that this session asked for last


def folder() -> Path:
    """Where the workspace keeps what was measured."""
    return rooms.workspace().root / FOLDER


def start(spec: Mapping[str, Any], title: str) -> NoReturn:
    """Ask for a run; what was measured before is not measured again."""
    asked = rooms.jobs().submit(KIND, spec, title=title)
    st.session_state[_SENT] = asked.job_id
    st.session_state.pop(MEASURE, None)
    st.query_params.pop(MEASURE, None)
    st.rerun()


def under_way() -> None:
    """The runs that wait or go, and why the last one gave no result."""
    sent = st.session_state.get(_SENT)
    if sent:
        jobs_panel.problem(rooms.jobs().get(sent))
    jobs_panel.watch((KIND,), key="papers")


def busy(benchmark: str) -> bool:
    """Whether a run of this benchmark waits or goes."""
    return any(job.spec["benchmark"] == benchmark for job in jobs_panel.active((KIND,)))


def await_plan(benchmark: str, newest: str | None) -> None:
    """Draw the page anew once a run has read its data and a plan beside ``newest`` is there."""
    st.fragment(_await, run_every=EVERY_S, key="papers-await")(benchmark, newest)


def _await(benchmark: str, newest: str | None) -> None:
    plans = Cache(folder(), benchmark).plans()
    if plans and plans[0].id != newest:
        st.rerun()
