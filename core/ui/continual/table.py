"""All methods side by side: figures with intervals, and paired tests against the baselines."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.charts import continual as charts
from core.datasets.wording import percent
from core.ui import blocks, words
from core.ui.continual import shown
from core.ui.continual.shown import Shown

HEADLINE = ("caf1", "critical_loss", "cvar", "dal", "area_lost", "acc", "bwt", "fwt", "fm", "memory_bytes", "seconds")
DIGITS = {"memory_bytes": 0, "dal": 1, "area_lost": 1, "seconds": 1}  # 3 for the others


def show(told: Shown) -> None:
    """The table, one figure of it as a chart, and the tests."""
    report = told.report
    blocks.headed(
        "Methods",
        "Means over seeds with 95\u00a0% bootstrap intervals. CAF1 is the F1 of critical anomalies, false alarms over "
        "all normals; DAL the steps until performance is back after a drift; CVaR the mean of the worst 5\u00a0% of "
        "losses.",
        "Compare rows only by the paired tests below: seeds differ more than methods. ACC, BWT, FWT and FM come from "
        "the task matrix.",
        "One seed has no interval. Fewer than six seeds can show no significance, whatever they show.",
    )
    st.dataframe(frame(report), hide_index=True, key="continual-table")
    notes = [
        f"{shown.title(method)}, {report['titles'][name]}: {', '.join(figure['notes'])}"
        for method, figures in report["methods"].items()
        for name, figure in figures.items()
        if figure["notes"] and name in HEADLINE
    ]
    if notes:
        st.caption(words.plain("; ".join(notes)) + ".")
    known = [name for name in HEADLINE if name in report["titles"]]
    metric = st.segmented_control(
        "Figure", known, default="caf1", required=True, key="figure", bind="query-params",
        format_func=lambda name: report["titles"][name], label_visibility="collapsed",
    ) or "caf1"  # fmt: skip
    _chart(report, metric)
    _tests(report, metric)


def frame(report: dict[str, Any]) -> pd.DataFrame:
    """The table as text, one row a method."""
    known = [name for name in HEADLINE if name in report["titles"]]
    return pd.DataFrame(
        [
            {"Method": shown.title(method)} | {_head(report, name): cell(figures.get(name), name) for name in known}
            for method, figures in report["methods"].items()
        ]
    )


def cell(figure: dict[str, Any] | None, name: str) -> str:
    """``0.712 (0.690 to 0.731)``, without ends that are the mean itself; a dash where a run cannot give it."""
    if figure is None or figure["mean"] is None:
        return "-"
    digits = DIGITS.get(name, 3)

    def form(value: float) -> str:
        return f"{value:,.{digits}f}"

    mean, ends = form(figure["mean"]), [form(end) for end in figure["ci95"] or ()]
    return mean if not ends or set(ends) == {mean} else f"{mean} ({ends[0]} to {ends[1]})"


def _head(report: dict[str, Any], name: str) -> str:
    return f"{report['titles'][name]} {'↓' if name in report['lower_is_better'] else '↑'}"


def _chart(report: dict[str, Any], metric: str) -> None:
    rows = []
    for method, figures in report["methods"].items():
        one = figures.get(metric)
        if one and one["mean"] is not None:
            low, high = one["ci95"] or (None, None)
            rows.append(charts.Measured(shown.title(method), one["mean"], low, high))
    if not rows:
        st.caption("This run cannot give this figure.")
        return
    better = "lower is better" if metric in report["lower_is_better"] else "higher is better"
    title = f"{report['titles'][metric]}, {better}"
    alt = "; ".join(f"{row.name} {row.mean:.3g}" for row in rows)
    blocks.plot(charts.side_by_side(rows, title), key="continual-forest", alt=alt)


def _tests(report: dict[str, Any], metric: str) -> None:
    found = [one for one in report["comparisons"] if one["metric"] == metric]
    if not found:
        st.caption("Against ER and SCMT-like are compared: CAF1, critical loss, CVaR, ACC, forgetting, DAL, area lost.")
        return
    blocks.headed(
        "Paired tests",
        "Each method less the baseline on the same seeds, the interval of the difference, and Wilcoxon's signed-rank "
        "test, two-sided.",
        "An interval that excludes 0 together with a corrected p below 0.05 is a difference. Won, even and lost count "
        "seeds.",
        "p is corrected (Holm) over the comparisons of one figure with one baseline, not over all that can be looked "
        "at.",
    )
    rows = []
    for one in found:
        difference, relative = one["difference"], one["relative"]
        rows.append(
            {
                "Method": shown.title(one["method"]),
                "against": shown.title(one["baseline"]),
                "Difference": cell(_ends(difference), metric),
                "Relative": "-" if relative is None else _percent(relative),
                "p, corrected": "-" if one["p_holm"] is None else f"{one['p_holm']:.3f}",
                "Won · even · lost": f"{one['wins']} · {one['ties']} · {one['losses']}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="continual-tests")
    if len(report["seeds"]) == 1:
        st.caption("One seed: a difference, and no test of it.")


def _ends(interval: dict[str, Any]) -> dict[str, Any]:
    whole = interval["low"] is not None and interval["high"] is not None
    return {"mean": interval["mean"], "ci95": [interval["low"], interval["high"]] if whole else None}


def _percent(interval: dict[str, Any]) -> str:
    ends = _ends(interval)["ci95"]
    return percent(interval["mean"], 1, signed=True) + (
        f" ({percent(ends[0], 1, signed=True)} to {percent(ends[1], 1, signed=True)})" if ends else ""
    )
