"""The SQLite index: its tables, how they came to be, and how to open it.

Write-ahead logging lets pages read while jobs write. A connection lives for one call, a transaction for a few
statements; the file lies on a local disk, never on a network share.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import UserError

BUSY_TIMEOUT_S = 10.0

# One entry per schema version, each a list of statements. Append; never edit what has been released.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE datasets (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL, root TEXT NOT NULL, owned INTEGER NOT NULL,
            n_items INTEGER NOT NULL, n_train INTEGER NOT NULL, n_test INTEGER NOT NULL, n_bad INTEGER NOT NULL,
            n_masks INTEGER NOT NULL, n_rejected INTEGER NOT NULL, created_at REAL NOT NULL, deleted_at REAL)""",
        """CREATE TABLE exclusions (
            dataset_id TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (dataset_id, item)) WITHOUT ROWID""",
        """CREATE TABLE labels (
            dataset_id TEXT NOT NULL, item TEXT NOT NULL, label TEXT NOT NULL, labelled_at REAL NOT NULL,
            PRIMARY KEY (dataset_id, item)) WITHOUT ROWID""",
        """CREATE TABLE models (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, detector TEXT NOT NULL, dataset_id TEXT NOT NULL,
            tags TEXT NOT NULL, stage TEXT NOT NULL, manifest TEXT NOT NULL, created_at REAL NOT NULL,
            deleted_at REAL)""",
        "CREATE INDEX models_dataset ON models (dataset_id)",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, model_id TEXT NOT NULL, dataset_id TEXT NOT NULL, metrics TEXT,
            created_at REAL NOT NULL, UNIQUE (model_id, dataset_id))""",
        "CREATE INDEX runs_dataset ON runs (dataset_id)",
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, owner TEXT NOT NULL, spec TEXT NOT NULL,
            spec_hash TEXT NOT NULL, state TEXT NOT NULL, stage TEXT NOT NULL, fraction REAL NOT NULL, eta_s REAL,
            message TEXT NOT NULL, engine TEXT, pid INTEGER, pid_started REAL, host TEXT, heartbeat_at REAL,
            created_at REAL NOT NULL, started_at REAL, finished_at REAL, cancel_requested_at REAL, result TEXT,
            error TEXT, hint TEXT)""",
        "CREATE INDEX jobs_state ON jobs (state, created_at)",
        "CREATE INDEX jobs_spec ON jobs (spec_hash)",
        """CREATE TABLE curves (
            job_id TEXT NOT NULL, name TEXT NOT NULL, step INTEGER NOT NULL, value REAL,
            PRIMARY KEY (job_id, name, step)) WITHOUT ROWID""",
        """CREATE TABLE leases (
            name TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, pid_started REAL NOT NULL,
            holder TEXT NOT NULL, expires_at REAL NOT NULL)""",
    ),
    ("ALTER TABLE models DROP COLUMN stage",),
    (
        "ALTER TABLE datasets ADD COLUMN modality TEXT NOT NULL DEFAULT 'image'",
        "ALTER TABLE datasets ADD COLUMN n_steps INTEGER NOT NULL DEFAULT 0",
    ),
    (
        """CREATE TABLE mappings (
            signature TEXT PRIMARY KEY, mapping TEXT NOT NULL, said_at REAL NOT NULL) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE successions (
            id INTEGER PRIMARY KEY AUTOINCREMENT, lineage TEXT NOT NULL, action TEXT NOT NULL, champion TEXT NOT NULL,
            challenger TEXT, said_by TEXT NOT NULL, why TEXT NOT NULL, verdict TEXT NOT NULL, figures TEXT NOT NULL,
            said_at REAL NOT NULL)""",
        "CREATE INDEX successions_lineage ON successions (lineage)",
        """CREATE TRIGGER successions_stay BEFORE UPDATE ON successions
            BEGIN SELECT RAISE(ABORT, 'the log of successions is only added to'); END""",
        """CREATE TRIGGER successions_remain BEFORE DELETE ON successions
            BEGIN SELECT RAISE(ABORT, 'the log of successions is only added to'); END""",
    ),
    (
        """CREATE TABLE rust_sets (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, n_photos INTEGER NOT NULL, photos TEXT NOT NULL,
            corrections TEXT NOT NULL, created_at REAL NOT NULL, deleted_at REAL)""",
        """CREATE TABLE rust_analyses (
            id TEXT PRIMARY KEY, set_id TEXT NOT NULL, settings TEXT NOT NULL, created_at REAL NOT NULL)""",
        "CREATE INDEX rust_analyses_set ON rust_analyses (set_id, created_at)",
    ),
    (
        """CREATE TABLE continual_runs (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, stream TEXT NOT NULL, config_sha256 TEXT NOT NULL,
            about TEXT NOT NULL, created_at REAL NOT NULL, deleted_at REAL)""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN deleted_at REAL",
        """CREATE TABLE saved_views (
            id INTEGER PRIMARY KEY AUTOINCREMENT, page TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,
            saved_at REAL NOT NULL, deleted_at REAL)""",
        "CREATE UNIQUE INDEX saved_views_name ON saved_views (page, name) WHERE deleted_at IS NULL",
    ),
)


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for reading, rows by column name."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        yield connection


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose statements happen together or not at all.

    The write lock is taken at the start: what the block reads is then still true when it writes.
    """
    with connect(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def prepare(path: Path) -> None:
    """Create the index, or bring an older one up to date. UserError where a newer Faultline wrote it."""
    use_write_ahead_log(path)
    with connect(path) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise UserError(
            f"The workspace was written by a newer Faultline (index {version}, this one knows {len(MIGRATIONS)})",
            str(path.parent),
            "Update Faultline, or choose another workspace with FAULTLINE_DATA_DIR",
        )
    if version == len(MIGRATIONS):
        return
    with transaction(path) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been quicker
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def use_write_ahead_log(path: Path) -> None:
    """Switch the journal once; the switch needs the file alone, and SQLite does not wait for it by itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            with connect(path) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
