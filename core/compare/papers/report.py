"""A plan with its entries as a table: what was measured, beside what was published, and the differences that mean
something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.compare.papers.cache import Cache, Plan
from core.compare.papers.metrics import METRICS, Figure, together
from core.compare.papers.tables import MEAN, Reported, Table
from core.datasets.wording import count

ALL = "all"  # the row over all measured categories


@dataclass(frozen=True)
class Row:
    """One method on one category, or on all of them (``ALL``).

    ``figures`` of the table's metrics; ``published`` is the row that the method is set against, metric to value for
    this category, or for the same categories together; ``differences`` ours less theirs, only where the protocols are
    the same and the data whole: ``not_compared`` says why not. ``state``: measured, failed or waiting.
    """

    category: str
    method: str
    state: str
    figures: Mapping[str, Figure]
    random: Mapping[str, float | None]
    abs_z: Mapping[str, float | None]
    against: str | None
    published: Mapping[str, float]
    differences: Mapping[str, float]
    not_compared: str | None
    failed: str | None = None
    fit_seconds: float | None = None
    score_ms: float | None = None
    n: int = 0  # categories behind it


@dataclass(frozen=True)
class Report:
    """All rows of a plan; ``measured`` of ``planned`` entries are there."""

    table: Table
    plan: Plan
    rows: tuple[Row, ...]
    measured: int
    planned: int

    def of(self, category: str) -> list[Row]:
        return [row for row in self.rows if row.category == category]


def report(table: Table, plan: Plan, cache: Cache) -> Report:
    """What is there by now."""
    found = {(one.category, one.method): cache.entry(one.key) for one in plan.entries}
    methods = [(method, table.row(method["against"])) for method in plan.methods]
    rows = [
        _row(table, plan, category, method["label"], found.get((category, method["label"])), against)
        for category in plan.categories
        for method, against in methods
    ]
    for method, against in methods:
        entries = {category: found.get((category, method["label"])) for category in plan.categories}
        measured = {category: entry for category, entry in entries.items() if entry and "failed" not in entry}
        if measured:
            rows.append(_over_all(table, plan, method["label"], measured, against))
    done = sum(entry is not None and "failed" not in entry for entry in found.values())
    return Report(table, plan, tuple(rows), done, len(found))


def published_together(row: Reported, metric: str, categories: Sequence[str], table: Table) -> float | None:
    """What was published for these categories together: their mean where each is published, the published mean where
    these are all of them; None otherwise. Pooled figures are no means of categories."""
    values = row.figures.get(metric, {})
    if set(categories) == set(table.categories) and MEAN in values:
        return values[MEAN]
    if METRICS[metric].pooled is None and categories and all(category in values for category in categories):
        return sum(values[category] for category in categories) / len(categories)
    return None


def _row(
    table: Table, plan: Plan, category: str, label: str, entry: Mapping[str, Any] | None, row: Reported | None
) -> Row:
    values = (
        {metric: row.figures[metric][category] for metric in table.metrics if _has(row, metric, category)}
        if row
        else {}
    )
    if entry is None or "failed" in entry:
        state, why = ("waiting", None) if entry is None else ("failed", str(entry["failed"]))
        return Row(category, label, state, {}, {}, {}, row.title if row else None, values, {}, None, why)
    figures = {metric: _figure(entry, metric) for metric in table.metrics}
    reason = _reason(row, plan.reduced.get(category), "this category" if not values else None)
    return Row(
        category=category,
        method=label,
        state="measured",
        figures=figures,
        random=entry["baselines"]["random"],
        abs_z=entry["baselines"].get("abs_z", {}),
        against=row.title if row else None,
        published=values,
        differences={} if reason else _differences(figures, values),
        not_compared=reason,
        fit_seconds=entry["fit_seconds"],
        score_ms=entry["score_ms"],
        n=1,
    )


def _over_all(
    table: Table, plan: Plan, label: str, measured: Mapping[str, Mapping[str, Any]], row: Reported | None
) -> Row:
    entries = list(measured.values())
    # Each kind of fault is judged beside the same healthy recordings.
    apart = table.grouping != "fault"
    figures = {metric: together(metric, entries, plan.seed, independent=apart) for metric in table.metrics}
    values = {}
    if row:
        same = {metric: published_together(row, metric, list(measured), table) for metric in table.metrics}
        values = {metric: value for metric, value in same.items() if value is not None}
    cut = next((f"{category}: {plan.reduced[category]}" for category in measured if category in plan.reduced), None)
    lacking = f"{count(len(measured), 'category', 'categories')} of {len(table.categories)}" if not values else None
    reason = _reason(row, cut, lacking)
    return Row(
        category=ALL,
        method=label,
        state="measured",
        figures=figures,
        random=_means(table, entries, "random"),
        abs_z=_means(table, entries, "abs_z"),
        against=row.title if row else None,
        published=values,
        differences={} if reason else _differences(figures, values),
        not_compared=reason,
        n=len(entries),
    )


def _reason(row: Reported | None, cut: str | None, lacking: str | None) -> str | None:
    """Why no difference is formed, the weightiest first."""
    if row is None:
        return "nothing published to set it against"
    if row.differs:
        return f"another protocol: {row.differs}"
    if cut:
        return f"the data are cut down: {cut}"
    return f"nothing published for {lacking}" if lacking else None


def _differences(figures: Mapping[str, Figure], values: Mapping[str, float]) -> dict[str, float]:
    return {
        metric: figure.value - values[metric]
        for metric, figure in figures.items()
        if metric in values and figure.value is not None
    }


def _has(row: Reported, metric: str, category: str) -> bool:
    return category in row.figures.get(metric, {})


def _figure(entry: Mapping[str, Any], metric: str) -> Figure:
    """A category's figure; pooled ones from its own counts where the evaluation does not give them."""
    value, interval = entry["figures"].get(metric), entry["ci95"].get(metric)
    if value is None and METRICS[metric].pooled and entry.get("counts"):
        value = together(metric, [entry]).value
    return Figure(value, (interval[0], interval[1]) if interval else None)


def _means(table: Table, entries: Sequence[Mapping[str, Any]], which: str) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for metric in table.metrics:
        values = [v for one in entries if (v := one["baselines"].get(which, {}).get(metric)) is not None]
        found[metric] = sum(values) / len(values) if values else None
    return found
