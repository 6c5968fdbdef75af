"""The verdicts over one batch of new parts: counts, pictures by score, what to take along."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.wording import percent
from core.errors import UserError
from core.jobs.job import Job
from core.ui import blocks, bycategory, nav, rooms, state, words
from core.ui.batch import downloads, foreign, source
from core.ui.inspect import limits, pictures, scored
from core.ui.inspect.scored import Scored
from core.ui.verdicts import LOOKS, Limits, bound

PER_PAGE = 24
ANY = "All"


def show() -> None:
    """The batch that is chosen, at first the newest. Says so where there is none."""
    found = batches()
    if not found:
        st.caption("The verdicts appear here, most anomalous part first.")
        return
    names = {job.id: _called(job) for job in found}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = state.pick("Batch", names, param=foreign.BATCH, default=found[0].id)
        opened = _open(next(job for job in found if job.id == chosen))
        if opened is not None:
            _links(opened)
    if opened is not None:
        _batch(opened)


def batches() -> list[Job]:
    """Checks, and what other models then said of the same parts, where the scores are still there; newest first."""
    ended = [job for job in rooms.jobs().list(active=False, limit=500) if job.result]
    brought = {str((job.result or {}).get("dataset_id")) for job in ended if job.kind == source.KIND}
    told = [
        job
        for job in ended
        if job.kind == source.KIND or (job.kind == foreign.JUDGE and job.spec["dataset_id"] in brought)
    ]
    return [job for job in told if rooms.runs().listed(str((job.result or {}).get("run_id")))]


def _called(job: Job) -> str:
    return f"{job.spec.get('name', job.title)} · {blocks.ago(job.finished_at or job.created_at)}"


def _open(job: Job) -> Scored | None:
    if job.result is None:
        return None
    row = rooms.runs().row(job.result["run_id"])
    return scored.load(row.dataset_id, rooms.models().get(row.model_id), row)


def _links(opened: Scored) -> None:
    st.page_link(
        nav.page("inspect"),
        label="Open in Inspect",
        icon=":material/search:",
        query_params={
            state.DATASET: opened.dataset_id[: state.SHORT],
            state.MODEL: opened.model.id[: state.SHORT],
        },
    )


def _batch(opened: Scored) -> None:
    set_now = limits.of(opened)
    frame = scored.table(opened, set_now, rooms.datasets().said(opened.dataset_id))
    _counts(opened, frame, set_now)
    foreign.show(opened)
    for category in opened.data.categories:
        judged = bycategory.judged_as(opened.calibration, category)
        if judged:
            st.caption(f"«{words.plain(category)}» is {judged}.")
    _left_out(opened)
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.segmented_control(
            "Show", [ANY, *(LOOKS[verdict].word for verdict in reversed(LOOKS))], default=ANY, required=True,
            key="verdict", bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        heat = st.toggle("Heatmap", value=True, key="batch-heat", persist_state="session")
        st.space("stretch")
        downloads.buttons(opened, frame, set_now)
    kept = frame if wanted in (None, ANY) else frame[frame["verdict"] == str(wanted).lower()]
    if kept.empty:
        st.caption(f"No part has the verdict «{wanted}».")
        return
    pages = -(-len(kept) // PER_PAGE)
    slot = st.container(key="batch-gallery")
    page = min(st.pagination(pages, key="batch-page", bind="query-params"), pages) if pages > 1 else 1
    several = len(opened.data.categories) > 1
    with slot, st.grid(6, min_column_width=170):
        for row in kept.iloc[(page - 1) * PER_PAGE : page * PER_PAGE].to_dict("records"):
            _tile(opened, row, heat=heat, product=several)


def _counts(opened: Scored, frame: pd.DataFrame, set_now: Limits) -> None:
    promised = {
        name: f"{bound(opened.calibration).capitalize()} {percent(opened.calibration.promised_rate(limit))} of "
        f"good parts lie above the {name} limit."
        for name, limit in (("review", set_now.review), ("reject", set_now.reject))
    }
    explained = {
        "accept": "Scores up to the review limit.",
        "review": f"A person should look. {promised['review']}",
        "reject": f"Not to be used. {promised['reject']}",
    }
    with st.grid(3, min_column_width=150):
        for verdict in reversed(LOOKS):
            n = int((frame["verdict"] == verdict).sum())
            look = LOOKS[verdict]
            st.metric(
                f":{look.colour}[{look.icon}] {look.word}",
                f"{n:,}",
                border=True,
                delta=f"{percent(n / len(frame), 0)} of {words.count(len(frame), 'part')}",
                delta_color="off",
                delta_arrow="off",
                help=explained[verdict],
            )
    review = f"review above {words.score(set_now.review)}, " if set_now.review < set_now.reject else ""
    moved = " (moved on the Inspect page)" if limits.moved(opened) else ""
    st.caption(
        f"Judged by **{words.plain(opened.model.name)}**: {review}reject above {words.score(set_now.reject)}{moved}."
    )


def _left_out(opened: Scored) -> None:
    """Files that could not be read are named: nobody may take them for good parts."""
    rejected = opened.data.rejected
    if not rejected:
        return
    with st.expander(f"{words.count(len(rejected), 'file')} could not be judged", icon=":material/broken_image:"):
        frame = pd.DataFrame({"File": [file.name for file in rejected], "Reason": [file.reason for file in rejected]})
        st.dataframe(frame, hide_index=True, alt=f"{len(frame)} files without a verdict, with the reason for each")


def _tile(opened: Scored, row: Mapping[Hashable, Any], *, heat: bool, product: bool) -> None:
    """``product``: say which product the part is one of."""
    item, look = opened.data.by_name[row["item"]], LOOKS[row["verdict"]]
    score = words.score(row["score"])
    with st.container(gap="xxsmall"):
        try:
            picture = pictures.tile(opened, item, row["verdict"], heat=heat, dark=blocks.dark())
        except UserError as error:  # one file that is gone must not hide the others
            st.warning(words.plain(error.what), icon=":material/broken_image:")
        else:
            st.image(picture, alt=f"{item.name}: {look.word.lower()}, score {score}", width="stretch")
        st.markdown(f"{look.badge} **{score}**")
        of = f"{words.plain(words.short(item.category))} · " if product else ""
        st.caption(of + words.plain(words.short(item.name)), help=words.plain(item.name))
