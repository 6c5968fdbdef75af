"""How several detectors are told apart in every chart: a colour, a marker, a dash and a sign, by their order.

Okabe and Ito's colours without vermillion, which means anomalous. Nobody has to tell colours apart: the marker, the
dash and the sign say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.charts.palette import CATEGORICAL

_MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star")
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SIGNS = ("●", "■", "◆", "▲", "✚", "★")


@dataclass(frozen=True)
class Look:
    """``marker`` and ``dash`` as Plotly calls them, ``sign`` the marker as a letter for text."""

    colour: str
    marker: str
    dash: str
    sign: str


LOOKS = tuple(Look(*parts) for parts in zip(CATEGORICAL, _MARKERS, _DASHES, _SIGNS, strict=False))


def marker(look: Look, size: int, *, filled: bool = True, opacity: float = 1.0) -> dict[str, Any]:
    """The marker as Plotly takes it, ``size`` in pixels; an open one where it is not ``filled``."""
    shape = look.marker if filled else f"{look.marker}-open"
    return {"symbol": shape, "color": look.colour, "size": size, "opacity": opacity,
            "line": {"color": look.colour, "width": 2 if not filled else 0.5}}  # fmt: skip
