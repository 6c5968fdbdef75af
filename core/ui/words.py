"""Figures in words, for people who do not read p-values."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

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


def moment(time: float, unit: str) -> str:
    """A time of a recording in its unit: ``2026-03-05 14:07:30 UTC``, ``425,920 s``, ``cycle 12``; empty where steps
    are all there is."""
    if unit == "epoch":
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    number = f"{time:,.3f}".rstrip("0").rstrip(".")
    return {"s": f"{number} s", "cycle": f"cycle {number}"}.get(unit, "")


def span(start: float, stop: float, unit: str) -> str:
    """``2026-03-05 14:07:30 to 2026-03-05 15:00:00 UTC``, ``425,920 to 427,930 s``, ``cycle 12 to 20``; empty as
    ``moment`` is."""
    first, last = moment(start, unit), moment(stop, unit)
    shared = " UTC" if unit == "epoch" else " s" if unit == "s" else ""
    return f"{first.removesuffix(shared)} to {last.removeprefix('cycle ')}" if first else ""


def share(part: int, whole: int) -> str:
    """``3 of 191 (1.6 %)``."""
    return f"{part:,} of {whole:,} ({percent(part / whole, 1)})" if whole else "none to count"
