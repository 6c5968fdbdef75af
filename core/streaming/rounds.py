"""What a recording is called when a replay plays it again."""

from __future__ import annotations

import re

_ROUND = re.compile(r" \(round (\d+)\)$")


def named(recording: str, played: int) -> str:
    """The recording's name, from the second time on with the round behind it."""
    return recording if played == 1 else f"{recording} (round {played})"


def recording(name: str) -> str:
    """The name without its round."""
    return _ROUND.sub("", name)


def before(name: str) -> str | None:
    """What it was called the round before; None the first time."""
    found = _ROUND.search(name)
    return None if found is None else named(recording(name), int(found[1]) - 1)
