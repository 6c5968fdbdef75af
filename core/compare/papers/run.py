"""A benchmark, from data to a plan with all its entries. Resumes: what was measured before is not measured again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.compare.papers import cases
from core.compare.papers.cache import Cache, Plan, Planned, entry_key, plan_id
from core.compare.papers.measure import measure
from core.compare.papers.tables import Method, Table, chosen
from core.datasets.dataset import Dataset
from core.errors import UserError
from core.progress import Progress
from core.store import atomic


def benchmark(
    table: Table,
    data: Dataset,
    folder: Path,
    *,
    methods: Sequence[str] = (),
    limit: int | None = None,
    seed: int = 0,
    progress: Progress = Progress(),
) -> Plan:
    """Measure what the data hold of a benchmark and keep it below ``folder``; the plan, all of whose entries are there.

    ``methods`` as ``tables.method`` reads them, () for the table's own; ``limit``: the most categories. A method that
    cannot learn from a category leaves an entry that says why, and is tried again the next time. UserError where
    nothing of the benchmark is in the data.
    """
    if limit is not None and limit < 1:
        raise UserError(f"A limit of {limit} categories leaves nothing to measure", "", "Give 1 or more")
    asked = chosen(table, tuple(methods))
    found = cases.layout(table, data).first(limit)
    cache = Cache(folder, table.name)
    pairs = [(case, method) for case in found.cases for method in asked]
    plan = _plan(table, data.name, found, asked, pairs, seed)
    cache.keep_plan(plan)
    atomic.sweep(cache.folder)
    for done, (entry, (case, method)) in enumerate(zip(plan.entries, pairs, strict=True)):
        share = progress.part(done / len(pairs), (done + 1) / len(pairs))
        what = f"{entry.category}, {entry.method} ({done + 1} of {len(pairs)})"
        known = cache.entry(entry.key)
        if known is None or "failed" in known:
            part = _named(share.apart(entry.key), what)
            cache.keep(entry.key, _entry(table, case.data, method, seed, cache.folder, part))
        share.report(1, 1, what)
    return plan


def _plan(
    table: Table,
    name: str,
    found: cases.Layout,
    methods: Sequence[Method],
    pairs: Sequence[tuple[cases.Case, Method]],
    seed: int,
) -> Plan:
    entries = tuple(
        Planned(case.category, method.label, entry_key(table, method, case.category, case.data.content_id, seed))
        for case, method in pairs
    )
    return Plan(
        id=plan_id(table, [entry.key for entry in entries]),
        table=table.name,
        data=name,
        seed=seed,
        methods=tuple(
            one.model_dump(mode="json") | {"label": one.label, "all": one.checked().model_dump(mode="json")}
            for one in methods
        ),
        categories=tuple(case.category for case in found.cases),
        missing=found.missing,
        reduced={case.category: case.reduced for case in found.cases if case.reduced},
        notes=found.notes,
        entries=entries,
        created_at=time.time(),
    )


def _named(progress: Progress, what: str) -> Progress:
    """The same progress with the name of the work before each stage; curves of single fits are left out."""
    return Progress(
        lambda fraction, stage, metrics: progress.report(fraction, 1, f"{what}: {stage}"),
        log=progress.log,
        checkpoint=progress.checkpoint,
        scratch=progress.scratch,
    )


def _entry(table: Table, data: Dataset, method: Method, seed: int, scratch: Path, progress: Progress) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        found = measure(data, method, seed=seed, rate=table.rate, scratch=scratch, progress=progress)
    except UserError as error:
        progress.log(f"{method.label}: {error}")
        return {"failed": str(error)}
    return found | {"seconds": time.perf_counter() - started}
