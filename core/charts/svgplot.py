"""Small plots as drawings (SVG) that a report holds in itself: lines over two axes, and values with intervals.

Text and axes take the colour of where the drawing is put, so that it fits light, dark and paper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.contestants import LOOKS, Look

WIDTH, HEIGHT = 460, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 446, 12, 284
_ROW = 30  # height of a row of ``forest_svg``
_DASHES = {
    "solid": "",
    "dash": "8 5",
    "dot": "2 4",
    "dashdot": "8 4 2 4",
    "longdash": "14 5",
    "longdashdot": "14 4 2 4",
}


@dataclass(frozen=True, eq=False)
class Trace:
    """The line of contestant ``place`` through (k,) ``x`` and ``y``; ``at`` marks a point on it; a ``step`` line is
    level between points."""

    place: int
    x: ArrayLike
    y: ArrayLike
    at: tuple[float, float] | None = None
    step: bool = False


@dataclass(frozen=True)
class Span:
    """A value of contestant ``place`` with its interval; ``sure`` where it is not by chance."""

    place: int
    name: str
    value: float
    low: float
    high: float
    sure: bool


@dataclass(frozen=True)
class Frame:
    """Both axes: what they are called and from where to where they run. ``diagonal`` and ``level`` draw a line,
    ``shaded`` are stretches of the first axis."""

    x: str
    y: str
    across: tuple[float, float] = (0.0, 1.0)
    up: tuple[float, float] = (0.0, 1.0)
    diagonal: bool = False
    level: float | None = None
    shaded: Sequence[tuple[float, float]] = ()

    def at(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """(k, 2) where points lie in the drawing; what lies outside is put onto the border."""
        found = [
            start + (end - start) * np.clip((np.asarray(values, float) - low) / ((high - low) or 1.0), 0, 1)
            for values, (low, high), start, end in ((x, self.across, _LEFT, _RIGHT), (y, self.up, _BOTTOM, _TOP))
        ]
        return np.stack(np.broadcast_arrays(*found), axis=-1)


def lines_svg(traces: Sequence[Trace], frame: Frame, alt: str) -> Markup:
    """The lines in their contestants' looks, over the axes. ``alt`` says what is to be seen."""
    pieces = [_axes(frame)]
    if frame.diagonal:
        pieces.append(_polyline(frame.at(frame.across, frame.up), palette.NEUTRAL, "2 4"))
    if frame.level is not None:
        pieces.append(_polyline(frame.at(frame.across, frame.level), palette.NEUTRAL, "6 4"))
    for trace in traces:
        look = LOOKS[trace.place]
        x, y = np.asarray(trace.x, float), np.asarray(trace.y, float)
        if trace.step:
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
        pieces.append(_polyline(frame.at(x, y), look.colour, _DASHES[look.dash], 2))
    pieces += [_sign(frame.at(*trace.at), LOOKS[trace.place]) for trace in traces if trace.at is not None]
    return _svg(WIDTH, HEIGHT, pieces, alt)


def forest_svg(spans: Sequence[Span], title: str, alt: str) -> Markup:
    """Values with their intervals around a line at 0, a row each; a filled sign is a difference that is sure."""
    ends = [end for span in spans for end in (span.low, span.high, span.value)] or [0.0]
    reach = max(abs(end) for end in ends) * 1.1 or 1.0
    bottom, left, right = 14 + _ROW * len(spans), 190, WIDTH - 14

    def across(value: float) -> float:
        return left + (right - left) * (value + reach) / (2 * reach)

    pieces = [_rule(across(0), across(0), 4, bottom, 'stroke="currentColor" stroke-opacity=".5"')]
    pieces += [
        _text(across(tick), bottom + 16, f"{tick:+.3g}" if tick else "0", "middle") for tick in _ticks(-reach, reach, 4)
    ]
    for row, span in enumerate(spans):
        look, y = LOOKS[span.place], 20 + _ROW * row
        pieces.append(_rule(across(span.low), across(span.high), y, y, f'stroke="{look.colour}" stroke-width="2.5"'))
        pieces.append(
            f'<circle cx="{across(span.value):.1f}" cy="{y}" r="5.5" fill="{look.colour if span.sure else "none"}" '
            f'stroke="{look.colour}" stroke-width="2"/>'
        )
        name = span.name if len(span.name) <= 24 else span.name[:23] + "…"
        pieces.append(_text(left - 12, y + 4, f"{name} {look.sign}", "end"))
    pieces.append(_text((left + right) / 2, bottom + 36, title, "middle"))
    return _svg(WIDTH, bottom + 44, pieces, alt)


def _axes(frame: Frame) -> str:
    pieces = []
    for start, stop in frame.shaded:
        (x0, _), (x1, _) = frame.at([start, stop], frame.up[0])
        pieces.append(
            f'<rect x="{x0:.1f}" y="{_TOP}" width="{x1 - x0:.1f}" height="{_BOTTOM - _TOP}" '
            f'fill="{palette.ANOMALOUS}" fill-opacity=".16"/>'
        )
    for tick in _ticks(*frame.up, 5):
        y = frame.at(frame.across[0], tick)[1]
        pieces.append(_rule(_LEFT, _RIGHT, y, y, 'stroke="currentColor" stroke-opacity=".15"'))
        pieces.append(_text(_LEFT - 7, y + 4, f"{tick:g}", "end"))
    for tick in _ticks(*frame.across, 5):
        pieces += [_text(frame.at(tick, frame.up[0])[0], _BOTTOM + 17, f"{tick:g}", "middle")]
    pieces.append(_text((_LEFT + _RIGHT) / 2, _BOTTOM + 38, frame.x, "middle"))
    middle = (_TOP + _BOTTOM) / 2
    pieces.append(f'<g transform="rotate(-90 14 {middle})">{_text(14, middle, frame.y, "middle")}</g>')
    return "".join(pieces)


def _rule(x0: float, x1: float, y0: float, y1: float, style: str) -> str:
    return f'<line x1="{x0:.1f}" x2="{x1:.1f}" y1="{y0:.1f}" y2="{y1:.1f}" {style}/>'


def _polyline(points: NDArray[np.float64], colour: str, dash: str, width: float = 1) -> str:
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _sign(point: NDArray[np.float64], look: Look) -> str:
    x, y = point
    return (
        f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" style="font-size:15px;fill:{look.colour};'
        f'paint-order:stroke;stroke:currentColor;stroke-width:.6">{look.sign}</text>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, about so many."""
    raw = max(high - low, 1e-12) / about
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(one * scale for one in (1, 2, 5, 10) if one * scale >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _svg(width: int, height: int, pieces: Sequence[str], alt: str) -> Markup:
    # What users wrote is escaped where it is put in: ``_text`` and here.
    return Markup(  # noqa: S704
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">'
        f"{''.join(pieces)}</svg>"
    )
