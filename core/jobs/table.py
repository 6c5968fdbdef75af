"""The job table: the one truth about background work. Pages and scripts write wishes, workers write facts."""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.jobs.job import Job, State, from_row
from core.jobs.tasks import TASKS
from core.jobs.tasks.contract import TaskInfo
from core.store.datasets import clean_name
from core.store.workspace import Workspace

__all__ = ["CurvePoint", "Job", "JobTable", "Submission"]

TAIL_BYTES = 256 * 1024  # a log may be long; its tail is asked for every second
CurvePoint = tuple[int, str, float]  # step, name, value
Curve = list[CurvePoint]


@dataclass(frozen=True, slots=True)
class Submission:
    """``existing``: the job was there already, running or done with a result that still stands."""

    job_id: str
    existing: bool


class JobTable:
    """Jobs of one workspace. Every call opens the index, does one short transaction, and closes it."""

    def __init__(self, workspace: Workspace, tasks: Mapping[str, TaskInfo] = TASKS) -> None:
        self.workspace = workspace
        self.tasks = tasks

    def submit(
        self, kind: str, spec: Mapping[str, Any], *, title: str, owner: str = "local", force: bool = False
    ) -> Submission:
        """Ask for work. Identical work that runs, or that ended with a result that still stands, is offered instead.

        ``force`` asks for it again all the same. UserError for an unknown kind or a bad specification.
        """
        task = self._task(kind)
        checked = task.checked(spec)
        identity = task.identity(checked)
        finished = None if force else self._finished(task, identity)
        if finished:
            return Submission(finished, existing=True)
        job_id = secrets.token_hex(6)
        with self.workspace.transaction() as db:
            active = db.execute(
                "SELECT id FROM jobs WHERE spec_hash = ? AND state IN ('queued', 'running')"
                " AND cancel_requested_at IS NULL",
                (identity,),
            ).fetchone()
            if active and not force:
                return Submission(active["id"], existing=True)
            db.execute(
                "INSERT INTO jobs"
                " (id, kind, title, owner, spec, spec_hash, state, stage, fraction, message, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 'queued', '', 0, '', ?)",
                (
                    job_id,
                    kind,
                    clean_name(title),
                    owner,
                    json.dumps(checked, ensure_ascii=False),
                    identity,
                    time.time(),
                ),
            )
        return Submission(job_id, existing=False)

    def get(self, job_id: str) -> Job:
        """The job as it is now. UserError for an unknown id."""
        with self.workspace.connect() as db:
            row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise UserError(f"There is no job «{job_id}»", "", "List the jobs to see which there are")
        return from_row(row)

    def list(self, active: bool | None = None, limit: int = 200) -> list[Job]:
        """Jobs, newest first; ``active`` keeps those that wait or run (True) or have ended (False)."""
        condition = {
            None: "",
            True: "WHERE state IN ('queued', 'running')",
            False: "WHERE state NOT IN ('queued', 'running')",
        }[active]
        with self.workspace.connect() as db:
            rows = db.execute(
                f"SELECT * FROM jobs {condition} ORDER BY created_at DESC, rowid DESC LIMIT ?",  # noqa: S608
                (limit,),
            ).fetchall()
        return [from_row(row) for row in rows]

    def find(self, kind: str, spec: Mapping[str, Any]) -> Job | None:
        """The newest job that was asked for exactly this, whatever became of it; None where nobody did."""
        task = self._task(kind)
        with self.workspace.connect() as db:
            row = db.execute(
                "SELECT * FROM jobs WHERE spec_hash = ? ORDER BY created_at DESC, rowid DESC LIMIT 1",
                (task.identity(task.checked(spec)),),
            ).fetchone()
        return from_row(row) if row else None

    def standing(self, kind: str, spec: Mapping[str, Any]) -> Job | None:
        """The job that ``submit`` would offer instead of new work, None where it would begin anew."""
        task = self._task(kind)
        identity = task.identity(task.checked(spec))
        for job in self.list(active=True):
            if job.spec_hash == identity and not job.cancel_requested:
                return job
        finished = self._finished(task, identity)
        return self.get(finished) if finished else None

    def same(self, kind: str, spec: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two specifications ask for the same result."""
        task = self._task(kind)
        return task.identity(task.checked(spec)) == task.identity(task.checked(other))

    def request_cancel(self, job_id: str) -> None:
        """Ask a job to stop. One that waits is cancelled at once; one that has ended stays as it is."""
        self.get(job_id)
        now = time.time()
        with self.workspace.transaction() as db:
            db.execute(
                "UPDATE jobs SET state = 'cancelled', finished_at = ?, cancel_requested_at = ?"
                " WHERE id = ? AND state = 'queued'",
                (now, now, job_id),
            )
            db.execute(
                "UPDATE jobs SET cancel_requested_at = ?"
                " WHERE id = ? AND state = 'running' AND cancel_requested_at IS NULL",
                (now, job_id),
            )

    def retry(self, job_id: str) -> str:
        """Ask for the same work once more; the id of the new job, or of an identical one that is under way."""
        job = self.get(job_id)
        for other in self.list(active=True):
            if other.spec_hash == job.spec_hash and not other.cancel_requested:
                return other.id
        return self.submit(job.kind, job.spec, title=job.title, owner=job.owner, force=True).job_id

    def log_path(self, job_id: str) -> Path:
        """Where the job's log is or will be."""
        folder = self.workspace.jobs / self.get(job_id).id
        folder.mkdir(exist_ok=True)
        return folder / "log.txt"

    def log_tail(self, job_id: str, lines: int = 200) -> str:
        """The last lines of the log, empty before there is one."""
        path = self.log_path(job_id)
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode(errors="replace")
        return "".join(text.splitlines(keepends=True)[-lines:])

    def curve(self, job_id: str) -> Curve:
        """Reported figures in the order of their steps: (step, name, value)."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT step, name, value FROM curves WHERE job_id = ? ORDER BY step, name", (job_id,)
            ).fetchall()
        # SQLite keeps NaN as NULL.
        return [(row["step"], row["name"], math.nan if row["value"] is None else row["value"]) for row in rows]

    def finish(
        self,
        job_id: str,
        state: State,
        *,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
        hint: str | None = None,
    ) -> bool:
        """End a running job; False where it had ended already, and then nothing changes."""
        text = None if result is None else json.dumps(result, ensure_ascii=False)
        with self.workspace.transaction() as db:
            changed = db.execute(
                "UPDATE jobs SET state = ?, result = ?, error = ?, hint = ?, finished_at = ?, eta_s = NULL,"
                " fraction = CASE WHEN ? = 'succeeded' THEN 1 ELSE fraction END WHERE id = ? AND state = 'running'",
                (state, text, error, hint, time.time(), state, job_id),
            ).rowcount
        return changed == 1

    def _task(self, kind: str) -> TaskInfo:
        if kind not in self.tasks:
            raise UserError(f"There is no kind of job «{kind}»", "", f"Choose one of {', '.join(self.tasks)}")
        return self.tasks[kind]

    def _finished(self, task: TaskInfo, identity: str) -> str | None:
        """The newest identical job whose result still stands."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT id, result FROM jobs WHERE spec_hash = ? AND state = 'succeeded' ORDER BY finished_at DESC",
                (identity,),
            ).fetchall()
        for row in rows:
            if task.stands(json.loads(row["result"]), self.workspace):
                return str(row["id"])
        return None
