"""The verb that measures a benchmark and sets it beside what was published."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.data import opened
from core.cli.output import console_progress, emit, table
from core.datasets.wording import count
from core.settings import settings

if TYPE_CHECKING:
    from core.compare.papers.metrics import Figure
    from core.compare.papers.report import Report, Row


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options of ``python -m core benchmark``."""
    verb.add_argument("name", help="mvtec, visa, mpdd, smd, smap, msl, skab, cwru, cmapss or mimii")
    verb.add_argument("--data", type=Path, required=True, help="folder or zip of the data set, as it is published")
    verb.add_argument(
        "--detectors",
        nargs="+",
        default=[],
        metavar="DETECTOR[:PRESET][,KEY=VALUE…]",
        help="what to measure (default: what the table sets beside the published figures)",
    )
    verb.add_argument("--limit", type=int, help="the most categories, machines or channels to measure")
    verb.add_argument(
        "--out", type=Path, help="folder of what was measured, now and before (default: in the workspace)"
    )


def run(options: argparse.Namespace) -> None:
    """Measure what was not measured before, then show everything beside what was published."""
    from core.compare.papers import output, tables
    from core.compare.papers.cache import FOLDER, Cache
    from core.compare.papers.report import report
    from core.compare.papers.run import benchmark

    asked = tables.table(options.name)
    tables.chosen(asked, tuple(options.detectors))  # a slip is told before the data are read
    folder = options.out or settings().data_dir / FOLDER
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.1)) as data:
        plan = benchmark(
            asked,
            data,
            folder,
            methods=options.detectors,
            limit=options.limit,
            seed=options.seed,
            progress=progress.part(0.1, 1.0),
        )
    found = report(asked, plan, Cache(folder, asked.name))
    emit(output.to_json(found), options.json, _text(found, folder))


def _text(found: Report, folder: Path) -> str:
    asked, plan = found.table, found.plan
    lines = [f"{asked.title}. {asked.protocol}", "", table([_shown(row, found) for row in found.rows]), ""]
    lines += ["Reported, not reproduced:", table(_reported(found)), ""]
    reasons = Counter(row.not_compared for row in found.rows if row.not_compared)
    lines += [f"no difference in {count(n, 'row')}: {reason}" for reason, n in reasons.items()]
    lines += [f"failed: {row.category}, {row.method}: {row.failed}" for row in found.rows if row.failed]
    if plan.missing:
        lines.append(
            f"not measured for want of data, {len(plan.missing)} of {len(asked.categories)}: "
            f"{', '.join(plan.missing)}. The data can be had from: {asked.data}"
        )
    lines += [f"note: {note}" for note in (*plan.notes, *asked.unpublished)]
    lines.append(f"{found.measured} of {found.planned} measured, kept in {folder / asked.name}")
    return "\n".join(lines)


def _shown(row: Row, found: Report) -> dict[str, object]:
    """One line: ours with intervals; guessing, |z|, published and difference for the table's first metric."""
    from core.compare.papers.metrics import METRICS

    first = found.table.metrics[0]
    cells: dict[str, object] = {"category": row.category, "method": row.method}
    for name in found.table.metrics:
        cells[METRICS[name].title] = "failed" if row.failed else _figure(row.figures.get(name))
    cells[f"guessing, {METRICS[first].title}"] = row.random.get(first)
    if found.table.modality == "series":
        cells[f"|z|, {METRICS[first].title}"] = row.abs_z.get(first)
    difference = row.differences.get(first)
    return cells | {
        "published": row.published.get(first),
        "difference": None if difference is None else f"{difference:+.3f}",
    }


def _figure(figure: Figure | None) -> str | None:
    if figure is None or figure.value is None:
        return None
    if figure.ci95 is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.ci95[0]:.3f} to {figure.ci95[1]:.3f})"


def _reported(found: Report) -> list[dict[str, object]]:
    """Published means with their sources."""
    from core.compare.papers.metrics import METRICS
    from core.compare.papers.tables import MEAN

    return [
        {
            "published": one.title,
            "metric": METRICS[name].title,
            "mean": values.get(MEAN),
            "categories": len(values) - (MEAN in values) or None,
            "source": one.source,
        }
        for one in found.table.reported
        for name, values in one.figures.items()
    ]
