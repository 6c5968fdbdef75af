"""The lower half of the Data page: single images, suspicious ones, files left out, copies."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.charts.csvtable import to_csv
from core.datasets.types import ImageItem
from core.store.datasets import DatasetRow
from core.ui import rooms, thumbs, words
from core.ui.dataset import closer, overview, suspects

PAGE = 32  # thumbnails
ANY = "All"


def show(row: DatasetRow) -> None:
    """A choice of lists; only the chosen one is drawn."""
    lists = {"Images": _images, "Suspicious": suspects.show, "Left out": _rejected, "Copies": _copies}
    chosen = st.segmented_control(
        "Show", list(lists), default="Images", required=True, key="section", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    lists[chosen](row)


def _images(row: DatasetRow) -> None:
    items = rooms.datasets().get(row.id).items
    excluded = rooms.datasets().excluded(row.id)
    kept = _filtered(items)
    if not kept:
        st.caption("No image matches. Choose other filters.")
        return
    pages = -(-len(kept) // PAGE)
    with st.container(key="data-gallery"):
        slot = st.container()
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(f"{len(kept):,} of {len(items):,} images")
            page = st.pagination(pages, key="p", bind="query-params") if pages > 1 else 1
    several = len({item.category for item in kept}) > 1  # files of different products often share their names
    with slot, st.grid(8, min_column_width=120, gap="small"):
        for item in kept[(min(page, pages) - 1) * PAGE : min(page, pages) * PAGE]:
            with st.container(gap="xxsmall"):
                thumbs.show(item, f"{item.name}, {item.defect or item.label or 'no label'}")
                mark = ":material/block: excluded" if item.name in excluded else caption(item)
                st.caption(f"{mark}  \n{words.plain(words.short(item.category, 20))}" if several else mark)
                if st.button(
                    words.plain(words.short(item.name, 18)), key=f"closer-{item.name}", type="tertiary",
                    icon=":material/zoom_in:", help=f"Look closer: {words.plain(item.name)}",
                ):  # fmt: skip
                    closer.show(row, item)


def caption(item: ImageItem) -> str:
    """Class and split of an item in a few words; anomalous ones carry their colour and sign."""
    name = words.plain(item.defect or item.label or "no label")
    return f":orange[▲ {name}]" if item.label == "bad" else f"{name} · {item.split}"


def _filtered(items: tuple[ImageItem, ...]) -> list[ImageItem]:
    """The items that pass the filters, which are drawn here."""
    classes = sorted({item.defect or item.label or "no label" for item in items})
    categories = sorted({item.category for item in items})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        split = st.selectbox("Split", [ANY, "train", "test"], key="split", bind="query-params", width=130)
        wanted = st.selectbox("Class", [ANY, *classes], key="class", bind="query-params", width=200)
        category = ANY
        if len(categories) > 1:
            category = st.selectbox("Category", [ANY, *categories], key="category", bind="query-params", width=200)
        text = st.text_input(
            "Name contains",
            key="q",
            bind="query-params",
            width=240,
            icon=":material/search:",
            placeholder="Part of a name",
        ).casefold()
    return [
        item
        for item in items
        if split in (ANY, item.split)
        and wanted in (ANY, item.defect or item.label or "no label")
        and category in (ANY, item.category)
        and text in item.name.casefold()
    ]


def _rejected(row: DatasetRow) -> None:
    rejected = rooms.datasets().get(row.id).rejected
    notes = rooms.datasets().get(row.id).notes
    for note in notes:
        st.caption(words.plain(note))
    if not rejected:
        st.markdown(":green[:material/check_circle:] Every file was read.")
        return
    frame = pd.DataFrame({"File": [file.name for file in rejected], "Reason": [file.reason for file in rejected]})
    st.dataframe(frame, hide_index=True, alt=f"{len(frame)} files that were left out, with the reason for each")
    st.download_button(
        "Download as CSV", to_csv(list(frame), frame.itertuples(index=False)), f"{row.name}-left-out.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _copies(row: DatasetRow) -> None:
    found = overview.of(row.id, rooms.datasets().excluded(row.id))
    if not found.duplicates:
        st.markdown(":green[:material/check_circle:] No two files have the same bytes.")
        return
    leaked, clashing = {test for _, test in found.leaks}, {bad for _, bad in found.conflicts}
    data = rooms.datasets().get(row.id)
    rows = []
    for group in found.duplicates:
        first = min(group, key=lambda name: _rank(data.by_name[name]))
        problems = {name: _problem(name, leaked, clashing) for name in group if name != first}
        rows += [{"File": name, "Same as": first, "Problem": problem} for name, problem in problems.items()]
    frame = pd.DataFrame(rows)
    st.dataframe(frame, hide_index=True, alt=f"{len(frame)} files that are copies of others")
    st.download_button(
        "Download as CSV", to_csv(list(frame), frame.itertuples(index=False)), f"{row.name}-copies.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _rank(item: ImageItem) -> tuple[bool, bool, str]:
    """Good training images first: the others are named as their copies."""
    return item.split != "train", item.label == "bad", item.name


def _problem(name: str, leaked: set[str], clashing: set[str]) -> str:
    if name in leaked:
        return "leakage: also in the training set"
    return "labelled both good and bad" if name in clashing else "copy"
