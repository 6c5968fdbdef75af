"""The verb about background jobs of the workspace: list, show, cancel."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from core.cli.output import emit, table
from core.datasets.wording import percent
from core.errors import UserError


def run(options: argparse.Namespace) -> None:
    """List the jobs, show one with the end of its log, or ask one to stop."""
    from core.jobs.table import JobTable
    from core.store.workspace import Workspace

    jobs = JobTable(Workspace.default())
    if options.action == "list":
        found = jobs.list()
        emit([asdict(job) for job in found], options.json, table([_line(asdict(job)) for job in found]))
        return
    if options.id is None:
        raise UserError(f"«jobs {options.action}» needs the id of a job", "", "«jobs list» shows them")
    if options.action == "cancel":
        jobs.request_cancel(options.id)
    job = asdict(jobs.get(options.id))
    log = jobs.log_tail(options.id)
    text = "\n".join(f"{key}: {value}" for key, value in job.items() if value is not None)
    emit(job | {"log": log}, options.json, f"{text}\n\n{log}".rstrip())


def _line(job: dict[str, Any]) -> dict[str, Any]:
    shown = {key: job[key] for key in ("id", "kind", "state", "stage", "fraction", "title")}
    return shown | {"fraction": percent(job["fraction"], 0)}
