"""One process per job on this machine. A crash or a want of memory takes one job and nothing else.

The process leads its own session: it survives the server, and a new server finds it by number and start time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from core.jobs.engine import MEMORY_HINT, PERHAPS_MEMORY_HINT, Ending
from core.jobs.job import Job
from core.jobs.table import JobTable
from core.settings import PROJECT, settings
from core.store.processes import is_alive
from core.store.workspace import Workspace

WORKER = (sys.executable, "-m", "core.jobs.worker")
# A process that was started by a server which then died has this long to write its number into the table.
STARTING_S = 30.0


class LocalEngine:
    """Starts ``python -m core.jobs.worker ID`` for each job."""

    name = "local"

    def __init__(self, workspace: Workspace, command: Sequence[str] = WORKER, max_jobs: int | None = None) -> None:
        self._workspace, self._command = workspace, tuple(command)
        self._max_jobs = max_jobs or settings().max_jobs
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._kills: dict[str, int] = {}

    def start(self, job: Job) -> None:
        self._kills[job.id] = _memory_kills()
        with JobTable(self._workspace).log_path(job.id).open("ab") as log:
            child = subprocess.Popen(
                [*self._command, job.id],
                cwd=PROJECT,
                env=environment(self._workspace.root, self._max_jobs),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[job.id] = child
        # Somebody has to wait for a child, or it stays behind as a zombie.
        threading.Thread(target=child.wait, name=f"reap-{job.id}", daemon=True).start()

    def stop(self, job: Job, force: bool) -> None:
        child = self._children.get(job.id)
        if child is not None:
            pid = child.pid if child.poll() is None else None
        else:
            pid = job.pid if self.alive(job) else None
        if pid is None:
            return
        try:
            # The worker leads a process group of its own number; what it started ends with it.
            os.killpg(pid, signal.SIGKILL if force else signal.SIGTERM)
        except ProcessLookupError:
            return

    def alive(self, job: Job) -> bool:
        child = self._children.get(job.id)
        if child is not None:
            return child.poll() is None
        if job.pid is None or job.pid_started is None:
            return time.time() - (job.started_at or 0) < STARTING_S
        return is_alive(job.pid, job.pid_started)

    def ending(self, job: Job) -> Ending:
        if (job.heartbeat_at or job.started_at or 0) < psutil.boot_time():
            return Ending("The server machine was restarted while the job ran", "Start it again")
        child = self._children.get(job.id)
        code = child.poll() if child is not None else None
        if code is None:
            return Ending(
                "The process ended without a word while no server watched it",
                PERHAPS_MEMORY_HINT,
            )
        if code == -signal.SIGKILL and _memory_kills() > self._kills[job.id]:
            return Ending("The system ended the process because memory ran out (signal 9)", MEMORY_HINT)
        if code == -signal.SIGKILL:
            return Ending(
                "The process ended without a word: killed by signal 9 (SIGKILL)",
                PERHAPS_MEMORY_HINT,
            )
        if code == 128 + signal.SIGTERM or code == -signal.SIGTERM:
            return Ending("Somebody, or the system, asked the process to end (SIGTERM)", "Start it again")
        if code < 0:
            return Ending(
                f"The process ended without a word: killed by signal {-code} ({signal.strsignal(-code)})",
                "The end of the log shows where; start it again",
            )
        return Ending(
            f"The process ended without a word, with exit code {code}", "The end of the log shows where; start it again"
        )


def environment(root: Path, max_jobs: int) -> Mapping[str, str]:
    """The environment of a worker: what must be set before numerical libraries are imported."""
    threads = str(max(1, (os.cpu_count() or 1) // max_jobs))
    changed = {
        "FAULTLINE_DATA_DIR": str(root),
        "PYTHONUNBUFFERED": "1",
        # Jobs that each take all cores make each other slower than one after the other.
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "OPENCV_FOR_THREADS_NUM": threads,
        # Threads that wait by spinning take the cores from whoever they wait for, tenfold where the machine is busy.
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    return {**os.environ, **changed}


def _memory_kills() -> int:
    """How many processes the kernel has ended for want of memory since boot; 0 where it does not tell."""
    try:
        counters = Path("/proc/vmstat").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in counters.splitlines() if line.startswith("oom_kill ")), 0)
