"""A batch that the model can hardly have been meant for: said in one sentence, with the ways to another judge."""

from __future__ import annotations

import streamlit as st

from core.datasets.wording import count
from core.ui import jobs_panel, nav, rooms, state, words
from core.ui.inspect.scored import Scored
from core.ui.labels import detector, labels, modality

BATCH = "batch"  # name in the URL
JUDGE = "score"  # the job that lets another model judge parts that are here already
NEARLY_ALL = 0.9  # share of a batch
FEWEST = 3  # parts: one or two may all be bad


def found(opened: Scored) -> int:
    """How many parts lie far beyond everything calibrated, where these are nearly all of a batch; otherwise 0."""
    far = int(opened.calibration.far_beyond(opened.scores["score"]).sum())
    return far if len(opened.scores) >= FEWEST and far >= NEARLY_ALL * len(opened.scores) else 0


def show(opened: Scored) -> None:
    """Nothing for a batch like those that the model knows."""
    far = found(opened)
    if not far:
        return
    of = "All" if far == len(opened.scores) else f"{far:,} of"
    with st.container(border=True, key="foreign"):
        st.markdown(
            f":yellow[:material/warning:] **Is this the right model?** {of} {count(len(opened.scores), 'part')} lie "
            f"far beyond every good part that **{words.plain(opened.model.name)}** was calibrated on: either nearly "
            "all of them are bad, or they are not the parts that it learned from."
        )
        judged = {row.model_id for row in rooms.runs().list(opened.dataset_id)}
        others = [row for row in rooms.models().list() if row.id not in judged and modality(row.detector) == "image"]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if others:
                names = labels({row.id: f"{row.name} · {detector(row.detector)}" for row in others})
                chosen = st.selectbox(
                    "Another model", names, format_func=names.__getitem__, key="foreign-model", width=420
                )
                spec = {"model_id": chosen, "dataset_id": opened.dataset_id}
                title = f"{rooms.models().get(chosen).name} judges {opened.data.name}"
                st.button(
                    "Let it judge them", icon=":material/play_arrow:", key="foreign-judge", on_click=_judge,
                    args=(spec, title),
                )  # fmt: skip
            if st.button(
                "Train one on good parts like these", icon=":material/add_photo_alternate:", key="foreign-train"
            ):
                nav.open_page("data", {"add": "Images"})
        if others:
            _under_way(spec)


def _under_way(spec: dict[str, str]) -> None:
    job = rooms.jobs().find(JUDGE, spec)
    if job is not None and job.active:
        jobs_panel.follow(job.id, key="foreign")
    elif job is not None:
        jobs_panel.problem(job)


def _judge(spec: dict[str, str], title: str) -> None:
    """Ask for it; from now on the other model is the current one, and its verdicts are shown as soon as they are
    there."""
    rooms.jobs().submit(JUDGE, spec, title=title)
    state.choose(model_id=spec["model_id"])
    st.query_params.pop(BATCH, None)
