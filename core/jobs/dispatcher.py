"""Decides what runs: starts what waits, presses those that should stop, and finds those that died.

Any number of servers may have a dispatcher on the same workspace. The one that holds the lease works; another takes
over when the holder is gone, and adopts its jobs: all that is known of them is in the table.
"""

from __future__ import annotations

import json
import logging
import secrets
import socket
import threading
import time
from dataclasses import dataclass

import psutil

from core.errors import UserError
from core.jobs.engine import Engine
from core.jobs.job import Job, from_row
from core.jobs.lanes import startable
from core.jobs.table import JobTable
from core.settings import settings
from core.store.processes import is_alive, this_process
from core.store.workspace import Workspace

LEASE_S = 10.0
SPARE_BYTES = 3 * 2**29  # another job beside a running one needs this much free memory to begin

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks, and from the wish to stop to SIGTERM, and from there to SIGKILL."""

    tick_s: float = 0.5
    term_after_s: float = 5.0
    kill_after_s: float = 5.0


class Dispatcher:
    """A thread of the server. Stopping it leaves the jobs running: the next one finds them."""

    def __init__(
        self, workspace: Workspace, engine: Engine, *, max_jobs: int | None = None, pace: Pace | None = None
    ) -> None:
        self._workspace, self._engine = workspace, engine
        self._table = JobTable(workspace)
        self._max_jobs, self._pace = max_jobs or settings().max_jobs, pace or Pace()
        self._holder = secrets.token_hex(6)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._terminated: set[str] = set()

    def start(self) -> None:
        """Begin to dispatch; also removes what dead processes left half-written."""
        self._workspace.sweep()
        self._thread.start()

    def stop(self) -> None:
        """End the thread and give the lease back."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._workspace.transaction() as db:
            db.execute("DELETE FROM leases WHERE name = 'dispatcher' AND holder = ?", (self._holder,))

    def tick(self) -> None:
        """One look at the table. Nothing happens without the lease."""
        if not self._holds_lease():
            return
        for job in self._running():
            if not self._engine.alive(job):
                self._bury(job)
            elif job.cancel_requested_at is not None:
                self._press(job, time.time() - job.cancel_requested_at)
        while (job_to_start := self._claim()) is not None:
            self._begin(job_to_start)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.tick()
            except Exception:
                # A full disk or a locked index passes; a dispatcher that gave up would leave every job waiting.
                log.exception("The dispatcher could not look after the jobs; it tries again")
            self._stopped.wait(self._pace.tick_s)

    def _holds_lease(self) -> bool:
        pid, started = this_process()
        host, now = socket.gethostname(), time.time()
        with self._workspace.connect() as db:
            fresh = db.execute(
                "SELECT 1 FROM leases WHERE name = 'dispatcher' AND holder = ? AND expires_at > ?",
                (self._holder, now + LEASE_S / 2),
            ).fetchone()
        if fresh:
            return True
        with self._workspace.transaction() as db:
            lease = db.execute("SELECT * FROM leases WHERE name = 'dispatcher'").fetchone()
            if lease and lease["holder"] != self._holder and lease["expires_at"] > now:
                gone = lease["host"] == host and not is_alive(lease["pid"], lease["pid_started"])
                if not gone:
                    return False
            db.execute(
                "INSERT OR REPLACE INTO leases (name, host, pid, pid_started, holder, expires_at)"
                " VALUES ('dispatcher', ?, ?, ?, ?, ?)",
                (host, pid, started, self._holder, now + LEASE_S),
            )
        return True

    def _running(self) -> list[Job]:
        with self._workspace.connect() as db:
            rows = db.execute(
                "SELECT * FROM jobs WHERE state = 'running' AND engine = ?", (self._engine.name,)
            ).fetchall()
        return [from_row(row) for row in rows]

    def _bury(self, job: Job) -> None:
        """Write down the end of a job whose process is gone; a job that wrote its own end keeps it."""
        if job.cancel_requested:
            self._table.finish(job.id, "cancelled")
        else:
            ending = self._engine.ending(job)
            if self._table.finish(job.id, "lost", error=ending.reason, hint=ending.hint):
                log.warning("Job %s (%s) is lost: %s", job.id, job.title, ending.reason)
        self._terminated.discard(job.id)
        self._workspace.sweep()  # a process that was killed could not remove what it had half-written

    def _press(self, job: Job, waited_s: float) -> None:
        """First the flag, which the work sees by itself; then a request to its process; then its end."""
        if waited_s > self._pace.term_after_s + self._pace.kill_after_s:
            self._engine.stop(job, force=True)
        elif waited_s > self._pace.term_after_s and job.id not in self._terminated:
            self._terminated.add(job.id)
            self._engine.stop(job, force=False)

    def _claim(self) -> Job | None:
        """Mark the next job as running, if there is room for its kind: owners take turns, and no work runs twice at
        once."""
        with self._workspace.transaction() as db:
            running = [row["kind"] for row in db.execute("SELECT kind FROM jobs WHERE state = 'running'")]
            kinds = startable(running, self._max_jobs)
            if running and psutil.virtual_memory().available < SPARE_BYTES:
                return None
            row = db.execute(
                """SELECT id FROM jobs AS q WHERE state = 'queued'
                   AND (:any OR kind IN (SELECT value FROM json_each(:kinds)))
                   AND NOT EXISTS (SELECT 1 FROM jobs AS r WHERE r.state = 'running' AND r.spec_hash = q.spec_hash)
                   ORDER BY (SELECT COUNT(*) FROM jobs AS r WHERE r.state = 'running' AND r.owner = q.owner),
                            (SELECT COALESCE(MAX(r.started_at), 0) FROM jobs AS r WHERE r.owner = q.owner),
                            created_at, rowid LIMIT 1""",
                {"any": kinds is None, "kinds": json.dumps(sorted(kinds or ()))},
            ).fetchone()
            if row is None:
                return None
            claimed = db.execute(
                "UPDATE jobs SET state = 'running', engine = ?, started_at = ?, stage = 'Starting' WHERE id = ?"
                " RETURNING *",
                (self._engine.name, time.time(), row["id"]),
            ).fetchone()
        return from_row(claimed)

    def _begin(self, job: Job) -> None:
        try:
            self._engine.start(job)
        except (OSError, UserError) as error:
            self._table.finish(job.id, "failed", error=f"The job could not be started: {error}")
