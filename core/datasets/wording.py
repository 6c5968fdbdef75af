"""Counts and shares in sentences that a person reads."""

from __future__ import annotations

from collections.abc import Sequence

PERCENT = "\u00a0%"  # the space before the sign never breaks


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``28,479 steps``, ``2 categories`` (plural given)."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


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
