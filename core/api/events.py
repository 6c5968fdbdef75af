"""The feed as server-sent events: what a plain ``curl -N`` shows.

    event: state    the feed's state, at the beginning and whenever it changes
    event: scores   steps since the event before: the newest of each unit, and the highest scores among them
    event: alarm    an alarm that began, grew or closed
    event: gap      steps that were forgotten before they could be sent to this client

``id`` is the number of the next step and of the last change of an alarm: a client that comes back with it as
Last-Event-ID misses nothing that is still kept. Comments keep quiet connections open.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import numpy as np
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import StreamingResponse

from core.api.operation import Problem
from core.api.reads import alarm_answer
from core.live.blocks import Steps, read
from core.live.table import LiveTable
from core.streaming.rule import ENSEMBLE

LOOK_S = 0.5
HEARTBEAT_S = 10.0
MOST_CLIENTS = 50
RETRY_MS = 2000

_clients = 0
_closing = threading.Event()


@contextmanager
def closing_with_the_server() -> Iterator[None]:
    """Ends the streams when the server is told to end: it would wait for them for ever. For the lifespan."""
    _closing.clear()
    if threading.current_thread() is not threading.main_thread():
        yield
        _closing.set()
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ends(number: int, frame: Any) -> None:
        _closing.set()
        then = before[signal.Signals(number)]
        if callable(then):
            then(number, frame)

    for number in before:
        signal.signal(number, ends)
    try:
        yield
    finally:
        _closing.set()
        for number, then in before.items():
            if signal.getsignal(number) is ends:
                signal.signal(number, then)


def stream(table: LiveTable, request: Request) -> StreamingResponse:
    """Everything from now on, or from Last-Event-ID on. Problem for an id that none of ours can be."""
    if request.query_params:
        raise Problem(422, "The stream takes no parameters", next(iter(request.query_params))[:60])
    if _clients >= MOST_CLIENTS:
        raise Problem(503, f"{MOST_CLIENTS} clients follow the stream already", "", "Try again later")
    position = _position(request.headers.get("last-event-id"))
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(table, position), media_type="text/event-stream", headers=headers)


async def _events(table: LiveTable, position: tuple[int, int] | None) -> AsyncIterator[str]:
    global _clients
    _clients += 1
    try:
        yield f"retry: {RETRY_MS}\n\n"
        state, spoken = None, time.monotonic()
        while not _closing.is_set():
            position, state, events = await to_thread.run_sync(_look, table, position, state)
            for text in events:
                yield text
            if events:
                spoken = time.monotonic()
            elif time.monotonic() - spoken > HEARTBEAT_S:
                spoken = time.monotonic()
                yield ": still here\n\n"
            await anyio.sleep(LOOK_S)
    finally:
        _clients -= 1


def _look(
    table: LiveTable, position: tuple[int, int] | None, state: tuple[Any, ...] | None
) -> tuple[tuple[int, int] | None, tuple[Any, ...] | None, list[str]]:
    """What is new since ``position`` (None: nothing but what comes from now on) and since ``state`` was told."""
    feed = table.feed()
    events = []
    now = ("empty", None, 0) if feed is None else (feed.state, feed.error, feed.generation)
    if now != state:
        events.append(_event("state", {"state": now[0], "error": now[1]}))
    if feed is None:
        return (0, 0), now, events
    if position is None or position[0] > feed.rows or position[1] > feed.changes:
        return (feed.rows, feed.changes), now, events
    row, change = position
    # Alarms are read first: one that is told too early only comes again, one that is passed over would be lost.
    alarms = table.alarms(since=change) if feed.changes > change else []
    steps = read(table, since=row) if feed.rows > row else None
    for alarm in sorted(alarms, key=lambda one: one["change"]):
        change = alarm["change"]
        events.append(_event("alarm", alarm_answer(alarm).model_dump(mode="json"), f"{row}-{change}"))
    if steps is not None:
        if not len(steps) or steps.row[0] > row:
            lost = (int(steps.row[0]) if len(steps) else feed.rows) - row
            events.append(_event("gap", {"steps": lost}))
        row = int(steps.row[-1]) + 1 if len(steps) else feed.rows
        if len(steps):
            events.append(_event("scores", _news(steps, feed.status.get("detectors", [])), f"{row}-{change}"))
    return (row, change), now, events


def _news(steps: Steps, detectors: list[str]) -> dict[str, Any]:
    """The newest step of each unit, with the highest score of each detector since the last event."""
    found = {}
    for unit in dict.fromkeys(steps.unit.tolist()):
        mine = np.flatnonzero(steps.unit == unit)
        last = mine[-1]
        found[unit] = {
            "machine": str(steps.machine[last]),
            "step": int(steps.step[last]),
            "time": float(steps.time[last]),
            "steps": len(mine),
            "health": round(float(steps.health[last]), 2),
            "scores": {
                name: {
                    "score": round(float(steps.surprise[last, k]), 3),
                    "highest": round(float(steps.surprise[mine, k].max()), 3),
                    "threshold": round(float(steps.limits[last, k]), 3),
                }
                for k, name in enumerate([*detectors, ENSEMBLE])
            },
        }
    return {"units": found}


def _event(name: str, data: dict[str, Any], number: str | None = None) -> str:
    identity = f"id: {number}\n" if number else ""
    return f"{identity}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _position(given: str | None) -> tuple[int, int] | None:
    if given is None:
        return None
    row, _, change = given.partition("-")
    if not (row.isdecimal() and change.isdecimal() and len(given) < 40):
        raise Problem(400, "This is no Last-Event-ID of this stream", given[:60], "Send the last id you got, or none")
    return int(row), int(change)
