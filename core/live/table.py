"""The bounded medium between the monitor's process and everybody who watches: a small SQLite file of its own.

One feed per workspace. The server writes wishes, the worker writes facts; whoever reads sees whole steps only. Rows are
counted from the first step ever seen on: the row number is never used again, so that a reader can resume from it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.store import database
from core.store.processes import is_alive
from core.store.workspace import Workspace

State = Literal["empty", "starting", "running", "waiting", "paused", "stopped", "finished", "failed", "died"]
ALIVE: tuple[State, ...] = ("starting", "running", "waiting", "paused")
Wish = Literal["run", "pause", "stop"]

STARTING_S = 60.0  # a process that was begun by a server which then died has this long to write its number
MOST_ALARMS, MOST_UNITS = 500, 2000
MOST_WAITING = 100_000  # pushed samples that wait for the worker

_TABLES = (
    """CREATE TABLE IF NOT EXISTS feed (
        id INTEGER PRIMARY KEY CHECK (id = 1), run TEXT NOT NULL, spec TEXT NOT NULL, wish TEXT NOT NULL,
        speed REAL NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL, error TEXT,
        pid INTEGER, pid_started REAL, server_pid INTEGER NOT NULL, server_started REAL NOT NULL,
        started_at REAL NOT NULL, beat_at REAL, rows INTEGER NOT NULL, changes INTEGER NOT NULL,
        status TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS blocks (
        start INTEGER PRIMARY KEY, n INTEGER NOT NULL, unit TEXT NOT NULL, machine TEXT NOT NULL,
        first INTEGER NOT NULL, time BLOB NOT NULL, readings BLOB NOT NULL, surprise BLOB NOT NULL,
        limits BLOB NOT NULL, health BLOB NOT NULL, labels BLOB)""",
    """CREATE TABLE IF NOT EXISTS alarms (
        key TEXT PRIMARY KEY, changed INTEGER NOT NULL, began REAL NOT NULL, alarm TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS alarms_changed ON alarms (changed)",
    """CREATE TABLE IF NOT EXISTS units (
        id INTEGER PRIMARY KEY AUTOINCREMENT, unit TEXT NOT NULL, finished_at REAL NOT NULL, source TEXT NOT NULL,
        summary TEXT NOT NULL, analysis TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS inbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, samples TEXT NOT NULL, complete TEXT NOT NULL)""",
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """The feed as it is now. ``rows``: steps ever seen in this workspace, the number of the next one; ``changes``: how
    often an alarm ever began, grew or closed. ``speed`` is inf for as fast as can be. ``status`` is what the worker
    last said of the feed and its units (``Worker._status``)."""

    run: str
    spec: dict[str, Any]
    wish: Wish
    speed: float
    generation: int
    state: State
    error: str | None
    pid: int | None
    pid_started: float | None
    server_pid: int
    server_started: float
    started_at: float
    beat_at: float | None
    rows: int
    changes: int
    status: dict[str, Any]


class LiveTable:
    """The feed of a workspace. Every call opens the file, does one short transaction, and closes it."""

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.root / "live"
        self.folder.mkdir(exist_ok=True)
        self.path = self.folder / "feed.sqlite"
        if not self.path.exists() or not self._ready():
            database.use_write_ahead_log(self.path)
            with self.transaction() as db:
                for statement in _TABLES:
                    db.execute(statement)

    def connect(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.connect(self.path)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.transaction(self.path)

    @property
    def log(self) -> Path:
        """What the worker writes on its way; begun anew at every start."""
        return self.folder / "log.txt"

    def feed(self) -> FeedRow | None:
        """The feed, None before the first start. A worker that is gone without a word has ``died``."""
        with self.connect() as db:
            row = db.execute("SELECT * FROM feed").fetchone()
        return None if row is None else _feed(row)

    def alarms(self, since: int = 0) -> list[dict[str, Any]]:
        """The last alarms in the order in which they began, each with ``began``, the wall clock's time, and ``change``,
        the number of its last change; ``since`` keeps those that changed after that number."""
        with self.connect() as db:
            rows = db.execute(
                "SELECT changed, began, alarm FROM alarms WHERE changed > ? ORDER BY began, changed", (since,)
            ).fetchall()
        return [json.loads(row["alarm"]) | {"began": row["began"], "change": row["changed"]} for row in rows]

    def units(self, limit: int = MOST_UNITS) -> list[dict[str, Any]]:
        """Completed units, newest first: ``id``, ``finished_at``, ``source`` and the summary of each."""
        with self.connect() as db:
            rows = db.execute(
                "SELECT id, finished_at, source, summary FROM units ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
        return [
            {"id": row["id"], "finished_at": row["finished_at"], "source": row["source"], **json.loads(row["summary"])}
            for row in rows
        ]

    def unit(self, unit_id: str) -> dict[str, Any] | None:
        """A completed unit by its id, or the newest of that name, with its curves and alarms."""
        with self.connect() as db:
            row = db.execute(
                "SELECT * FROM units WHERE id = ? OR unit = ? ORDER BY id = ? DESC, id DESC LIMIT 1",
                (unit_id if unit_id.isdigit() and len(unit_id) < 19 else -1, unit_id, unit_id),
            ).fetchone()
        if row is None:
            return None
        kept: dict[str, Any] = {"id": row["id"], "finished_at": row["finished_at"], "source": row["source"]}
        kept |= json.loads(row["summary"]) | json.loads(row["analysis"])
        return kept

    def _ready(self) -> bool:
        with self.connect() as db:
            found = db.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'inbox'").fetchone()
        return bool(found[0])


def clear(db: sqlite3.Connection) -> None:
    """Forget what was seen; completed units stay."""
    for table in ("blocks", "alarms", "inbox"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608


def _feed(row: sqlite3.Row) -> FeedRow:
    values = dict(row)
    values.pop("id")
    values |= {"spec": json.loads(values["spec"]), "status": json.loads(values["status"])}
    found = FeedRow(**values)
    state: State = found.state
    if state in ALIVE and not _process_lives(found):
        state = "died"
    return FeedRow(**(values | {"state": state}))


def _process_lives(feed: FeedRow) -> bool:
    if feed.pid is None or feed.pid_started is None:
        return time.time() - feed.started_at < STARTING_S
    return is_alive(feed.pid, feed.pid_started)
