"""What must be there before parts can be inspected, and the button that brings what is missing."""

from __future__ import annotations

import streamlit as st

from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.ui import blocks, gates, jobs_panel, rooms, state, words
from core.ui.inspect import scored


def opened() -> scored.Scored | None:
    """The run of the current model over the current dataset; None while something is missing: the page says what."""
    dataset, model = gates.image_dataset(), state.model()
    if dataset is None:
        return None
    if model is None:
        gates.untrained(
            dataset, f"A detector has to learn the good parts of «{words.plain(dataset.name)}» first.", key="inspect"
        )
        return None
    row = next((row for row in rooms.runs().list(dataset.id) if row.model_id == model.id), None)
    if row is None:
        _score(dataset, model)
        return None
    return scored.load(dataset.id, model, row)


def _score(dataset: DatasetRow, model: ModelRow) -> None:
    """The button that starts scoring, or the job that it started."""
    spec = {"model_id": model.id, "dataset_id": dataset.id}
    job = rooms.jobs().find("score", spec)
    if job is not None and job.active:
        st.subheader(f"«{words.plain(model.name)}» scores «{words.plain(dataset.name)}»", anchor=False)
        jobs_panel.watch(["score"], key="inspect")
        return
    if job is not None:
        jobs_panel.problem(job)
    n_images = dataset.n_test or dataset.n_items
    if blocks.empty_state(
        "Not scored yet",
        f"«{words.plain(model.name)}» has not looked at «{words.plain(dataset.name)}» so far.",
        f"Score {words.count(n_images, 'image')}",
        key="inspect-score",
        icon=":material/search:",
    ):
        rooms.jobs().submit("score", spec, title=f"{model.name} scores {dataset.name}")
        st.rerun()
