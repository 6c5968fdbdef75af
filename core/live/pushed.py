"""Samples that people send, kept in the feed's file until the worker takes them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.errors import UserError
from core.live.table import MOST_WAITING, LiveTable
from core.streaming.samples import Sample, Sorter
from core.streaming.source import Batch, Tally


def put(table: LiveTable, samples: Sequence[Sample], complete: Sequence[str]) -> int:
    """Leave samples, and units that are complete after them, for the worker; how many samples wait now.

    UserError where too many wait already: none of these is then taken.
    """
    rows = [[sample.unit, sample.time, list(sample.readings)] for sample in samples]
    with table.transaction() as db:
        waiting = int(db.execute("SELECT COALESCE(SUM(n), 0) FROM inbox").fetchone()[0])
        if waiting + len(rows) > MOST_WAITING:
            raise UserError(
                f"{waiting:,} samples wait already and no more than {MOST_WAITING:,} may",
                "the monitor is behind or paused",
                "Send these again in a while",
            )
        db.execute(
            "INSERT INTO inbox (n, samples, complete) VALUES (?, ?, ?)",
            (len(rows), json.dumps(rows), json.dumps(list(complete))),
        )
    return waiting + len(rows)


class PushedSamples:
    """The source of what ``put`` left, in its order."""

    def __init__(self, table: LiveTable, sensors: Sequence[str]) -> None:
        self.sensors: Sequence[str] = tuple(sensors)
        self.tally = Tally()
        self._table = table
        self._sorter = Sorter(self.tally, len(self.sensors))
        self._running = False

    def take(self, now: float, most: int) -> list[Batch]:
        if not self._running:
            return []
        with self._table.connect() as db:
            if db.execute("SELECT 1 FROM inbox LIMIT 1").fetchone() is None:
                return []
        with self._table.transaction() as db:
            rows: list[sqlite3.Row] = []
            n = 0
            for row in db.execute("SELECT * FROM inbox ORDER BY id"):
                if rows and n + row["n"] > most:
                    break
                rows.append(row)
                n += row["n"]
            db.execute("DELETE FROM inbox WHERE id <= ?", (rows[-1]["id"] if rows else 0,))
        found: list[Batch] = []
        for row in rows:
            found += self._sorter.batches([Sample(*sample) for sample in json.loads(row["samples"])])
            found += [self._sorter.finish(unit) for unit in json.loads(row["complete"])]
        return found

    @property
    def exhausted(self) -> bool:
        return False

    def behind(self, now: float) -> int:
        with self._table.connect() as db:
            return int(db.execute("SELECT COALESCE(SUM(n), 0) FROM inbox").fetchone()[0])

    def set_speed(self, speed: float, now: float) -> None:
        self._running = speed > 0

    def close(self) -> None:
        """Nothing is held open."""
