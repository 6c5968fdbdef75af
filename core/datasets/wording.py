"""Counts and shares in sentences that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.datasets.series import TimeUnit

PERCENT = "\u00a0%"  # the space before the sign never breaks


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``28,479 steps``, ``2 categories`` (plural given)."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def moment(time: float, time_unit: TimeUnit) -> str:
    """A moment in the set's own time: ``cycle 140``, ``12.5 s``, ``2024-03-01 08:15:00 UTC``, ``step 7``."""
    if time_unit == "epoch":
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC"
    number = f"{time:,.10g}"
    return f"{number} s" if time_unit == "s" else f"{time_unit} {number}"


def span(start: float, stop: float, time_unit: TimeUnit) -> str:
    """``2026-03-05 14:07:30 to 2026-03-05 15:00:00 UTC``, ``425,920 to 427,930 s``, ``cycle 12 to 20``."""
    first, last = moment(start, time_unit), moment(stop, time_unit)
    return f"{first.removesuffix(' UTC').removesuffix(' s')} to {last.removeprefix(f'{time_unit} ')}"


def verb(n: int, singular: str, plural: str) -> str:
    """The form that agrees with n things."""
    return singular if n == 1 else plural


def such_as(names: Sequence[str]) -> str:
    """``(a.png)`` or ``(such as a.png)``: the first name stands for all."""
    return f"({names[0]})" if len(names) == 1 else f"(such as {names[0]})"


def percent(share: float, decimals: int | None = None, *, signed: bool = False) -> str:
    """``5 %``, ``0.75 %``: three digits that count, or as many ``decimals`` as are asked for; ``signed`` puts a plus
    before what is more. The space never breaks."""
    plus = "+" if signed else ""
    digits = ".3g" if decimals is None else f".{decimals}f"
    return f"{100 * share:{plus}{digits}}{PERCENT}"
