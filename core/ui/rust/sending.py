"""Work for the background: photographs taken in, an analysis, the sample; and what became of the last request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from core.jobs.job import Job
from core.jobs.tasks.rust import from_set
from core.severity.settings import RustSettings
from core.ui import jobs_panel, nav, rooms

KINDS = ("rust", "rust-photos", "rust-demo")
PHOTOS = "photos"  # name in the URL: the set whose table is open
DEMO: Mapping[str, Any] = {"seed": 0}
_SENT = "_rust_sent"  # the job that this session asked for last


def take_in(where: Mapping[str, str], name: str) -> NoReturn:
    """Bring photographs in; ``where`` names a folder (path) or a zip (archive)."""
    _send("rust-photos", {**where, "name": name}, f"Take in «{name}»")


def analyse(set_id: str, settings: RustSettings) -> NoReturn:
    """Analyse a set as its table and its outlines are now."""
    name = rooms.rust_photos().row(set_id).name
    st.query_params.pop(PHOTOS, None)
    _send("rust", from_set(rooms.workspace(), set_id, settings), f"Rust of «{name}»")


def sample() -> NoReturn:
    """Draw the sample and analyse it."""
    _send("rust-demo", DEMO, "Rusting flanges")


def arrived() -> None:
    """Open what this session asked for once it is there: the table of new photographs, or the new analysis."""
    job = _sent()
    if job is None or job.state != "succeeded" or job.result is None:
        return
    st.session_state.pop(_SENT)
    if job.kind == "rust-photos":
        st.query_params[PHOTOS] = job.result["set_id"]
    else:
        open_analysis(job.result["analysis_id"])


def open_analysis(analysis_id: str) -> None:
    """Show an analysis from its last time on, whatever was looked at before."""
    for name in ("part", "view", "time"):
        st.session_state.pop(name, None)
        st.query_params.pop(name, None)
    st.query_params["analysis"] = analysis_id[:12]


def under_way() -> None:
    """The jobs of this page that wait or run, and why the last one gave no result."""
    job = _sent()
    if job is not None:
        jobs_panel.problem(job)
    jobs_panel.watch(KINDS, key="rust")


def kept(folder: Path) -> dict[str, str]:
    """``where`` for files that were uploaded into ``folder``: a single zip is unpacked."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    if len(files) == 1 and files[0].suffix.lower() == ".zip":
        return {"archive": str(files[0])}
    return {"path": str(folder)}


def _sent() -> Job | None:
    job_id = st.session_state.get(_SENT)
    return rooms.jobs().get(job_id) if job_id else None


def _send(kind: str, spec: Mapping[str, Any], title: str) -> NoReturn:
    st.session_state[_SENT] = rooms.jobs().submit(kind, spec, title=title).job_id
    nav.open_page("rust")
