"""The first live picture in one click: the sample pump, three detectors trained on it, its recordings played back."""

from __future__ import annotations

import streamlit as st

from core.datasets.samples import SAMPLES
from core.detectors import registry
from core.jobs.job import Job
from core.live.feed import NotNow
from core.live.spec import checked
from core.ui import jobs_panel, rooms, words
from core.ui.live import room

SAMPLE = SAMPLES["pump"]
DETECTORS = ("series-vae", "kalman", "arima")
SPEED = 100.0  # the pump is read every ten seconds: ten steps a second
WANTED = "live-sample-wanted"


def show() -> None:
    """The button, the trainings under way, or the way to the replay. Where this session asked for it, the replay begins
    by itself."""
    jobs = [rooms.jobs().find("demo", _spec(name)) for name in DETECTORS]
    models = [_model(job) for job in jobs]
    with st.container(border=True, key="live-sample"):
        st.subheader("Watch a pump, live", anchor=False)
        st.markdown(
            f"{SAMPLE.summary} Three detectors learn what is normal, then its test recordings are played back as if "
            "the pump ran now."
        )
        if any(job is not None and job.active for job in jobs):
            jobs_panel.watch(["demo"], key="live-sample")
        elif all(models):
            _ready([model for model in models if model], jobs)
        else:
            for job in jobs:
                if job is not None:
                    jobs_panel.problem(job)
            if st.button("Try it on the sample pump", type="primary", icon=":material/play_arrow:", key="live-try"):
                for name in DETECTORS:
                    title = f"{SAMPLE.title} with {registry.info(name).title}"
                    rooms.jobs().submit("demo", _spec(name), title=title)
                st.session_state[WANTED] = True
                st.rerun()


def _ready(models: list[str], jobs: list[Job | None]) -> None:
    dataset = next(str(job.result["dataset_id"]) for job in jobs if job is not None and job.result)
    clicked = st.button("Play the sample pump", type="primary", icon=":material/play_arrow:", key="live-play")
    if clicked or st.session_state.pop(WANTED, False):
        source = {"kind": "replay", "dataset_id": dataset, "loop": True}
        try:
            room.live().start(checked({"source": source, "models": models, "speed": SPEED}))
        except NotNow as error:  # somebody else was quicker: their feed is the one to watch
            st.toast(words.plain(str(error)))
        st.rerun()


def _spec(detector: str) -> dict[str, object]:
    return {"sample": SAMPLE.name, "seed": 0, "detector": detector}


def _model(job: Job | None) -> str | None:
    """The model that a job has made, if it and its dataset are still there."""
    if job is None or job.state != "succeeded" or job.result is None:
        return None
    there = {row.id for row in rooms.models().list()} | {row.id for row in rooms.datasets().list()}
    return str(job.result["model_id"]) if {job.result["model_id"], job.result["dataset_id"]} <= there else None
