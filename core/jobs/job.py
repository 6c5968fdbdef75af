"""A job as everybody sees it: an immutable copy of its row."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "lost"]
ACTIVE: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of background work. Times are seconds since the epoch, ``eta_s`` seconds from the last report.

    ``failed``: the work said why in ``error``. ``lost``: its process ended without a word. ``hint`` is what a person
    can do about it, where that is known.
    """

    id: str
    kind: str
    title: str
    owner: str
    spec: dict[str, Any]
    spec_hash: str
    state: State
    stage: str
    fraction: float
    eta_s: float | None
    message: str
    engine: str | None
    pid: int | None
    pid_started: float | None
    host: str | None
    heartbeat_at: float | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    cancel_requested_at: float | None
    result: dict[str, Any] | None
    error: str | None
    hint: str | None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def cancel_requested(self) -> bool:
        return self.cancel_requested_at is not None


def from_row(row: sqlite3.Row) -> Job:
    values = dict(row)
    result = values["result"]
    return Job(
        **{**values, "spec": json.loads(values["spec"]), "result": json.loads(result) if result is not None else None}
    )
