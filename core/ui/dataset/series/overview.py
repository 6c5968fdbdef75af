"""Recordings at a glance: what misleads in them, counts, and whether they are fit to train on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from core.charts.series import coverage
from core.datasets.series import SeriesSet
from core.datasets.series_checks import SeriesSummary
from core.datasets.wording import percent
from core.store.datasets import DatasetRow
from core.ui import blocks, rooms, words
from core.ui.dataset.series import facts
from core.ui.train import recordings

NOTES = 5  # shown at once
BARS = 12  # recordings in the chart
KINDS = {
    "series": "Readings over time",
    "rows": "Independent readings: no time runs from one to the next",
    "waveform": "A raw vibration signal, cut into frames before it is judged",
    "sound": "A raw sound signal, cut into frames before it is judged",
}


def show(row: DatasetRow) -> None:
    """What to know first, key figures, the chart of all recordings, and what speaks against training."""
    data, found = rooms.datasets().series(row.id), facts.of(row.id)
    _notes(data)
    _figures(row, data, found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        blocks.headed(
            "Recordings",
            "Every recording along its steps: what detectors learn from, what is kept for the test, and what is "
            "labelled anomalous.",
            "Solid blue is learned from. Hatched blue tells the false alarms of a detector, crossed vermillion what it "
            "finds. Of the dotted grey nobody said whether it is normal.",
            "Labels come with the data. Nobody has checked them step by step.",
        )
        _chart(row)
    with right:
        blocks.headed(
            "Fit to train on?",
            "What speaks against training on this dataset: too few normal steps, silent sensors, gaps, leakage.",
            "Leakage should be mended first. The rest only limits what can be promised or measured.",
            "Leakage is told by readings that are the same; a second sensor on the same machine is not noticed.",
        )
        _fitness(row, data, found)


def _notes(data: SeriesSet) -> None:
    """What the reader assumed and what misleads, before any figure."""
    if not data.notes:
        return
    with st.container(border=True, key="dataset-notes", gap="small"):
        st.markdown("**:material/info: Know before you trust a figure**")
        st.markdown(_list(data.notes[:NOTES]))
        if more := data.notes[NOTES:]:
            with st.expander(words.count(len(more), "more note")):
                st.markdown(_list(more))


def _list(notes: Sequence[str]) -> str:
    return "\n".join(f"- {words.plain(note)}" for note in notes)


def _figures(row: DatasetRow, data: SeriesSet, found: SeriesSummary) -> None:
    train, test = found.counts
    events = train.n_events + test.n_events
    known = train.n_normal + train.n_anomalous + test.n_normal + test.n_anomalous
    with st.grid(6, min_column_width=140):
        st.metric("Machines", f"{len(data.machines):,}", border=True, help=f"In {row.n_items:,} recordings")
        st.metric("Steps", f"{row.n_steps:,}", border=True, help=KINDS[data.kind])
        st.metric(
            "Sensors",
            f"{len(data.signals):,}",
            border=True,
            help=f"Beside them {words.count(len(data.conditions), 'operating condition')}, which are never judged",
        )
        st.metric(
            "Steps to learn from",
            f"{recordings.of(row.id).steps:,}",
            border=True,
            help="Of training recordings: not labelled anomalous and, where only a first part stands for normal, in it",
        )
        st.metric(
            "Test, normal",
            f"{test.n_normal:,}" if known else "–",
            border=True,
            help="Steps that are labelled normal or stand for it; they tell the rate of false alarms",
        )
        if test.n_failures and not events:
            st.metric("Test, failures", f"{test.n_failures:,}", border=True, help="Recordings that end in a failure")
        else:
            st.metric(
                "Labelled anomalous",
                f"{train.n_anomalous + test.n_anomalous:,}",
                border=True,
                help=f"Steps, in {words.count(events, 'event')}; of "
                f"{train.n_events_with_sensors + test.n_events_with_sensors} the sensors at fault are known",
            )


def _chart(row: DatasetRow) -> None:
    found = facts.stretches(row.id)
    names = list(found)
    pages = -(-len(names) // BARS)
    slot = st.container()
    page = min(st.pagination(pages, key="bars", bind="query-params"), pages) if pages > 1 else 1
    shown = names[(page - 1) * BARS : page * BARS]
    with slot:
        figure = coverage([stretch for name in shown for stretch in found[name]])
        blocks.plot(figure, key="coverage", alt=f"{len(shown)} of {len(names)} recordings with what is known of them")


def _fitness(row: DatasetRow, data: SeriesSet, found: SeriesSummary) -> None:
    if not found.warnings:
        st.markdown(":green[:material/check_circle:] Nothing stands in the way of training.")
    for sentence in found.warnings:
        st.markdown(f":yellow[:material/warning:] {words.plain(sentence)}")
    st.markdown(f":gray[:material/schedule:] {words.plain(_sampling(data, found))}")
    st.markdown(f":gray[:material/straighten:] {words.plain(_span(row, data))}")
    scope = "All machines are of one kind: one model can serve all of them."
    if not data.fleet:
        scope = "The machines differ: each usually gets a model of its own."
    if len(data.machines) > 1:
        st.markdown(f":gray[:material/account_tree:] {scope}")


def _sampling(data: SeriesSet, found: SeriesSummary) -> str:
    if data.kind == "rows":
        return "Rows without time."
    if data.rate and data.kind in ("waveform", "sound"):
        return f"{data.rate:,.0f} samples per second."
    if data.time_unit == "step":
        return "Readings without a time of their own: steps are counted."
    median, longest_gap = found.sampling.median, found.sampling.longest
    if median is None or longest_gap is None:
        return "Too short to tell how often it was read."
    every = f"One reading every {_time(median, data.time_unit)}"
    if longest_gap <= 1.5 * median:
        return f"{every}, without gaps."
    return (
        f"{every} at the median; {percent(found.sampling.gaps)} of the pauses are more than half longer, the "
        f"longest is {_time(longest_gap, data.time_unit)}."
    )


def _span(row: DatasetRow, data: SeriesSet) -> str:
    first, last = facts.span(row.id)
    if data.time_unit == "epoch":
        begin, end = (datetime.fromtimestamp(time, UTC) for time in (first, last))
        return f"From {begin:%d %b %Y, %H:%M} to {end:%d %b %Y, %H:%M} UTC."
    lengths = [len(unit) for unit in data.units]
    if min(lengths) == max(lengths):
        return f"Every recording has {lengths[0]:,} steps."
    return f"Recordings of {min(lengths):,} to {max(lengths):,} steps."


def _time(value: float, unit: str) -> str:
    """A pause in words: ``0.5 s``, ``10 min``, ``1 cycle``."""
    if unit in ("epoch", "s"):
        return blocks.duration(value) if value >= 60 else f"{value:.3g} s"
    return f"{value:g} {unit if value == 1 else unit + 's'}"
