"""Figures in words, for people who do not read p-values."""

from __future__ import annotations

import math
import re

from core.datasets.wording import count, percent

__all__ = ["count", "good_parts_like", "plain", "score", "share", "short"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:])")


def plain(text: str) -> str:
    """Text from a file, fit for Markdown: nothing in it is formatting, a link or an icon."""
    return _MARKDOWN.sub(r"\\\1", text)


def short(name: str, length: int = 26) -> str:
    """The last part of an item's name, its middle left out where it is long."""
    last = name.rsplit("/", 1)[-1]
    if len(last) <= length:
        return last
    return f"{last[: length // 2 - 1]}…{last[-(length - length // 2) :]}"


def good_parts_like(p_value: float, n: int) -> str:
    """A p-value over ``n`` calibration images: ``1 good part in 153 would score this high``."""
    if p_value > 0.5:
        return f"{percent(p_value, 0)} of good parts would score this high: nothing unusual"
    one_in = max(2, math.floor(1 / p_value + 1e-9))
    if p_value <= 1 / (n + 1) + 1e-12:
        return f"at most 1 good part in {one_in} would score this high; {n} calibration images cannot tell more"
    return f"1 good part in {one_in} would score this high"


def score(value: float) -> str:
    """A score with four digits that count, without exponents where it can be helped."""
    return f"{value:#.4g}".rstrip(".") if 1e-3 <= abs(value) < 1e4 or not value else f"{value:.3g}"


def amount(value: float) -> str:
    """A cost, a duration or a factor without an exponent: ``0.0123``, ``4.56``, ``12,300``."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def share(part: int, whole: int) -> str:
    """``3 of 191 (1.6 %)``."""
    return f"{part:,} of {whole:,} ({percent(part / whole, 1)})" if whole else "none to count"
