"""A report as JSON for scripts and as a table for spreadsheets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.charts.csvtable import to_csv
from core.compare.papers.metrics import METRICS
from core.compare.papers.report import Report, Row


def to_json(found: Report) -> dict[str, Any]:
    """The object behind ``benchmark --json``. Published figures are marked as reported and keep their sources."""
    table, plan = found.table, found.plan
    return {
        "benchmark": table.name,
        "title": table.title,
        "protocol": table.protocol,
        "data": plan.data,
        "data_from": table.data,
        "plan_id": plan.id,
        "seed": plan.seed,
        "measured": found.measured,
        "planned": found.planned,
        "categories": list(plan.categories),
        "missing": list(plan.missing),
        "reduced": dict(plan.reduced),
        "notes": list(plan.notes),
        "methods": [
            {"label": one["label"], "detector": one["detector"], "parameters": one["all"], "against": one["against"]}
            for one in plan.methods
        ],
        "rows": [_row(row) for row in found.rows],
        "reported": [row.model_dump(mode="json") | {"reproduced": False} for row in table.reported],
        "unpublished": list(table.unpublished),
    }


def _row(row: Row) -> dict[str, Any]:
    return asdict(row) | {"figures": {name: asdict(figure) for name, figure in row.figures.items()}}


def spreadsheet(found: Report) -> bytes:
    """UTF-8 CSV, a line for each method, category and metric, and one for each published figure."""
    columns = (
        "category", "method", "state", "metric", "value", "low", "high", "random", "abs_z", "set_against", "published",
        "difference", "not_compared", "fit_seconds", "score_ms",
    )  # fmt: skip
    lines: list[tuple[object, ...]] = []
    for row in found.rows:
        for name in found.table.metrics:
            figure = row.figures.get(name)
            low, high = figure.ci95 if figure and figure.ci95 else (None, None)
            lines.append(
                (
                    row.category, row.method, row.state, METRICS[name].title, figure.value if figure else None, low,
                    high, row.random.get(name), row.abs_z.get(name), row.against, row.published.get(name),
                    row.differences.get(name), row.not_compared or row.failed, row.fit_seconds, row.score_ms,
                )
            )  # fmt: skip
    for one in found.table.reported:
        for name, values in one.figures.items():
            for category, value in values.items():
                shown = (category, one.title, "reported", METRICS[name].title, value)
                lines.append((*shown, *(None,) * 5, value, None, one.source, None, None))
    return to_csv(columns, lines)
