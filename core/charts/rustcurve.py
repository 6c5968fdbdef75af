"""The curve of a rusting part and its health as drawings (SVG) that a page swaps at once and a report holds in itself.

Text takes the colour of where the drawing is put, so that it fits light and dark. Blue is below the limit; above it
vermillion with a cross. Nothing that a user wrote is in a drawing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.charts import palette
from core.charts.rust import Crossing, Fan, Severity, in_sight, right_end
from core.charts.rusttime import TimeUnit
from core.datasets.wording import PERCENT, percent

WIDTH, HEIGHT = 720, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 704, 14, 318
_EXPECTED = "#E69F00"
FAN_IN_SIGHT = 1.5  # times as high as without it the curve's axis may be, for the forecast
HEALTHY, WORN = 0.5, 0.0  # health from which on the gauge is calm, and at which it alarms


def curve_svg(
    curve: Severity,
    unit: TimeUnit,
    *,
    upto: int,
    limit: float,
    horizon: float,
    crossing: Crossing | None = None,
    fan: Fan | None = None,
) -> str:
    """The curve up to its time number ``upto``, the limit, and with the last time the forecast.

    The axes are those of the whole story: the curve grows in a frame that stays. ``horizon`` in hours.
    """
    end, top = right_end(curve, crossing, horizon), in_sight(curve, limit, crossing, fan)
    if fan is not None and (fan.hours <= end).any():  # what of it fits, without pressing down what was measured
        top = min(max(top, 1.05 * float(fan.high80[fan.hours <= end].max())), FAN_IN_SIGHT * top, 1.0)
    frame = _Frame(end, top)
    pieces = [_axes(frame, unit)]
    last = upto >= len(curve.hours) - 1
    if last and fan is not None:
        pieces.append(_fan(frame, fan))
    if limit <= frame.top:
        pieces.append(_limit(frame, limit))
    pieces.append(_measured(frame, curve, unit, upto, limit))
    if last and crossing is not None and crossing.median is not None and limit <= frame.top:
        pieces.append(_crossing(frame, crossing, limit, unit))
    return _svg(WIDTH, HEIGHT, "".join(pieces))


def gauge_svg(health: float) -> str:
    """Health from 1, no rust, to 0, at the limit or beyond it, as a half circle that empties."""
    colour = palette.VERDICT_COLOURS["reject" if health <= WORN else "accept" if health >= HEALTHY else "review"]
    angle = math.pi * (1 - min(max(health, 0.0), 1.0))
    x, y = 100 + 78 * math.cos(angle), 96 - 78 * math.sin(angle)
    bar = (
        f'<path d="M22 96 A78 78 0 0 1 {x:.1f} {y:.1f}" fill="none" stroke="{colour}" stroke-width="24"/>'
        if health
        else ""
    )
    ink = palette.ANOMALOUS if health <= WORN else "currentColor"
    return _svg(
        200,
        112,
        '<path d="M22 96 A78 78 0 0 1 178 96" fill="none" stroke="currentColor" stroke-opacity=".14" '
        'stroke-width="24"/>'
        f'{bar}<text x="100" y="92" text-anchor="middle" font-size="34" font-weight="650" fill="{ink}">'
        f"{percent(health, 0)}</text>",
    )


def spark_svgs(curves: Sequence[Severity], *, limit: float) -> list[str]:
    """A small drawing of each curve, all with the same axes, the limit dashed where it is in sight."""
    top = max(in_sight(curve, limit, None, None) for curve in curves)
    end = max(float(curve.hours[-1]) for curve in curves) or 1.0
    return [_spark(curve, top, end, limit) for curve in curves]


class _Frame:
    """Where hours and shares lie in the drawing: up to ``end`` hours, up to ``top`` as a fraction."""

    def __init__(self, end: float, top: float) -> None:
        self.end, self.top = end, top

    def x(self, hours: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(max(hours, 0.0), self.end) / self.end

    def y(self, share: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * min(max(share, 0.0), self.top) / self.top

    def points(self, hours: NDArray[np.float64], shares: NDArray[np.float64]) -> str:
        return " ".join(f"{self.x(h):.1f},{self.y(s):.1f}" for h, s in zip(hours, shares, strict=True))


def _svg(width: int, height: int, inner: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">{inner}</svg>'
    )


def _ticks(end: float, about: int) -> list[float]:
    """Round numbers from 0 to ``end``, about so many."""
    raw = end / about
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(one * scale for one in (1, 2, 5, 10) if one * scale >= raw)
    return [k * step for k in range(int(end / step + 1e-9) + 1)]


def _axes(frame: _Frame, unit: TimeUnit) -> str:
    found = []
    for value in _ticks(100 * frame.top, 4):
        y = frame.y(value / 100)
        found.append(
            f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity=".15"/>'
        )
        found.append(_text(_LEFT - 10, y + 6, f"{value:g}{PERCENT}", "end"))
    found += [
        _text(frame.x(time * unit.hours), _BOTTOM + 26, f"{time:g}", "middle") for time in _ticks(unit.of(frame.end), 7)
    ]
    found.append(_text((_LEFT + _RIGHT) / 2, HEIGHT - 8, unit.axis, "middle"))
    return "".join(found)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="18" fill="currentColor">{text}</text>'


def _limit(frame: _Frame, limit: float) -> str:
    y = frame.y(limit)
    name = _text(_LEFT + 6, y - 8 if y > _TOP + 26 else y + 22, f"limit {percent(limit)}", "start")
    return (
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{palette.ANOMALOUS}" stroke-width="3" '
        f'stroke-dasharray="10 7"/>{name}'
    )


def _measured(frame: _Frame, curve: Severity, unit: TimeUnit, upto: int, limit: float) -> str:
    shown = slice(0, upto + 1)
    found = []
    for hours, low, high in zip(curve.hours[shown], curve.low[shown], curve.high[shown], strict=True):
        x, bottom, top = frame.x(hours), frame.y(low), frame.y(high)
        found.append(
            f'<path d="M{x - 6:.1f} {top:.1f} h12 M{x:.1f} {top:.1f} V{bottom:.1f} M{x - 6:.1f} {bottom:.1f} h12" '
            f'stroke="{palette.GOOD}" stroke-opacity=".75" stroke-width="2" fill="none"/>'
        )
    line = frame.points(curve.hours[shown], curve.share[shown])
    found.append(
        f'<polyline class="measured" points="{line}" fill="none" stroke="{palette.GOOD}" stroke-width="5" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )
    for k in range(upto + 1):
        share = float(curve.share[k])
        told = f"{unit.at(curve.hours[k])}: {percent(share, 2)} ({100 * curve.low[k]:.2f} to {100 * curve.high[k]:.2f})"
        found.append(_mark(frame.x(curve.hours[k]), frame.y(share), 10 if k == upto else 7, share >= limit, told))
    return "".join(found)


def _mark(x: float, y: float, size: float, over: bool, told: str = "") -> str:
    title = f"<title>{told}</title>" if told else ""
    if not over:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{palette.GOOD}">{title}</circle>'
    step = 2 * size
    return (
        f'<path class="over" d="M{x - size:.1f} {y - size:.1f} l{step:g} {step:g} m0 {-step:g} l{-step:g} {step:g}" '
        f'stroke="{palette.ANOMALOUS}" stroke-width="{size * 0.65:.1f}">{title}</path>'
    )


def _fan(frame: _Frame, fan: Fan) -> str:
    inside = fan.hours <= frame.end
    hours, found = fan.hours[inside], []
    for low, high, alpha in ((fan.low95, fan.high95, 0.12), (fan.low80, fan.high80, 0.2)):
        band = frame.points(np.concatenate([hours, hours[::-1]]), np.concatenate([high[inside], low[inside][::-1]]))
        found.append(f'<polygon points="{band}" fill="{palette.NEUTRAL}" fill-opacity="{alpha}"/>')
    visible = fan.median[inside] <= frame.top
    line = frame.points(hours[visible], fan.median[inside][visible])
    found.append(
        f'<polyline class="expected" points="{line}" fill="none" stroke="{palette.NEUTRAL}" stroke-width="3" '
        'stroke-dasharray="3 6" stroke-linecap="round"/>'
    )
    return "".join(found)


def _crossing(frame: _Frame, crossing: Crossing, limit: float, unit: TimeUnit) -> str:
    """On the limit: a diamond for the median, a thick bar for 80 % and a thin one for 95 %, open to the right where
    they leave the horizon."""
    median, y, found = crossing.median or 0.0, frame.y(limit), []
    for low, high, width in ((crossing.low95, crossing.high95, 3), (crossing.low80, crossing.high80, 9)):
        if low is not None:
            stop = frame.end if high is None else high
            found.append(
                f'<line x1="{frame.x(low):.1f}" x2="{frame.x(stop):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
                f'stroke="{_EXPECTED}" stroke-width="{width}"/>'
            )
    x = frame.x(median)
    found.append(
        f'<path class="crossing" d="M{x:.1f} {y - 12:.1f} l12 12 -12 12 -12 -12 z" fill="{_EXPECTED}" stroke="#333" '
        f'stroke-width="2"><title>limit reached on {unit.at(median)}</title></path>'
    )
    return "".join(found)


def _spark(curve: Severity, top: float, end: float, limit: float) -> str:
    x, y = 10 + 220 * curve.hours / end, 62 - 52 * np.minimum(curve.share / top, 1.0)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    level = 62 - 52 * limit / top
    dashed = f'<path d="M10 {level:.1f} h220" stroke="{palette.ANOMALOUS}" stroke-dasharray="6 4"/>'
    return _svg(
        240,
        72,
        f'<line x1="10" x2="230" y1="62" y2="62" stroke="{palette.NEUTRAL}" stroke-opacity=".6"/>'
        f"{dashed if limit <= top else ''}"
        f'<polyline points="{line}" fill="none" stroke="{palette.GOOD}" stroke-width="3" stroke-linejoin="round"/>'
        f"{_mark(float(x[-1]), float(y[-1]), 5, bool(curve.share[-1] >= limit))}",
    )
