"""What can be asked of the feed: start, pause, stop, reset, speed, samples."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.api import answers
from core.api.operation import Call, Problem
from core.api.reads import feed_answer
from core.errors import UserError
from core.live import pushed
from core.live.feed import NotNow
from core.live.spec import FeedSpec, Speed, checked, speed_of
from core.live.table import ALIVE
from core.streaming.samples import Reader, Sample, columns, reading
from core.streaming.source import Tally

MOST_SAMPLES = 10_000


class SpeedBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    speed: Speed = Field(description="of a replay, relative to real time; «max» for as fast as can be")


class SamplesBody(BaseModel):
    """Readings by sensor, oldest first. A sample may carry ``time`` and its own ``unit``; null is not measured."""

    model_config = ConfigDict(extra="forbid")

    unit: str = Field("samples", min_length=1, max_length=80, description="whose samples they are, unless one says")
    samples: list[dict[str, JsonValue]] = Field(max_length=MOST_SAMPLES)
    complete: bool = Field(False, description="nothing follows of this unit: it goes to the archive")


def start(call: Call) -> answers.Feed:
    """Begin a feed. Without a body: go on after a pause, or begin the last feed anew."""
    feed = call.feed.table.feed()
    if call.body is None and feed is not None and feed.state in ALIVE and feed.wish == "pause":
        call.feed.resume()
    elif call.body is None and feed is None:
        raise Problem(400, "There is no feed to begin again", "", "Send a source and models, as /api/openapi.json says")
    else:
        spec: FeedSpec = call.body or checked(feed.spec if feed else {})
        _now_or_409(call.feed.start, spec)
    return feed_answer(call.feed.table.feed())


def pause(call: Call) -> answers.Feed:
    """Hold the feed; what is sent meanwhile waits."""
    _now_or_409(call.feed.pause)
    return feed_answer(call.feed.table.feed())


def stop(call: Call) -> answers.Feed:
    """End the feed; its last steps stay to be looked at."""
    _now_or_409(call.feed.stop)
    return feed_answer(call.feed.table.feed())


def reset(call: Call) -> answers.Feed:
    """Forget steps and alarms and begin the source anew; completed units stay."""
    call.feed.reset()
    return feed_answer(call.feed.table.feed())


def speed(call: Call) -> answers.Feed:
    """Change the speed of a replay."""
    _now_or_409(call.feed.set_speed, speed_of(call.body.speed))
    return feed_answer(call.feed.table.feed())


def samples(call: Call) -> answers.Accepted:
    """Send samples to a feed whose source is «push»."""
    feed = call.feed.table.feed()
    if feed is None or feed.spec["source"]["kind"] != "push":
        raise Problem(409, "The feed takes no samples", "", 'Start one with the source {"kind": "push"}')
    sensors: list[str] = feed.status.get("raw_sensors", [])
    if feed.state not in ("running", "waiting", "paused") or not sensors:
        raise Problem(409, "The feed cannot take samples now", feed.state, "Wait until it runs, or start it")
    body: SamplesBody = call.body
    reader = Reader(sensors, Tally(), body.unit)
    found = [_sample(reader, one, index, sensors) for index, one in enumerate(body.samples)]
    try:
        waiting = pushed.put(call.feed.table, found, [body.unit] if body.complete else [])
    except UserError as error:
        raise Problem(429, error.what, error.where, error.remedy) from None
    return answers.Accepted(accepted=len(found), waiting=waiting)


def _sample(reader: Reader, given: dict[str, Any], index: int, sensors: list[str]) -> Sample:
    """One sample. Problem for a name that no model knows and for what is no number: nothing is then taken."""
    meant = {*sensors, *columns(given, sensors)}
    unknown = next((name for name in given if name not in meant), None)
    if unknown is not None:
        raise Problem(
            422,
            f"Sample {index}: there is no sensor «{unknown[:60]}»",
            "",
            f"The models watch {', '.join(sensors[:50])}",
        )
    for name in sensors:
        if reading(given.get(name)) is None:
            raise Problem(422, f"Sample {index}: {name} is no number", str(given[name])[:60], "Send a number or null")
    return reader.sample(given)


def _now_or_409(order: Any, *arguments: Any) -> None:
    try:
        order(*arguments)
    except NotNow as error:
        raise Problem(409, error.what, error.where, error.remedy) from None
