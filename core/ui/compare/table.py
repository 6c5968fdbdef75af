"""All figures of all detectors with intervals, and what each differs by from the pinned one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.compare import figures, tables
from core.compare.figures import Row
from core.datasets.wording import percent
from core.store.comparison import StoredComparison
from core.ui import blocks, words
from core.ui.compare import study as studies
from core.ui.compare.told import Told

PERCENT = frozenset({"recall", "false_alarm_rate", "promised_rate", "far", "mar", "events_found"})
COSTS = frozenset({"fit_seconds", "ms_per_image", "us_per_step", "peak_rss_mib"})
PLAIN = {"delay_median": "{:.0f}"}


def show(told: Told, study: StoredComparison | None) -> None:
    """A row a figure, a column a detector, and guessing beside them."""
    rows = completed(told, study)
    shown = [*rows, *told.evidence.baselines]
    blocks.headed(
        "Figures",
        "Every figure of every detector on what is counted with its 95\u00a0% interval, and below it the difference "
        "to the pinned detector. Beside them what guessing gets.",
        "The best of a row is bold. Two figures differ for sure only where the paired test says so: see the "
        "differences above.",
        "Intervals are DeLong's for the AUROC, Wilson's for shares and the bootstrap's for the rest; a model's own "
        "pages have the bootstrap's for all, which differ a little. F1-max chose its limit on these very data: "
        "hindsight, no promise. Time and memory are those of the machine and moment they were measured at.",
    )
    st.table(_shown(told, rows, shown), border="horizontal", alt=f"Figures of {len(rows)} detectors")
    for row in rows:
        for note in row.notes:
            st.caption(f":material/info: {words.plain(row.name)}: {words.plain(note)}.")
    if study is None and told.over_images and told.has_truth:
        st.caption("Pixel AUROC, AUPRO and AUPIMO come with the comparison defect by defect above.")
    elif study is not None:
        st.caption(studies.note(study))
    st.download_button(
        "CSV", lambda: tables.figures_csv(shown, told.evidence.titles), "comparison.csv", "text/csv", key="figures-csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def completed(told: Told, study: StoredComparison | None) -> list[Row]:
    """The rows with what the study adds: figures that are not known at once, and intervals of those that are."""
    if study is None:
        return told.evidence.rows
    return figures.with_study(told.evidence.rows, study.info, None if told.over_images else told.now.mode)


def known(titles: Mapping[str, str], rows: Sequence[Row]) -> list[str]:
    """The figures that a detector has; what only guessing has is no news."""
    return [name for name in titles if any(row.figures.get(name) is not None for row in rows)]


def _shown(told: Told, rows: Sequence[Row], shown: Sequence[Row]) -> pd.DataFrame:
    titles, names = {**told.evidence.titles, **figures.IN_CELLS}, known(told.evidence.titles, rows)
    pinned = rows[told.now.pinned]
    best = {name: _best(name, rows, told.evidence.lower_is_better) for name in names}
    columns: dict[str, list[str]] = {"Figure": [words.plain(titles[name]) for name in names]}
    for place, row in enumerate(shown):
        beside = place >= len(rows)
        head = words.plain(row.name if beside else f"{told.now.looks[place].sign} {row.name}")
        if place == told.now.pinned:
            head += " :material/keep:"
        reference = None if beside or place == told.now.pinned else pinned
        columns[head] = [_cell(name, row, reference, best=best[name] is row) for name in names]
    return pd.DataFrame(columns).set_index("Figure")


def _cell(name: str, row: Row, pinned: Row | None, *, best: bool) -> str:
    value = row.figures.get(name)
    if value is None:
        return "–"
    text = f"**{form(name, value)}**" if best else form(name, value)
    small = []
    if name in row.ci95:
        small.append(f"{form(name, row.ci95[name][0])} to {form(name, row.ci95[name][1])}")
    reference = pinned.figures.get(name) if pinned else None
    if reference is not None and name not in figures.NO_BEST:
        small.append(_change(name, value, reference))
    return text + "".join(f"  \n:small[:gray[{part}]]" for part in small)


def form(name: str, value: float) -> str:
    """A figure as people read it."""
    if name in PERCENT:
        return percent(value, 1) if value >= 0.01 or not value else percent(value, 2)
    if name == "model_bytes":
        return blocks.size(value)
    return words.amount(value) if name in COSTS else PLAIN.get(name, "{:.3f}").format(value)


def _change(name: str, value: float, reference: float) -> str:
    """The difference to the pinned one: points of percent, the factor of a cost, or the plain difference."""
    if name in PERCENT:
        return f"{100 * (value - reference):+.1f} points"
    if name in COSTS or name == "model_bytes":
        return f"× {words.amount(value / reference)}" if reference else "–"
    return f"{value - reference:+.0f}" if name in PLAIN else f"{value - reference:+.3f}"


def _best(name: str, rows: Sequence[Row], lower: frozenset[str]) -> Row | None:
    """The detector with the best value; None where a tie, a wish or a single value leaves nothing to praise."""
    able = [row for row in rows if row.figures.get(name) is not None]
    if name in figures.NO_BEST or len(able) < 2:
        return None
    sign = 1 if name in lower else -1
    ranked = sorted(able, key=lambda row: sign * (row.figures[name] or 0.0))
    return None if ranked[0].figures[name] == ranked[1].figures[name] else ranked[0]
