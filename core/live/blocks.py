"""The ring of the last steps: written by the worker, read by pages and by the API. Its size does not grow."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.live.table import MOST_ALARMS, MOST_UNITS, LiveTable

if TYPE_CHECKING:  # pages read blocks and need not wait for SciPy
    from core.streaming.monitor import Completed
    from core.streaming.watch import Scored

RING_CELLS, RING_ROWS, RING_BLOCKS = 2_000_000, 20_000, 4_000
BLOCK_ROWS = 256  # a block grows to this size before another begins


@dataclass(frozen=True)
class Steps:
    """Consecutive rows of the feed, perhaps of several units; shapes as in ``Scored``, ``row`` (n,) their numbers.

    ``unit`` and ``step`` are (n,); ``labels`` (n,) is -1 where nobody knows, else 0 or 1.
    """

    row: NDArray[np.int64]
    unit: NDArray[np.str_]
    machine: NDArray[np.str_]
    step: NDArray[np.int64]
    time: NDArray[np.float64]
    readings: NDArray[np.float32]
    surprise: NDArray[np.float32]
    limits: NDArray[np.float32]
    health: NDArray[np.float32]
    labels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.row)


class Ring:
    """The worker's end. ``width``: sensors, ``voices``: detectors and the ensemble."""

    def __init__(self, table: LiveTable, run: str, generation: int, width: int, voices: int) -> None:
        self._table, self._run, self._generation = table, run, generation
        self._width = width
        self.capacity = min(RING_ROWS, max(RING_CELLS // (width + 2 * voices + 2), 1000))

    def write(
        self,
        scored: Sequence[Scored],
        completed: Sequence[Completed],
        source: str,
        status: dict[str, Any],
        state: str,
        replaced: Sequence[str] = (),
    ) -> bool:
        """Put everything down at once; False where the feed was reset or started anew meanwhile: nothing is written.
        ``replaced``: units that this feed has archived and that give way to the completed ones."""
        with self._table.transaction() as db:
            row = db.execute(
                "SELECT rows, changes FROM feed WHERE run = ? AND generation = ?", (self._run, self._generation)
            ).fetchone()
            if row is None:
                return False
            rows = self._steps(db, scored, int(row["rows"]))
            changes = self._alarms(db, scored, int(row["changes"]))
            db.executemany(
                "INSERT INTO units (unit, finished_at, source, summary, analysis) VALUES (?, ?, ?, ?, ?)",
                [
                    (one.unit, time.time(), source, json.dumps(one.summary), json.dumps(one.analysis))
                    for one in completed
                ],
            )
            db.executemany(
                "DELETE FROM units WHERE unit = ? AND source = ? AND finished_at >= (SELECT started_at FROM feed)",
                [(name, source) for name in replaced],
            )
            self._trim(db, rows)
            db.execute(
                "UPDATE feed SET rows = ?, changes = ?, status = ?, state = ?, beat_at = ?",
                (rows, changes, json.dumps(status, ensure_ascii=False), state, time.time()),
            )
        return True

    def _steps(self, db: sqlite3.Connection, scored: Sequence[Scored], rows: int) -> int:
        """Add the steps from row number ``rows`` on; the number of the next row."""
        total = sum(map(len, scored))
        for one in scored:
            if len(one) and total - self.capacity < len(one):  # older ones would be trimmed at once
                self._add(db, one, rows)
            total -= len(one)
            rows += len(one)
        return rows

    def _alarms(self, db: sqlite3.Connection, scored: Sequence[Scored], changes: int) -> int:
        """Put down the latest of each alarm that changed; how many changes there have been ever."""
        latest = {alarm.key: alarm for one in scored for alarm in one.alarms}
        for change, alarm in enumerate(latest.values(), changes + 1):
            db.execute(
                "INSERT INTO alarms (key, changed, began, alarm) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET changed = excluded.changed, alarm = excluded.alarm",
                (alarm.key, change, time.time(), json.dumps(alarm.to_json())),
            )
        return changes + len(latest)

    def _add(self, db: sqlite3.Connection, one: Scored, start: int) -> None:
        """Behind the last block where it is the same unit's and has room, else as blocks of their own."""
        last = db.execute("SELECT * FROM blocks ORDER BY start DESC LIMIT 1").fetchone()
        done = 0
        if last is not None and last["unit"] == one.unit and last["start"] + last["n"] == start:
            follows = last["first"] + last["n"] == one.first and (last["labels"] is None) == (one.labels is None)
            done = min(BLOCK_ROWS - last["n"], len(one)) if follows else 0
            if done > 0:
                blobs = [
                    None if more is None else bytes(last[name]) + more for name, more in _blobs(one, 0, done).items()
                ]
                db.execute(
                    "UPDATE blocks SET n = n + ?, time = ?, readings = ?, surprise = ?, limits = ?, health = ?,"
                    " labels = ? WHERE start = ?",
                    (done, *blobs, last["start"]),
                )
        for begin in range(max(done, 0), len(one), BLOCK_ROWS):
            stop = min(begin + BLOCK_ROWS, len(one))
            db.execute(
                "INSERT INTO blocks (start, n, unit, machine, first, time, readings, surprise, limits, health, labels)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (start + begin, stop - begin, one.unit, one.machine, one.first + begin,
                 *_blobs(one, begin, stop).values()),
            )  # fmt: skip

    def _trim(self, db: sqlite3.Connection, rows: int) -> None:
        db.execute("DELETE FROM blocks WHERE start + n <= ?", (rows - self.capacity,))
        db.execute(
            "DELETE FROM blocks WHERE start < (SELECT start FROM blocks ORDER BY start DESC LIMIT 1 OFFSET ?)",
            (RING_BLOCKS - 1,),
        )
        db.execute(
            "DELETE FROM alarms WHERE key IN (SELECT key FROM alarms ORDER BY changed DESC LIMIT -1 OFFSET ?)",
            (MOST_ALARMS,),
        )
        db.execute("DELETE FROM units WHERE id <= (SELECT MAX(id) FROM units) - ?", (MOST_UNITS,))


def kept_units(table: LiveTable) -> list[str]:
    """Names of the units that the ring holds steps of, the latest first."""
    with table.connect() as db:
        rows = db.execute("SELECT unit FROM blocks GROUP BY unit ORDER BY MAX(start) DESC").fetchall()
    return [str(row["unit"]) for row in rows]


def read(
    table: LiveTable, *, since: int = 0, last: int | None = None, unit: str | None = None, generation: int | None = None
) -> Steps:
    """Rows from number ``since`` on, the newest ``last`` of them; of one ``unit`` where it is named."""
    with table.connect() as db:
        feed = db.execute("SELECT generation, status FROM feed").fetchone()
        found, rows = [], 0
        if feed is not None and generation in (None, feed["generation"]):
            query = "SELECT * FROM blocks WHERE start + n > ? AND (? IS NULL OR unit = ?) ORDER BY start DESC"
            for block in db.execute(query, (since, unit, unit)):
                found.append(block)
                rows += block["n"]
                if last is not None and rows >= last:
                    break
    status = json.loads(feed["status"]) if feed else {}
    steps = _joined(found[::-1], len(status.get("sensors", ())), len(status.get("detectors", ())) + 1)
    keep = steps.row >= since
    if last is not None:
        keep[: max(len(steps) - last, 0)] = False
    return Steps(**{name: array[keep] for name, array in vars(steps).items()})


def _joined(blocks: list[sqlite3.Row], width: int, voices: int) -> Steps:
    counts = [block["n"] for block in blocks]

    def column(name: str, dtype: type, k: int | None = None) -> NDArray[Any]:
        parts: list[NDArray[Any]] = [np.frombuffer(block[name], dtype) for block in blocks]
        flat = np.concatenate(parts) if parts else np.zeros(0, dtype)
        return flat if k is None else flat.reshape(sum(counts), k)

    labels = [
        np.full(block["n"], -1, np.int8) if block["labels"] is None else np.frombuffer(block["labels"], np.int8)
        for block in blocks
    ]
    return Steps(
        row=_counted([block["start"] for block in blocks], counts),
        unit=np.repeat([block["unit"] for block in blocks] or np.zeros(0, str), counts or 0),
        machine=np.repeat([block["machine"] for block in blocks] or np.zeros(0, str), counts or 0),
        step=_counted([block["first"] for block in blocks], counts),
        time=column("time", np.float64),
        readings=column("readings", np.float32, width),
        surprise=column("surprise", np.float32, voices),
        limits=column("limits", np.float32, voices),
        health=column("health", np.float32),
        labels=np.concatenate(labels) if labels else np.zeros(0, np.int8),
    )


def _counted(starts: list[int], counts: list[int]) -> NDArray[np.int64]:
    found = [np.arange(start, start + n) for start, n in zip(starts, counts, strict=True)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _blobs(one: Scored, start: int, stop: int) -> dict[str, bytes | None]:
    part = slice(start, stop)
    return {
        "time": one.time[part].astype(np.float64).tobytes(),
        "readings": one.readings[part].astype(np.float32).tobytes(),
        "surprise": one.surprise[part].astype(np.float32).tobytes(),
        "limits": one.limits[part].astype(np.float32).tobytes(),
        "health": one.health[part].astype(np.float32).tobytes(),
        "labels": None if one.labels is None else one.labels[part].astype(np.int8).tobytes(),
    }
