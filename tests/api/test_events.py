"""The stream tells everything once, and goes on where a client left it."""

from __future__ import annotations

import json

import anyio
from toy_feed import FAULTS, replay, until

from core.api import events


def parsed(texts: list[str]) -> list[tuple[str, str | None, dict]]:
    """(event, id, data) of each event."""
    found = []
    for text in texts:
        fields = dict(line.split(": ", 1) for line in text.strip().split("\n"))
        found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


def looks(table, position=(0, 0), state=None):
    position, state, texts = events._look(table, position, state)
    return position, state, parsed(texts)


def test_from_the_beginning_everything_is_told_once(finished) -> None:
    table = finished.feed.table
    position, state, found = looks(table)
    kinds = [kind for kind, _, _ in found]
    assert kinds[0] == "state" and kinds[-1] == "scores" and set(kinds[1:-1]) == {"alarm"}
    assert found[0][2] == {"state": "finished", "error": None}
    keys = {data["key"] for kind, _, data in found if kind == "alarm"}
    assert {f"a#{fault.start}" for fault in FAULTS} <= keys
    scores = found[-1][2]["units"]
    assert (scores["a"]["steps"], scores["b"]["steps"], scores["b"]["step"]) == (1000, 200, 199)
    assert scores["a"]["scores"]["vae"]["highest"] > scores["a"]["scores"]["vae"]["threshold"]
    assert looks(table, position, state)[2] == []


def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(finished) -> None:
    table = finished.feed.table
    _, state, found = looks(table)
    alarm = next(index for index, (kind, _, _) in enumerate(found) if kind == "alarm")
    position = events._position(found[alarm][1])
    _, _, rest = looks(table, position, state)
    assert [data for _, _, data in rest] == [data for _, _, data in found[alarm + 1 :]]
    position = events._position("1100-999")
    _, _, ahead = looks(table, position, state)
    assert ahead == [], "an id of another life of the feed: from now on"


def test_forgotten_steps_are_told_as_a_gap(client) -> None:
    client.post("/api/start", json=replay(client.dataset))
    until(lambda: client.state() == "finished")
    with client.feed.table.transaction() as db:
        db.execute("DELETE FROM blocks WHERE start < 512")
    _, _, found = looks(client.feed.table, (100, 0))
    gap = next(data for kind, _, data in found if kind == "gap")
    assert gap["steps"] > 0
    scores = found[-1][2]["units"]
    assert gap["steps"] + sum(unit["steps"] for unit in scores.values()) == 1100


def test_the_stream_ends_when_the_server_does(client) -> None:
    async def follow() -> list[str]:
        found = []
        with events.closing_with_the_server():
            async for text in events._events(client.feed.table, None):
                found.append(text)
                events._closing.set()
        return found

    assert anyio.run(follow)[0] == "retry: 2000\n\n"
    events._closing.clear()


def test_without_an_id_only_what_comes_is_told(client) -> None:
    position, state, found = looks(client.feed.table, None)
    assert (position, [data["state"] for _, _, data in found]) == ((0, 0), ["empty"])
    client.post("/api/start", json=replay(client.dataset))
    until(lambda: client.state() == "finished")
    _, _, late = looks(client.feed.table, None, None)
    assert [kind for kind, _, _ in late] == ["state"]
    _, _, early = looks(client.feed.table, position, state)
    assert {"state", "alarm", "scores"} == {kind for kind, _, _ in early}
