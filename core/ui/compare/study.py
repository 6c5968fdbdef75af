"""What takes longer than a page may: resampling, and everything that reads maps. A job, kept by its runs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.detectors.series.calibration import RATE
from core.jobs.tasks.compare import by_hand
from core.store.comparison import Compared, StoredComparison
from core.store.comparisons import ComparisonStore
from core.ui import blocks, jobs_panel, rooms, words
from core.ui.compare.told import Told


def of(told: Told) -> StoredComparison | None:
    """The study of these runs at this rate, with the labels that people had given then where there is none with those
    of now (``other_labels`` tells which). None where it was not made."""
    store = ComparisonStore(rooms.workspace())
    settings = ([run.id for run in told.now.runs], _rate(told), told.evidence.resamples)
    found = store.find(*settings, said=told.now.said.id) or store.with_other_labels(*settings)
    return None if found is None else _kept(found.id, found)


def other_labels(told: Told, study: StoredComparison) -> bool:
    """Whether people have said other things of the images since the study was made."""
    return study.info.said != told.now.said.id


def warn(told: Told, study: StoredComparison) -> None:
    """That the labels have changed since, and the button that makes the study anew; nothing where they have not."""
    if other_labels(told, study):
        st.warning(
            "Labels that people gave, or what they took out, have changed since the heatmaps were read: pixel figures, "
            "AUPIMO and resampled intervals still go by what was said before. All else on this page is up to date.",
            icon=":material/edit_note:",
        )
        ask(told)


def ask(told: Told) -> None:
    """The button that starts it, or the job that it started."""
    spec = _spec(told)
    job = rooms.jobs().find("compare", spec)
    if job is not None and job.active:
        jobs_panel.follow(job.id, key="compare-study")
        return
    if job is not None:
        jobs_panel.problem(job)
    what = "defect by defect" if told.over_images else "by resampling"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(f"Compare {what}", type="primary", icon=":material/analytics:", key="ask-study"):
            title = f"Compare {words.count(len(told.now.runs), 'detector')} on {told.now.dataset.name}"
            rooms.jobs().submit("compare", spec, title=title)
            st.rerun()
        st.caption(
            "Reads every heatmap in the background: who finds more of each defect (AUPIMO), pixel figures, and "
            "intervals by resampling."
            if told.over_images
            else "Resamples blocks of steps in the background: intervals and tests of VUS-PR and the like.",
            width="stretch",
        )


def against(told: Told, study: StoredComparison, figure: str) -> list[Compared]:
    """Every other one against the pinned one by a figure of the study, as «other less pinned», in the order of the
    chips; empty where the study does not have it."""
    pinned = told.now.models[told.now.pinned].id
    turned = {}
    for one in study.info.differences.get(figure, ()):
        if one.second == pinned:
            turned[one.first] = one
        elif one.first == pinned:
            turned[one.second] = swapped(one)
    return [turned[model.id] for model in told.now.models if model.id in turned]


def swapped(one: Compared) -> Compared:
    """The same comparison seen from the other side."""
    return one.model_copy(
        update={
            "first": one.second, "second": one.first, "value": -one.value,
            "ci95": None if one.ci95 is None else (-one.ci95[1], -one.ci95[0]),
            "wins": one.losses, "losses": one.wins,
        }
    )  # fmt: skip


def items(study: StoredComparison) -> pd.DataFrame:
    """A row an image: ``item``, ``mask_share`` and ``aupimo.<model id>``."""
    return _items(study.id, study)


def note(study: StoredComparison) -> str:
    """When it was made and what it remarks, as Markdown."""
    remarks = "".join(f" {words.plain(one)}." for one in study.info.notes)
    return f"Resampled {study.info.resamples:,} times {blocks.ago(study.info.created_at)}.{remarks}"


def _rate(told: Told) -> float:
    """Of images verdicts are resampled; what is resampled of recordings is the same at every limit."""
    return told.now.rate if told.over_images else RATE


def _spec(told: Told) -> dict[str, Any]:
    return {
        "run_ids": sorted(run.id for run in told.now.runs),  # in whichever order they are shown
        "rate": _rate(told),
        "resamples": told.evidence.resamples,
        **by_hand(told.now.said),
    }


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(study_id: str, _study: StoredComparison) -> StoredComparison:
    """One object for all reruns."""
    return _study


@st.cache_resource(max_entries=8, show_spinner=False)
def _items(study_id: str, _study: StoredComparison) -> pd.DataFrame:
    return _study.items()
