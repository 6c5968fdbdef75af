"""A workspace with a dispatcher that starts real processes, at a pace for tests."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.jobs.dispatcher import Dispatcher, Pace
from core.jobs.job import Job
from core.jobs.local import LocalEngine
from core.jobs.table import JobTable
from core.store.workspace import Workspace
from tests.jobs.toy_tasks import TOYS

COMMAND = (sys.executable, "-m", "tests.jobs.toy_worker")
PACE = Pace(tick_s=0.05, term_after_s=1.0, kill_after_s=0.4)
PATIENT = Pace(tick_s=0.05, term_after_s=100.0)  # a busy machine takes a while to hear a wish
PATIENCE_S = 200


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def table(workspace: Workspace) -> JobTable:
    return JobTable(workspace, TOYS)


@pytest.fixture
def dispatcher(workspace: Workspace, table: JobTable, request: pytest.FixtureRequest) -> Iterator[Dispatcher]:
    """Two jobs at once; its parameter is a pace. What still runs at the end of a test is ended."""
    engine = LocalEngine(workspace, COMMAND)
    running = Dispatcher(workspace, engine, max_jobs=2, pace=getattr(request, "param", PACE))
    running.start()
    yield running
    running.stop()
    for job in table.list(active=True):
        if job.state == "running":
            engine.stop(job, force=True)


def wait(table: JobTable, job_id: str, until: Callable[[Job], bool] = lambda job: not job.active) -> Job:
    """The job as soon as ``until`` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not until(job := table.get(job_id)):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {job}\n{table.log_tail(job_id)}")
        time.sleep(0.05)
    return job
