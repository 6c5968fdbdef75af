"""A prepared state of the drift panel: what the live monitor said, a feed, and the figures of a trial."""

from __future__ import annotations

import json
from typing import Any

import toy_series as toys

from core.live.spec import checked
from core.live.table import LiveTable
from core.store import atomic
from core.store.processes import this_process
from core.store.workspace import Workspace


def machine(**changes: Any) -> dict[str, Any]:
    moved = {"sensor": "flow", "shift": 2.4, "ratio": 1.0, "p": 1e-9, "since_step": 1200, "since_time": 1200.0}
    view = {"p": 0.4, "figure": 0.1, "suspected": False, "drifted": False, "since_step": None, "since_time": None}
    drifted = view | {"drifted": True, "since_step": 1200, "since_time": 1200.0, "p": 1e-9}
    return {
        "verdict": "drift",
        "words": "The machine drifted: 1 sensor moved since step 1,200: flow (+2.4 usual spreads).",
        "confirmed": True,
        "block": 40,
        "window": 32,
        "blocks": 60,
        "steps": 2400,
        "unusual": 0,
        "views": [{"name": "input", **drifted}, {"name": "bulk", **drifted}],
        "moved": [moved],
        "silent": [],
        "unjudged": [],
        "sensors": list(toys.SENSORS),
        "shift": [2.4, 0.1, None],
        "ratio": [1.0, 1.0, None],
        "course": {"step": [0, 40, 80], "median": [0.3, 0.3, 0.9], "alarmed": [0.0, 0.0, 0.4]},
        "usual": [0.2, 0.3, 0.4],
        "unusual_share": 0.05,
    } | changes


def put(workspace: Workspace, model: str, machines: dict[str, Any], refused: dict[str, str] | None = None) -> None:
    said = {"at": 0.0, "model": model, "machines": machines, "refused": refused or {}}
    atomic.write_json(LiveTable(workspace).folder / "drift.json", said)


def feed(workspace: Workspace, model: str, state: str) -> None:
    """A feed of samples sent in, judged by one model, as if this process were its worker."""
    spec = checked({"source": {"kind": "push"}, "models": [model]}).model_dump(mode="json")
    pid, started = this_process()
    with LiveTable(workspace).transaction() as db:
        db.execute(
            "INSERT INTO feed (id, run, spec, wish, speed, generation, state, pid, pid_started, server_pid,"
            " server_started, started_at, rows, changes, status) VALUES (1, 'r', ?, 'run', 1, 0, ?, ?, ?, ?, ?,"
            " 0, 0, 0, '{}')",
            (json.dumps(spec), state, pid, started, pid, started),
        )


FIGURES = {
    side: {
        "quiet_recent": {"steps": 2000, "rate": rate, "alarms": 1, "least": 0.0},
        "quiet_old": {"steps": 0, "rate": 0.0, "alarms": 0, "least": 0.0},
        "faults_recent": {"faults": 20, "found": 18},
        "faults_old": {"faults": 0, "found": 0},
        "labelled": {"faults": 0, "found": 0},
    }
    for side, rate in (("champion", 0.9), ("candidate", 0.001))
}
