"""Shares of a surface as people read them."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share of the surface with two digits: ``0 %``, ``0.04 %``, ``4.2 %``, ``43 %``."""
    value = 100 * share
    return "0 %" if value < 0.005 else f"{value:.2g} %" if value < 99.5 else "100 %"
