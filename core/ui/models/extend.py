"""Add images to a model: asked for here, done by a job; and what a model that came of it forgot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
import streamlit as st

from core.charts import forgetting as charts
from core.datasets.wording import percent
from core.store.models import ModelRow
from core.ui import blocks, errors, jobs_panel, rooms, state, words
from core.ui.labels import labels
from core.ui.models import table

if TYPE_CHECKING:
    from core.continual.forgetting import Counted, Forgetting

Which = Literal["good", "all"]
KIND = "extend"
DETECTORS = frozenset({"patchcore"})
WHICH: dict[Which, str] = {
    "good": "Good training images, and those you called good",
    "all": "All that nobody called bad",
}
PARTS = {
    "old held-out": "Old, kept from learning",
    "new held-out": "New, kept from learning",
    "old good": "Old test, good",
    "old bad": "Old test, bad",
}


def popover(row: ModelRow) -> None:
    """Which images to add, and the button that starts it."""
    if row.detector not in DETECTORS:
        return
    with st.popover("Add images", icon=":material/add_photo_alternate:", key="extend-model"), errors.shown():
        st.markdown(
            "The model takes in new good images under the memory it has, without learning the old ones again. Another "
            "model comes of it; this one stays. Afterwards you see what was forgotten."
        )
        others = {
            one.id: one.name for one in rooms.datasets().list() if one.modality == "image" and one.id != row.dataset_id
        }
        known = labels({row.dataset_id: row.manifest.dataset.name} | others)
        chosen = st.selectbox(
            "Images of", list(known), index=min(1, len(known) - 1), format_func=known.__getitem__,
            key=f"extend-data-{row.id}",
        )  # fmt: skip
        which = st.radio("Which", list(WHICH), format_func=WHICH.__getitem__, key=f"extend-which-{row.id}")
        if st.button("Add them", type="primary", icon=":material/add:", key=f"extend-{row.id}"):
            from core.jobs.tasks.extend import from_dataset

            spec = from_dataset(rooms.workspace(), row.id, chosen, which)
            title = f"Add images of «{known[chosen]}» to {row.name}"
            st.session_state[f"_extend-{row.id}"] = rooms.jobs().submit(KIND, spec, title=title).job_id
            st.rerun()


def under_way(row: ModelRow) -> None:
    """The job that this session asked for, or why it gave no model."""
    sent = st.session_state.get(f"_extend-{row.id}")
    if sent is None:
        return
    job = rooms.jobs().get(sent)
    if job.active:
        jobs_panel.follow(job.id, key="extend")
    elif job.state == "succeeded" and job.result is not None:
        st.session_state.pop(f"_extend-{row.id}")
        state.choose(model_id=str(job.result["model_id"]))
        table.reset()
        st.rerun()
    else:
        jobs_panel.problem(job)


def forgot(row: ModelRow) -> None:
    """What a model that took in images forgot, and the way back to its parent. Nothing for other models."""
    from core.store.continuedmodel import continuation, read_forgetting

    with errors.shown():
        said = continuation(row.manifest)
        if said is None:
            return
        found = read_forgetting(rooms.models().folder(row.id))
        with st.container(border=True, key="forgot"):
            blocks.headed(
                "What it forgot",
                "The same images judged by the parent and by this model, each at its own limit for "
                f"{percent(found.rate)} false alarms. Neither has learned from any of them.",
                "False alarms on old good images should not rise, recall of old defects should not fall; false alarms "
                "on new good images should fall: that is what they were added for.",
                "Images kept from learning set the limits: their share of alarms is about what is promised, by "
                "construction. Of the old test images a bounded sample is judged.",
            )
            st.markdown(
                f"«{words.plain(said.parent_name)}» took in **{words.count(said.taken_in, 'image')}** of "
                f"«{words.plain(said.added)}»"
                + (
                    f"; {said.held_out} more are kept apart to calibrate it"
                    if said.held_out
                    else "; five models without a fold of the images calibrate it"
                )
                + f". Of {said.rows_before:,} patches remembered {said.rows_kept:,} stayed, {said.rows_added:,} came."
            )
            _figures(found)
            _back(row, said.parent, said.parent_name)


def _figures(found: Forgetting) -> None:
    counts = found.counts()
    then, now = found.aurocs()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.dataframe(frame(counts), hide_index=True, key="forgot-table")
        if then is not None and now is not None:
            st.caption(f"Image AUROC on the old test images: {then:.3f} before, {now:.3f} after.")
    with right:
        figure = charts.before_and_after(
            [(PARTS[part], [one for one in found.judged if one.part == part]) for part in PARTS],
            found.limit_before, found.limit_after,
        )  # fmt: skip
        alt = "; ".join(f"{_called(one)}: {one.before} of {one.n} alarms before, {one.after} after" for one in counts)
        blocks.plot(figure, key="forgot-scores", alt=alt)


def frame(counts: list[Counted]) -> pd.DataFrame:
    """One line a group of images: alarms before and after, with 95 % intervals."""
    return pd.DataFrame(
        [
            {
                "Images": _called(one),
                "n": one.n,
                "Alarms before": _share(one.before, one.n, one.before_ci),
                "after": _share(one.after, one.n, one.after_ci),
                "Change": f"{100 * (one.after - one.before) / one.n:+.1f} points",
            }
            for one in counts
        ]
    )


def _called(one: Counted) -> str:
    return f"{PARTS[one.part]}: {one.defect}" if one.defect else PARTS[one.part]


def _share(hits: int, n: int, ends: tuple[float, float]) -> str:
    return f"{percent(hits / n, 1)} ({percent(ends[0], 1)} to {percent(ends[1], 1)})"


def _back(row: ModelRow, parent: str, name: str) -> None:
    known = {one.id for one in rooms.models().list()}
    if parent not in known:
        st.caption(f"Its parent «{words.plain(name)}» is not in this workspace any more.")
        return
    if st.button(
        f"Go back to «{words.plain(name)}»", icon=":material/undo:", key="forgot-back",
        help="Takes this model out of the lists and makes its parent the current one. It can be brought back below.",
    ):  # fmt: skip
        rooms.models().remove(row.id)
        state.choose(model_id=parent)
        table.reset()
        st.rerun()
