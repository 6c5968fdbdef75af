"""Shares of a surface as people read them."""

from __future__ import annotations

from core.datasets.wording import PERCENT


def surface(share: float) -> str:
    """A share of the surface with two digits: ``0 %``, ``0.04 %``, ``4.2 %``, ``43 %``."""
    return _digits(share) + PERCENT


def between(low: float, high: float) -> str:
    """``3.1 to 5.4 %``."""
    return f"{_digits(low)} to {surface(high)}"


def _digits(share: float) -> str:
    value = 100 * share
    return "0" if value < 0.005 else f"{value:.2g}" if value < 99.5 else "100"
