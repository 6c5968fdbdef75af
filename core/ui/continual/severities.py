"""Other severities and another cost of false alarms: CAF1 and CVaR under them, without running anything again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.charts import continual as charts
from core.ui import blocks
from core.ui.continual import shown
from core.ui.continual.shown import Shown
from core.ui.continual.table import cell

RESAMPLES = 500
JUDGED = ("caf1", "critical_loss", "cvar", "cvar_critical")


def show(told: Shown) -> None:
    """The table of severities to edit, the cost, and the figures that follow."""
    blocks.headed(
        "Severities and cost",
        "How bad each failure mode is, from 0 to 1; from 0.7 it is critical. CAF1 and CVaR follow at once.",
        "If the order of methods changes with a cell that nobody is sure of, the order means little.",
        "Thresholds, scores and what was kept stay as they were: a run under these might keep other samples.",
    )
    info = told.run.info
    faults = info.faults[1:]
    left, right = st.columns([2, 5], gap="large")
    with left:
        edited = st.data_editor(
            pd.DataFrame({"Failure mode": faults, "Severity": [round(float(one), 4) for one in info.severities[1:]]}),
            hide_index=True, disabled=["Failure mode"], key=f"severities-{told.id}",
            column_config={
                "Severity": st.column_config.NumberColumn(min_value=0.0, max_value=1.0, step=0.05, required=True)
            },
        )  # fmt: skip
        cost = st.number_input(
            "Cost of a false alarm", 0.0, 1.0, None, 0.05, key="cost", placeholder="mean severity",
            help="Left empty, a false alarm costs the mean severity of the anomalies.",
        )  # fmt: skip
        table = _table(faults, [float(one) for one in edited["Severity"]])
        st.download_button(
            "Severity table", table.to_csv(), "severities.csv", "text/csv", key="severities-csv", on_click="ignore",
            icon=":material/download:", help="To name in a configuration under `severity`.",
        )  # fmt: skip
        used = "as in the run" if not _changed(told, table) else f"the run used `{info.severity_sha256[:12]}`"
        st.caption(f"Hash of this table: `{table.sha256[:12]}`, {used}.")
    with right:
        figures = _figures(told.id, tuple(dict(table.rows).values()), cost, told)
        st.dataframe(_frame(told, figures), hide_index=True, key="severities-figures")
        rows = [charts.Measured(shown.title(name), *_three(one["caf1"])) for name, one in figures.items()
                if one["caf1"]["mean"] is not None]  # fmt: skip
        if rows:
            alt = "CAF1: " + "; ".join(f"{row.name} {row.mean:.3f}" for row in rows)
            blocks.plot(charts.side_by_side(rows, "CAF1 under these severities"), key="severities-chart", alt=alt)
        else:
            st.caption("No failure mode is critical under this table: CAF1 is not defined.")


def _table(faults: tuple[str, ...], values: list[float]) -> Any:
    from core.continual.severity import SeverityTable

    return SeverityTable("edited", tuple(zip(faults, values, strict=True)))


def _changed(told: Shown, table: Any) -> bool:
    now = dict(table.rows)
    return any(
        abs(now[name] - one) > 1e-4
        for name, one in zip(told.run.info.faults, told.run.info.severities, strict=True)
        if name in now
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _figures(run_id: str, severities: tuple[float, ...], cost: float | None, _told: Shown) -> dict[str, Any]:
    """By method and figure: mean and interval under these severities, as in a report."""
    from core.continual.metrics import measure, with_severities
    from core.continual.metrics.detection import Caf1
    from core.continual.metrics.paired import interval
    from core.continual.metrics.risk import CriticalCvar, CriticalLoss, Cvar

    records = _told.records()
    judged = with_severities(records, dict(zip(records.faults[1:], severities, strict=True)))
    metrics = (Caf1(), CriticalLoss(), Cvar(cost), CriticalCvar())
    found: dict[str, Any] = {}
    for method in _told.methods:
        runs = [run for run in judged.runs if run.method == method]
        found[method] = {}
        for metric in metrics:
            values = [one.value for one in (measure(metric, run) for run in runs) if one.value is not None]
            whole = interval(values, RESAMPLES) if values else None
            ends = None if whole is None or whole.low is None else [whole.low, whole.high]
            found[method][metric.name] = {"mean": whole.mean if whole else None, "ci95": ends}
    return found


def _frame(told: Shown, figures: dict[str, Any]) -> pd.DataFrame:
    titles, before = told.report["titles"], told.report["methods"]
    rows = []
    for method, one in figures.items():
        row = {"Method": shown.title(method)}
        for name in JUDGED:
            row[titles[name]] = cell(one[name], name)
        old = before[method]["caf1"]["mean"]
        row["CAF1 in the run"] = "-" if old is None else f"{old:.3f}"
        rows.append(row)
    return pd.DataFrame(rows)


def _three(figure: dict[str, Any]) -> tuple[float, float | None, float | None]:
    low, high = figure["ci95"] or (None, None)
    return figure["mean"], low, high
