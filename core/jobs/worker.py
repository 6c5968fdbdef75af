"""The process of one job: ``python -m core.jobs.worker ID``.

``run_job`` is the whole of it, for any engine: it runs the task, tells the table how it goes, and writes how it ended.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from core.allocator import keep_large_blocks
from core.errors import Cancelled, UserError
from core.jobs.engine import MEMORY_HINT
from core.jobs.job import Job
from core.jobs.reporter import Reporter
from core.jobs.table import JobTable
from core.jobs.tasks import TASKS
from core.jobs.tasks.contract import TaskInfo
from core.progress import Progress
from core.store.processes import this_process
from core.store.workspace import Workspace

NICE = 10  # the pages stay quick
OOM_SCORE = 500  # when memory runs out, the kernel takes the job, not the server


def run_job(job_id: str, workspace: Workspace, tasks: Mapping[str, TaskInfo] = TASKS) -> bool:
    """Do the work of a job that the dispatcher has marked as running; whether it succeeded."""
    table = JobTable(workspace, tasks)
    pid, started = this_process()
    with workspace.transaction() as db:
        db.execute(
            "UPDATE jobs SET pid = ?, pid_started = ?, host = ?, heartbeat_at = ? WHERE id = ? AND state = 'running'",
            (pid, started, socket.gethostname(), time.time(), job_id),
        )
    job = table.get(job_id)
    if job.state != "running":
        return False
    with table.log_path(job_id).open("a", encoding="utf-8", buffering=1) as log:
        return _run(job, table, log)


def _run(job: Job, table: JobTable, log: TextIO) -> bool:
    def write(message: str) -> None:
        log.write(f"{time.strftime('%H:%M:%S')}  {message}\n")

    task, workspace = table.tasks[job.kind], table.workspace
    write(f"{job.title} begins")
    try:
        with Reporter(table, job.id) as reporter:

            def note(message: str) -> None:
                write(message)
                reporter.say(message)

            scratch = workspace.scratch(job.spec_hash)
            progress = Progress(reporter.sink, log=note, checkpoint=reporter.checkpoint, scratch=scratch)
            result = task.function(progress, job.spec, workspace)
    except Cancelled:
        write("Stopped on request")
        table.finish(job.id, "cancelled")
        return False
    except Exception as error:
        what, hint = explain(error)
        write(what if isinstance(error, UserError) else traceback.format_exc())
        table.finish(job.id, "failed", error=what, hint=hint)
        return False
    workspace.drop_scratch(job.spec_hash)
    write("Done")
    return table.finish(job.id, "succeeded", result=result)


def explain(error: Exception) -> tuple[str, str | None]:
    """What to tell a person of an error, and a hint. A bug's details are for the log."""
    if isinstance(error, UserError):
        return str(error), None
    # torch raises its own classes: of CUDA, and a plain RuntimeError of the processor's allocator.
    if (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    ):
        return "Memory ran out", MEMORY_HINT
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full", "Free some space and start it again"
    return f"An internal error stopped the work ({type(error).__name__})", "The log has the details"


def settle_in() -> None:
    """Be a good neighbour before any work begins."""
    faulthandler.enable()
    keep_large_blocks()
    os.nice(NICE)
    if sys.platform == "linux":
        with suppress(OSError):  # some containers do not let anybody choose
            Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    signal.signal(signal.SIGTERM, _stop)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(name)s: %(message)s", datefmt="%H:%M:%S")


def _stop(number: int, frame: FrameType | None) -> None:
    """A termination becomes an exception, so that half-written folders are removed on the way out."""
    raise SystemExit(128 + number)


def main(job_id: str) -> int:
    settle_in()
    return 0 if run_job(job_id, Workspace.default()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
