"""Counts in sentences that a person reads."""

from __future__ import annotations

from collections.abc import Sequence


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``28,479 steps``, ``2 categories`` (plural given)."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def verb(n: int, singular: str, plural: str) -> str:
    """The form that agrees with n things."""
    return singular if n == 1 else plural


def such_as(names: Sequence[str]) -> str:
    """``(a.png)`` or ``(such as a.png)``: the first name stands for all."""
    return f"({names[0]})" if len(names) == 1 else f"(such as {names[0]})"
