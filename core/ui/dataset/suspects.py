"""Training images that do not look like the others, to be excluded before a detector learns them as normal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.datasets.wording import verb
from core.store.datasets import DatasetRow
from core.ui import blocks, jobs_panel, rooms, thumbs
from core.ui.dataset import excluding

SHOWN = 16


def show(row: DatasetRow) -> None:
    """Start the search, watch it, and decide on what it found."""
    if row.n_train == 0:
        st.caption("There is no training image to look through.")
        return
    spec = {"dataset_id": row.id}
    job = rooms.jobs().find("suspects", spec)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Every good training image is compared with all the others. One that stands out may be a defect that "
            "slipped in; a detector would learn it as normal.",
            width="stretch",
        )
        blocks.chart_help(
            "A leave-one-out score: how far an image is from all other good ones.",
            "Look at the first few. Exclude what you would not ship.",
            "An unusual image is not always a bad one. Rare but good variants belong in the training set.",
        )
    if job is not None and job.active:
        jobs_panel.watch(["suspects"], key="suspects")
        return
    if job is None or job.result is None or not Path(job.result["path"]).is_file():
        if job is not None:
            jobs_panel.problem(job)
        if st.button("Look for suspicious images", type="primary", icon=":material/troubleshoot:", key="find-suspects"):
            rooms.jobs().submit("suspects", spec, title=f"Suspicious images in {row.name}")
            st.rerun()
        return
    _result(row, pd.read_parquet(job.result["path"]))


def _result(row: DatasetRow, frame: pd.DataFrame) -> None:
    data = rooms.datasets().get(row.id)
    excluded = rooms.datasets().excluded(row.id)
    odd = list(frame.loc[frame["suspicious"], "item"])
    new = [name for name in odd if name not in excluded]
    with st.container(horizontal=True, vertical_alignment="center"):
        if odd:
            st.markdown(
                f"**{len(odd)}** of {len(frame):,} {verb(len(odd), 'stands', 'stand')} far from the rest.",
                width="stretch",
            )
        else:
            st.markdown(
                f":green[:material/check_circle:] None of {len(frame):,} stands far from the rest. "
                "The least usual ones:",
                width="stretch",
            )
        if new and st.button(all_of("Exclude", len(new)), key="exclude-all", icon=":material/block:"):
            rooms.datasets().set_excluded(row.id, new, True)
            st.rerun()
        if excluded and st.button(
            f"{all_of('Include', len(excluded))} again", key="include-all", icon=":material/undo:"
        ):
            rooms.datasets().set_excluded(row.id, excluded, False)
            st.rerun()
    first = [*frame["item"].head(SHOWN), *(name for name in sorted(excluded) if name not in set(frame["item"][:SHOWN]))]
    scores = dict(zip(frame["item"], frame["score"], strict=True))
    with st.grid(8, min_column_width=130, gap="small"):
        for name in first:
            with st.container(gap="xxsmall"):
                thumbs.show(data.by_name[name], name)
                flag = ":yellow[:material/warning: stands out]" if name in odd else "usual"
                st.caption(f"{scores[name]:.3g} · {flag}" if name in scores else flag)
                excluding.switch(row.id, name, excluded, place="use")


def all_of(action: str, n: int) -> str:
    """What a button does to all of them: ``Exclude it``, ``Exclude all 3``."""
    return f"{action} it" if n == 1 else f"{action} all {n}"
