"""All figures of all detectors with intervals, and what each differs by from the pinned one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.charts.csvtable import to_csv
from core.compare import figures
from core.compare.figures import Row
from core.ui import blocks, words
from core.ui.compare import compared
from core.ui.compare.compared import Compared

PERCENT = frozenset({"recall", "false_alarm_rate", "promised_rate"})
COSTS = {"fit_seconds": "{:.1f}", "ms_per_image": "{:.3g}", "peak_rss_mib": "{:,.0f}"}


def show(found: Compared) -> None:
    """A row a figure, a column a detector, and guessing beside them."""
    rows = [*compared.rows(found), compared.guessing(found)]
    blocks.headed(
        "Figures",
        "Every figure of every detector on the counted images with its 95 % interval, and below it the difference to "
        "the pinned detector. The last column is what guessing gets.",
        "The best of a row is bold. Two figures differ for sure only where the paired test says so: see the "
        "differences above.",
        "F1-max chose its limit on these very images: hindsight, no promise. Time and memory are those of the machine "
        "and moment they were measured at.",
    )
    st.table(_shown(found, rows), border="horizontal", alt=f"Figures of {len(found.now.runs)} detectors")
    for row in rows:
        for note in row.notes:
            st.caption(f":material/info: {words.plain(row.name)}: {words.plain(note)}.")
    st.download_button(
        "CSV", lambda: csv(rows), "comparison.csv", "text/csv", key="figures-csv", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


def known(rows: Sequence[Row]) -> list[str]:
    """The figures that a detector has."""
    return [name for name in figures.TITLES if any(row.figures.get(name) is not None for row in rows)]


def csv(rows: Sequence[Row]) -> bytes:
    """A line a detector, with the ends of every interval."""
    names = known(rows)
    head = ["model", "model_id", "detector"]
    for name in names:
        head += [name, f"{name}_low", f"{name}_high"]
    lines = []
    for row in rows:
        line: list[object] = [row.name, row.model_id, row.detector]
        for name in names:
            low, high = row.ci95.get(name, (None, None))
            line += [row.figures.get(name), low, high]
        lines.append(line)
    return to_csv(head, lines)


def _shown(found: Compared, rows: Sequence[Row]) -> pd.DataFrame:
    pinned = rows[found.now.pinned]
    columns: dict[str, list[str]] = {"Figure": [words.plain(figures.TITLES[name]) for name in known(rows)]}
    for place, row in enumerate(rows):
        guess = row.model_id == figures.RANDOM
        head = "Guessing" if guess else f"{found.now.looks[place].sign} {words.plain(row.name)}"
        if place == found.now.pinned:
            head += " :material/keep:"
        columns[head] = [
            _cell(name, row, None if guess or place == found.now.pinned else pinned, best=_best(name, rows) is row)
            for name in known(rows)
        ]
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
        return f"{value:.1%}"
    if name == "model_bytes":
        return blocks.size(value)
    return COSTS.get(name, "{:.3f}").format(value)


def _change(name: str, value: float, reference: float) -> str:
    """The difference to the pinned one: points of percent, the factor of a cost, or the plain difference."""
    if name in PERCENT:
        return f"{100 * (value - reference):+.1f} points"
    if name in COSTS or name == "model_bytes":
        return f"× {value / reference:.2g}" if reference else "–"
    return f"{value - reference:+.3f}"


def _best(name: str, rows: Sequence[Row]) -> Row | None:
    """The detector with the best value, None where guessing, a wish or a tie leaves nothing to praise."""
    if name in figures.NO_BEST:
        return None
    able = [row for row in rows if row.model_id != figures.RANDOM and row.figures.get(name) is not None]
    sign = -1 if name in figures.LOWER_IS_BETTER else 1
    ranked = sorted(able, key=lambda row: -sign * (row.figures[name] or 0.0))
    if len(ranked) > 1 and ranked[0].figures[name] == ranked[1].figures[name]:
        return None
    return ranked[0] if ranked else None
