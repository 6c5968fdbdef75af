"""Runs to an MLflow server: how to name one, or the button that sends what the table shows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.compare.mlflow_export import installed, without_secrets
from core.settings import settings
from core.ui import blocks, jobs_panel, rooms, words
from core.ui.compare.runrows import Line

EXPERIMENT = "Faultline"


def show(shown: Sequence[Line], chosen: Sequence[Line]) -> None:
    """Folded away; the selected runs are sent, or all that the table shows."""
    with st.expander("Send to MLflow", icon=":material/cloud_upload:", key="mlflow"):
        uri = settings().mlflow_tracking_uri
        if uri is None or not installed():
            _how(uri)
            return
        meant = list(chosen) or list(shown)
        st.markdown(
            f"Server: `{without_secrets(uri)}`. Settings, figures with intervals, tags, notes, manifests, evaluations "
            "and a report that compares the runs go there; a run that was sent before is brought up to date."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            experiment = st.text_input("Experiment", EXPERIMENT, key="mlflow-experiment", max_chars=250, width=260)
            spec = {"run_ids": sorted(line.run.id for line in meant), "experiment": experiment.strip()}
            if st.button(
                f"Send {words.count(len(meant), 'run')}", icon=":material/cloud_upload:", key="mlflow-send",
                disabled=not (meant and experiment.strip()),
            ):  # fmt: skip
                rooms.jobs().submit("tracking", spec, title=f"Send {words.count(len(meant), 'run')} to MLflow")
                st.rerun()
        _last()


def _how(uri: str | None) -> None:
    """What has to be done once, by whoever starts the server."""
    steps = []
    if not installed():
        steps.append("install its client beside Faultline: `pip install mlflow-skinny`")
    if uri is None:
        steps.append(
            "set `MLFLOW_TRACKING_URI` to the address of a server, such as `http://127.0.0.1:5000`, or to "
            "`sqlite:////folder/mlflow.db` where the whole of `mlflow` is installed"
        )
    st.markdown(
        f"Runs can be sent to an MLflow server: {'; '.join(steps)}; then start Faultline again. From a script: "
        "`python -m core mlflow --uri ADDRESS`."
    )


def _last() -> None:
    """What became of the last sending."""
    job = next((one for one in rooms.jobs().list() if one.kind == "tracking"), None)
    if job is None:
        return
    if job.active:
        jobs_panel.follow(job.id, key="mlflow")
        return
    jobs_panel.problem(job)
    if job.state == "succeeded" and job.result:
        names = ", ".join(words.plain(one["name"]) for one in job.result["sent"])
        st.success(
            f"Sent {blocks.ago(job.finished_at or job.created_at)} to `{job.result['uri']}`: {names}.",
            icon=":material/check:",
        )
