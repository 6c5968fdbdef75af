"""What was measured, beside what was published: chart, table, and everything that limits the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts import papers as charts
from core.compare.papers import output
from core.compare.papers.cache import Cache, Plan
from core.compare.papers.metrics import METRICS
from core.compare.papers.report import ALL, Report, Row, report
from core.compare.papers.tables import MEAN, Table
from core.ui import blocks, words
from core.ui.papers import sending

SAME = 0.005  # guesses of several methods that differ by no more are one line


def show(table: Table, plan: Plan, metric: str) -> None:
    """The rows that are there; while work is under way, more of them every few seconds."""
    if sending.busy(table.name):
        st.fragment(_draw, run_every=sending.EVERY_S, key="papers-measured")(table, plan, metric)
    else:
        _draw(table, plan, metric)


def _draw(table: Table, plan: Plan, metric: str) -> None:
    cache = Cache(sending.folder(), table.name)
    found = _report(str(sending.folder()), plan.id, cache.stamp(plan), table, plan)
    _summary(found)
    with st.container(key="papers-figures"):
        _chart(found, metric)
        _rows(found, metric)
    _limits(found)
    st.download_button(
        "Table as CSV", output.spreadsheet(found), f"{table.name}.csv", "text/csv", key="papers-csv",
        icon=":material/download:", on_click="ignore", help="All metrics, with intervals and the published figures.",
    )  # fmt: skip


@st.cache_data(max_entries=8, show_spinner=False)
def _report(folder: str, plan_id: str, stamp: tuple[int, ...], _table: Table, _plan: Plan) -> Report:
    """What is there of a plan by now; ``stamp`` says whether that is what was read before."""
    return report(_table, _plan, Cache(Path(folder), _table.name))


def _summary(found: Report) -> None:
    plan, table = found.plan, found.table
    here = len(plan.categories)
    st.caption(
        f"**{found.measured} of {found.planned}** measured on «{words.plain(plan.data)}»: "
        f"{here} of {words.count(len(table.categories), 'category', 'categories')}, seed {plan.seed}."
    )


def _chart(found: Report, metric: str) -> None:
    blocks.headed(
        METRICS[metric].title,
        "Dots are measured here, with 95\u00a0% intervals; diamonds were reported by others.",
        "A solid line joins ours with a published figure of the same protocol and the same data; along a dotted line a "
        "difference would mean nothing, and the table says why.",
        "Intervals are about these test data; they do not tell how another seed or another sample would do.",
    )
    methods = {
        method["label"]: [
            point
            for row in found.rows
            if row.method == method["label"] and (point := _point(row, metric)) is not None
        ]
        for method in found.plan.methods
    }  # fmt: skip
    methods = {name: points for name, points in methods.items() if points}
    if not methods:
        st.caption("No figure of this metric is measured yet.")
        return
    shown = [
        name for name in (*found.plan.categories, ALL) if any(p.category == name for v in methods.values() for p in v)
    ]
    means = {
        f"{one.title}, reported": one.figures[metric][MEAN]
        for one in found.table.reported
        if MEAN in one.figures.get(metric, {})
    }
    figure = charts.beside_published(methods, means, shown, title=_axis(metric), guessing=_guessing(found, metric))
    told = "; ".join(
        f"{name} {point.value:.3f} over all"
        for name, points in methods.items()
        for point in points
        if point.category == ALL
    )
    blocks.plot(figure, key="papers-chart", alt=f"{METRICS[metric].title}: {told}")


def _guessing(found: Report, metric: str) -> float | None:
    """What guessing gets over all; None where that depends on the method, as it does where alarms are counted."""
    known = [guess for row in found.of(ALL) if (guess := row.random.get(metric)) is not None]
    return known[0] if known and max(known) - min(known) <= SAME else None


def _point(row: Row, metric: str) -> charts.Measured | None:
    figure = row.figures.get(metric)
    if figure is None or figure.value is None:
        return None
    low, high = figure.ci95 or (None, None)
    return charts.Measured(row.category, figure.value, low, high, row.published.get(metric), metric in row.differences)


def _rows(found: Report, metric: str) -> None:
    others = [METRICS[name].title for name in found.table.metrics if name != metric]
    plain = ("Value", "Low", "High", "Guessing", "|z|", "Reported", *others)
    formats = dict.fromkeys(plain, "%.3f") | {"Difference": "%+.3f", "Fit, s": "%.1f"}
    st.dataframe(
        pd.DataFrame([_line(row, metric, found.table) for row in found.rows]),
        hide_index=True,
        key="papers-rows",
        placeholder="–",
        column_config={name: st.column_config.NumberColumn(format=shape) for name, shape in formats.items()},
    )


def _line(row: Row, metric: str, table: Table) -> dict[str, object]:
    figure = row.figures.get(metric)
    low, high = figure.ci95 if figure and figure.ci95 else (None, None)
    line: dict[str, object] = {
        "Category": row.category,
        "Method": row.method,
        "State": row.state,
        "Value": figure.value if figure else None,
        "Low": low,
        "High": high,
        "Guessing": row.random.get(metric),
    }
    if table.modality == "series":
        line["|z|"] = row.abs_z.get(metric)
    line |= {
        "Reported": row.published.get(metric),
        "Difference": row.differences.get(metric),
        "No difference because": row.failed or row.not_compared,
    }
    line |= {
        METRICS[name].title: row.figures[name].value for name in table.metrics if name != metric and name in row.figures
    }
    return line | {"Fit, s": row.fit_seconds}


def _limits(found: Report) -> None:
    plan, table = found.plan, found.table
    if plan.missing:
        st.info(
            f"**Not measured for want of data:** {words.plain(_few(plan.missing))}. "
            f"To be had from: {words.plain(table.data)}",
            icon=":material/inventory:",
        )
    if plan.reduced:
        told = "; ".join(f"{category}: {why}" for category, why in list(plan.reduced.items())[:4])
        st.warning(f"**Not the published data:** {words.plain(told)}.", icon=":material/content_cut:")
    for why, rows in _failures(found).items():
        st.error(f"**{words.plain('; '.join(rows))}:** {words.plain(why)}", icon=":material/error:")
    if plan.notes:
        with st.expander("Notes of the reader", icon=":material/notes:"):
            st.markdown("\n".join(f"- {words.plain(note)}" for note in plan.notes))


def _failures(found: Report) -> dict[str, list[str]]:
    """Why to the rows that failed for it."""
    told: dict[str, list[str]] = {}
    for row in found.rows:
        if row.failed:
            told.setdefault(row.failed, []).append(f"{row.category}, {row.method}")
    return told


def _axis(metric: str) -> str:
    told = METRICS[metric]
    unit = f", {told.unit}" if told.unit else ""
    return f"{told.title}{unit} ({'higher' if told.higher_is_better else 'lower'} is better)"


def _few(names: Sequence[str], most: int = 12) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
