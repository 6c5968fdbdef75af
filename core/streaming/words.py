"""Causes and trends in words, for pages and for the API alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.datasets.wording import percent

CLEAR = 1.5  # usual spreads from which a deviation is worth a word


def cause(one: Mapping[str, Any]) -> str:
    """``pressure explains 62 % of the score; it is 3.1 usual spreads above …``, of a ``Cause`` as JSON."""
    share = f"{one['sensor']} explains {percent(one['share'], 0)} of the score"
    deviation = one["deviation"]
    if deviation is None:
        return f"{share}; it gives no reading"
    if abs(deviation) < CLEAR:
        return f"{share}; its own value is near usual, so it is its course or its relation to the others that is odd"
    side = "above" if deviation > 0 else "below"
    return f"{share}; it is {abs(deviation):.1f} usual spreads {side} its usual value"


def agreement(causes: Sequence[Mapping[str, Any]]) -> str:
    """How many detectors put the first cause first."""
    if not causes:
        return ""
    voices = list(causes[0]["by"])
    if len(voices) < 2:
        return f"Only {voices[0]} has something to say of it." if voices else ""
    first = [max(causes, key=lambda one: one["by"].get(voice, 0.0))["sensor"] for voice in voices]
    agree = sum(sensor == causes[0]["sensor"] for sensor in first)
    return f"{agree} of {len(voices)} detectors put {causes[0]['sensor']} first."


def trend(one: Mapping[str, Any], every: int = 1000) -> str:
    """``falling by 12 points in 1,000 steps (95 %: 8 to 16)``, of a ``Trend`` as JSON."""
    if one["direction"] == "unknown":
        return "too early for a trend"
    if one["direction"] == "steady":
        return "no clear trend"
    low, high = sorted((abs(one["low"]), abs(one["high"])))
    return (
        f"{one['direction']} by {abs(one['slope']):.2g} points in {every:,} steps (95\u00a0%: {low:.2g} to {high:.2g})"
    )


def rarity(surprise: float) -> str:
    """``1 normal step in 1,000`` for a surprise of 3."""
    return f"1 normal step in {10 ** min(surprise, 15):,.0f}" if surprise > 0.31 else "as usual"
