"""Which model of a lineage judges the machine now, how it came to be, and the way back.

A lineage begins with a model that somebody trained, and is called by its id. Candidates that were trained to succeed it
are promoted or rejected; the log of that is only ever added to, and the champion is what the log says.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import UserError
from core.store.models import ModelStore
from core.store.workspace import Workspace

Action = Literal["promoted", "rejected", "rolled back"]


@dataclass(frozen=True, slots=True)
class Succession:
    """A line of the log. ``champion``: the model that judges from then on; ``challenger``: the candidate, None for a
    way back. ``why`` it was tried, ``verdict``: the reasons of the decision, one a line; ``figures`` as JSON."""

    id: int
    lineage: str
    action: Action
    champion: str
    challenger: str | None
    said_by: str
    why: str
    verdict: tuple[str, ...]
    figures: dict[str, Any]
    said_at: float


class ChampionStore:
    """Champions by lineage. Every decision is one insertion: it happened, or it did not."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def lineage(self, model: str) -> str:
        """The lineage that a model belongs to; its own where it is nobody's successor. UserError for an unknown id."""
        ModelStore(self.workspace).get(model)
        with self.workspace.connect() as db:
            row = db.execute("SELECT lineage FROM successions WHERE challenger = ? LIMIT 1", (model,)).fetchone()
        return str(row["lineage"]) if row else model

    def champion(self, model: str) -> str:
        """The id of the model that judges now, of the lineage of ``model``."""
        lineage = self.lineage(model)
        with self.workspace.connect() as db:
            return _champion(db, lineage)

    def history(self, model: str) -> list[Succession]:
        """The log of the lineage of ``model``, newest first."""
        with self.workspace.connect() as db:
            rows = db.execute(
                "SELECT * FROM successions WHERE lineage = ? ORDER BY id DESC", (self.lineage(model),)
            ).fetchall()
        return [_row(row) for row in rows]

    def promote(
        self, champion: str, challenger: str, *, said_by: str, why: str, verdict: Sequence[str], figures: dict[str, Any]
    ) -> None:
        """Let ``challenger`` follow ``champion``. UserError where another model has become champion meanwhile."""
        self._decide("promoted", champion, challenger, said_by, why, verdict, figures)

    def reject(
        self, champion: str, challenger: str, *, said_by: str, why: str, verdict: Sequence[str], figures: dict[str, Any]
    ) -> None:
        """Put down that ``challenger`` was tried and found wanting."""
        self._decide("rejected", champion, challenger, said_by, why, verdict, figures)

    def before(self, model: str) -> str | None:
        """The champion that a way back leads to, None where there was none before the present one."""
        with self.workspace.connect() as db:
            return _before(db, self.lineage(model))

    def roll_back(self, model: str, *, said_by: str, why: str) -> str:
        """Make the champion before the present one champion again; its id. UserError where there is none, or where it
        was removed."""
        lineage, models = self.lineage(model), ModelStore(self.workspace)
        with self.workspace.transaction() as db:
            earlier = _before(db, lineage)
            if earlier is None:
                raise UserError(
                    "There was no champion before this one", lineage, "Nothing to take back: this is the first model"
                )
            if models.get(earlier).deleted_at is not None:
                raise UserError("The champion before this one was removed", earlier, "Restore it on the Models page")
            _insert(db, (lineage, "rolled back", earlier, None, said_by, why, (), {}))
        return earlier

    def _decide(
        self,
        action: Action,
        champion: str,
        challenger: str,
        said_by: str,
        why: str,
        verdict: Sequence[str],
        figures: dict[str, Any],
    ) -> None:
        lineage = self.lineage(champion)
        ModelStore(self.workspace).get(challenger)
        with self.workspace.transaction() as db:
            now = _champion(db, lineage)
            if action == "promoted" and now != champion:
                raise UserError(
                    "Another model has become champion meanwhile", now, "Start again: the candidate met the wrong one"
                )
            after = challenger if action == "promoted" else now
            _insert(db, (lineage, action, after, challenger, said_by, why, verdict, figures))


def _insert(
    db: sqlite3.Connection,
    line: tuple[str, Action, str, str | None, str, str, Sequence[str], dict[str, Any]],
) -> None:
    lineage, action, champion, challenger, said_by, why, verdict, figures = line
    db.execute(
        "INSERT INTO successions (lineage, action, champion, challenger, said_by, why, verdict, figures, said_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (lineage, action, champion, challenger, said_by, why, json.dumps(list(verdict), ensure_ascii=False),
         json.dumps(figures, allow_nan=False, ensure_ascii=False), time.time()),
    )  # fmt: skip


def _line(db: sqlite3.Connection, lineage: str) -> list[str]:
    """Champions from the first to the present one, those that were taken back left out."""
    found = [lineage]
    rows = db.execute(
        "SELECT action, champion FROM successions WHERE lineage = ? AND action != 'rejected' ORDER BY id", (lineage,)
    )
    for row in rows:
        if row["action"] == "promoted":
            found.append(row["champion"])
        else:
            found.pop()
    return found


def _champion(db: sqlite3.Connection, lineage: str) -> str:
    return _line(db, lineage)[-1]


def _before(db: sqlite3.Connection, lineage: str) -> str | None:
    line = _line(db, lineage)
    return line[-2] if len(line) > 1 else None


def _row(row: sqlite3.Row) -> Succession:
    values = dict(row)
    values |= {"verdict": tuple(json.loads(row["verdict"])), "figures": json.loads(row["figures"])}
    return Succession(**values)
