"""The dataset at a glance: counts, and whether it is fit to train on."""

from __future__ import annotations

import streamlit as st

from core.charts.counts import split_counts
from core.datasets.checks import Summary, summary
from core.datasets.wording import such_as, verb
from core.store.datasets import DatasetRow
from core.ui import blocks, rooms, words


def show(row: DatasetRow) -> None:
    """Key figures, the chart of splits and classes, and what a person should know before training."""
    excluded = rooms.datasets().excluded(row.id)
    found = of(row.id, excluded)
    _figures(row, found, len(excluded))
    left, right = st.columns([3, 2], gap="large")
    with left:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Images by split and class", anchor=False, width="stretch")
            blocks.chart_help(
                "How many images each class has in the training and in the test part.",
                "Good training images are what a detector learns from; test images tell how well it works.",
                "Labels come from folder names. Nobody has checked them image by image.",
            )
        rows: list[tuple[str, str, int]] = [(c.split, c.defect or c.label or "no label", c.n) for c in found.counts]
        blocks.plot(split_counts(_merged(rows)), key="counts", alt=_in_words(found))
    with right:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Fit to train on?", anchor=False, width="stretch")
            blocks.chart_help(
                "What speaks against training on this dataset: too few good images, copies, leakage, missing masks.",
                "Leakage and contradictions should be mended first. The rest only limits what can be measured.",
                "Copies are told by their bytes; two photographs of the same part are not noticed.",
            )
        _fitness(row, found, len(excluded))


@st.cache_data(max_entries=8, show_spinner="Looking through the dataset…")
def of(dataset_id: str, excluded: frozenset[str]) -> Summary:
    """The summary of a dataset, whose content never changes under one id, less what somebody left out of training."""
    return summary(rooms.datasets().get(dataset_id), excluded)


@st.cache_data(max_entries=8, ttl=120, show_spinner="Looking whether the files are still the same…")
def _changed(dataset_id: str) -> list[str]:
    return rooms.datasets().changed_files(dataset_id)


def _figures(row: DatasetRow, found: Summary, n_excluded: int) -> None:
    def total(split: str, *labels: str | None) -> int:
        return sum(count.n for count in found.counts if count.split == split and count.label in labels)

    learn = total("train", "good", None) - n_excluded
    with st.grid(6, min_column_width=140):
        st.metric("Images", f"{row.n_items:,}", border=True)
        st.metric("To learn from", f"{learn:,}", border=True, help="Training images, less bad and excluded ones")
        st.metric("Test, good", f"{total('test', 'good'):,}", border=True)
        st.metric("Test, anomalous", f"{total('test', 'bad'):,}", border=True)
        st.metric("With a mask", f"{row.n_masks:,}", border=True, help="Bad images whose defect is outlined")
        st.metric("Left out", f"{row.n_rejected:,}", border=True, help="Files that could not be read; reasons below")


def _fitness(row: DatasetRow, found: Summary, n_excluded: int) -> None:
    if not found.warnings:
        st.markdown(":green[:material/check_circle:] Nothing stands in the way of training.")
    for sentence in found.warnings:
        st.markdown(f":yellow[:material/warning:] {words.plain(sentence)}")
    changed = _changed(row.id)
    if changed:
        st.markdown(
            f":yellow[:material/warning:] {words.count(len(changed), 'file')} {verb(len(changed), 'was', 'were')} "
            f"changed or moved since the dataset was read {words.plain(such_as(changed))}. Add the folder again to "
            "read it anew."
        )
    st.markdown(f":gray[:material/straighten:] {_sizes([size for size, _ in found.sizes])}")
    if found.recommended_more:
        st.progress(
            _share(found, n_excluded), text=f"{words.count(found.recommended_more, 'more good image')} recommended"
        )


def _sizes(sizes: list[tuple[int, int]]) -> str:
    """All sizes in one sentence."""
    if len(sizes) == 1:
        return f"All images are {sizes[0][0]} × {sizes[0][1]} pixels."
    (narrow, wide), (low, high) = ((min(sides), max(sides)) for sides in zip(*sizes, strict=True))
    return f"{len(sizes):,} sizes, {narrow} to {wide} pixels wide and {low} to {high} high."


def _share(found: Summary, n_excluded: int) -> float:
    have = sum(count.n for count in found.counts if count.split == "train" and count.label != "bad") - n_excluded
    return have / (have + found.recommended_more)


def _merged(rows: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """One row for each split and class, over all categories."""
    totals: dict[tuple[str, str], int] = {}
    for split, name, n in rows:
        totals[split, name] = totals.get((split, name), 0) + n
    return [(split, name, n) for (split, name), n in totals.items()]


def _in_words(found: Summary) -> str:
    return "Images: " + ", ".join(f"{c.n} {c.defect or c.label or 'without label'} in {c.split}" for c in found.counts)
