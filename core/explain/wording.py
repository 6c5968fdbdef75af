"""What was found, in words: "Sensor 11 explains 62 % of the score; it drifted up by 2.4 sd from cycle 140"."""

from __future__ import annotations

from core.datasets.series import Sensor, SeriesUnit, TimeUnit
from core.datasets.wording import moment, percent
from core.explain.onset import Onset
from core.explain.ranking import Ranking, consensus


def explained(name: str, share: float) -> str:
    """``Sensor 11 explains 62 % of the score``."""
    return f"{name} explains {percent(share, 0)} of the score"


def strayed(found: Onset | None, unit: SeriesUnit, time_unit: TimeUnit) -> str:
    """How the sensor behaved: ``it drifted up by 2.4 sd from cycle 140``, or ``to 2.4 sd above what the other sensors
    let expect`` where they do not account for it."""
    if found is None:
        return "it shows no lasting change, neither by itself nor against the other sensors"
    when = moment(float(unit.time[min(found.step, len(unit) - 1)]), time_unit)
    if found.manner in ("fell silent", "froze"):
        return f"it {found.manner} at {when}"
    if found.manner == "was off before":
        usual = "what the other sensors let expect" if found.apart else "usual"
        return f"it reads {abs(found.size):.1f} sd {'above' if found.size > 0 else 'below'} {usual}, and did before"
    if found.manner == "became noisy":
        return f"it became noisy, {found.size:.1f} times as much as before, from {when}"
    since = f"{'from' if found.manner == 'drifted' else 'at'} {when}"
    if found.apart:
        side = "above" if found.size > 0 else "below"
        return f"it {found.manner} to {abs(found.size):.1f} sd {side} what the other sensors let expect, {since}"
    return f"it {found.manner} {'up' if found.size > 0 else 'down'} by {abs(found.size):.1f} sd {since}"


def agreed(rankings: list[Ranking], sensors: list[Sensor]) -> str:
    """Whether the methods name the same sensor."""
    kept = [one for one in rankings if one.refused is None]
    best, votes = consensus(kept)
    if votes == len(kept):
        return f"{f'All {votes} methods name' if votes > 1 else 'It names'} {sensors[best].name} first."
    others = sorted({sensors[int(one.order[0])].name for one in kept} - {sensors[best].name})
    rest = f"{'the other names' if len(kept) == votes + 1 else 'others name'} {', '.join(others)}"
    return f"{votes} of {len(kept)} methods name {sensors[best].name} first; {rest}."


def sentence(first: Sensor, share: float | None, how: str | None, *, silent: bool = False) -> str:
    """The first cause: ``share`` is how much of the way from the usual score to this one is its doing, None where the
    score is usual anyway; ``how`` is what ``strayed`` says of it, None for rows that no time connects. ``silent``: it
    was hardly read, and so has no share."""
    if silent:
        return f"{first.name} is not read here" + (f"; {how}." if how else ".")
    if share is None:
        return "The score is no higher than it usually is: there is nothing to explain."
    gone = f"{explained(first.name, share)}, which go if it reads as expected"
    return f"{gone}; {how}." if how else f"{gone}."
