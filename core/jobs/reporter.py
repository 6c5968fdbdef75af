"""From a task's reports to its row in the table, at a pace that the table bears.

The task's calls only change memory; a thread writes what is new at most four times a second, beats the heart, and
learns whether the user asked to stop. Long calls into native code do not stop the thread.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from core.errors import Cancelled
from core.jobs.table import JobTable

WRITE_S = 0.25
HEARTBEAT_S = 2.0
MESSAGE_LENGTH = 300

log = logging.getLogger(__name__)


class Reporter:
    """The listener of one running job. A context manager: the last state is written when it closes."""

    def __init__(self, table: JobTable, job_id: str) -> None:
        self._table, self._job_id = table, job_id
        self._lock, self._done, self._cancelled = threading.Lock(), threading.Event(), threading.Event()
        self._fraction, self._stage, self._message = 0.0, "", ""
        self._points: dict[str, list[float]] = {}
        self._steps: dict[str, int] = {}
        self._unwritten: list[tuple[str, str, int, float]] = []
        self._eta = TimeLeft(time.monotonic())
        self._dirty, self._written = True, 0.0
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self._try(self._write)

    def sink(self, fraction: float, stage: str, metrics: dict[str, float]) -> None:
        """The sink of a Progress."""
        with self._lock:
            # Work that goes over its images twice does not make the bar go back.
            self._fraction, self._stage, self._dirty = max(self._fraction, fraction), stage, True
            self._eta.seen(time.monotonic(), self._fraction)
            for name, value in metrics.items():
                self._steps[name] = self._steps.get(name, 0) + 1
                self._points.setdefault(name, []).append(float(value))

    def say(self, message: str) -> None:
        """The last line of the log, beside the progress bar."""
        with self._lock:
            self._message, self._dirty = message.strip()[:MESSAGE_LENGTH], True

    def checkpoint(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _run(self) -> None:
        while not self._done.wait(WRITE_S):
            due = self._dirty or time.monotonic() - self._written > HEARTBEAT_S
            self._try(self._write if due else self._look)

    def _try(self, talk: Callable[[], None]) -> None:
        """A locked index or a full disk must not stop the work; what was not written comes with the next beat."""
        try:
            talk()
        except sqlite3.Error:
            log.warning("The job table could not be reached", exc_info=True)

    def _write(self) -> None:
        with self._lock:
            now = time.monotonic()
            values = (self._fraction, self._stage, self._eta.left(now), self._message, time.time(), self._job_id)
            # Several values within one beat become one point, their mean, at the last one's step.
            self._unwritten += [
                (self._job_id, name, self._steps[name], sum(found) / len(found)) for name, found in self._points.items()
            ]
            self._points, self._dirty, self._written = {}, False, now
        with self._table.workspace.transaction() as db:
            row = db.execute(
                "UPDATE jobs SET fraction = ?, stage = ?, eta_s = ?, message = ?, heartbeat_at = ?"
                " WHERE id = ? RETURNING cancel_requested_at",
                values,
            ).fetchone()
            db.executemany(
                "INSERT OR REPLACE INTO curves (job_id, name, step, value) VALUES (?, ?, ?, ?)", self._unwritten
            )
        self._unwritten = []
        if row is not None and row["cancel_requested_at"] is not None:
            self._cancelled.set()

    def _look(self) -> None:
        with self._table.workspace.connect() as db:
            row = db.execute("SELECT cancel_requested_at FROM jobs WHERE id = ?", (self._job_id,)).fetchone()
        if row is not None and row["cancel_requested_at"] is not None:
            self._cancelled.set()


class TimeLeft:
    """Seconds left, from the speed of the last minute: stages differ too much for an average since the start."""

    WINDOW_S = 60.0
    ENOUGH_S = 2.0  # a speed measured over less than this says nothing

    def __init__(self, now: float) -> None:
        self._seen: deque[tuple[float, float]] = deque([(now, 0.0)])

    def seen(self, now: float, fraction: float) -> None:
        """``fraction`` of the work, never less than before, was done at ``now`` (seconds of a steady clock)."""
        if now - self._seen[-1][0] >= self.ENOUGH_S / 4 or len(self._seen) == 1:
            self._seen.append((now, fraction))
        while len(self._seen) > 2 and now - self._seen[1][0] > self.WINDOW_S:
            self._seen.popleft()

    def left(self, now: float) -> float | None:
        """None while nobody can tell."""
        (began, first), (_, last) = self._seen[0], self._seen[-1]
        if last >= 1:
            return 0.0
        if now - began < self.ENOUGH_S or last <= first:
            return None
        return (1 - last) * (now - began) / (last - first)
