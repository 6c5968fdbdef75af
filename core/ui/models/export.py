"""A trained network as a file for other programs: asked for here, written by a job, then there to download."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.jobs.job import Job
from core.store.models import ModelRow
from core.ui import jobs_panel, rooms, words

DETECTORS = frozenset({"series-vae", "usad"})  # those that are networks
FORMATS = {"onnx": "ONNX", "torchscript": "TorchScript"}


def popover(row: ModelRow) -> None:
    """The formats of one model; each is a button until its file is there."""
    if row.detector not in DETECTORS:
        return
    with st.popover("Export", icon=":material/ios_share:", key="export-model"):
        st.markdown(
            "The network with its scaling and calibration inside: raw windows in, score, sensors' parts and surprise "
            "out. The file is compared with the model before you get it."
        )
        machine = _machine(row)
        for name, title in FORMATS.items():
            _format(row, name, title, machine)


def _machine(row: ModelRow) -> str:
    """Whose model, where every machine has one of its own."""
    machines = row.manifest.dataset.categories
    if len(machines) < 2:
        return ""
    return st.selectbox("Machine", machines, key=f"export-machine-{row.id}")


def _format(row: ModelRow, to: str, title: str, machine: str) -> None:
    spec = {"model_id": row.id, "to": to, "machine": machine}
    job = rooms.jobs().find("export", spec)
    if job is not None and job.active:
        jobs_panel.line(job)
        return
    if job is not None and _there(job):
        result = job.result or {}
        path = Path(result["path"])
        st.download_button(
            f"Download {title}",
            lambda: path.open("rb"),  # sent from disk, closed by Streamlit
            f"{row.name}{path.suffix}",
            "application/octet-stream",
            key=f"download-{to}-{row.id}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(
            f"Its outputs differ from the model's by {words.score(result['difference'])} at most, over "
            f"{result['windows']} windows."
        )
        return
    if job is not None:
        jobs_panel.problem(job)
    if st.button(f"Write {title}", key=f"write-{to}-{row.id}", icon=":material/output:"):
        rooms.jobs().submit("export", spec, title=f"{row.name} as {title}")
        st.rerun()


def _there(job: Job) -> bool:
    """Whether the file is still on the server; it is kept for a day."""
    return job.state == "succeeded" and job.result is not None and Path(job.result["path"]).is_file()
