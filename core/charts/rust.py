"""How a part rusts, as figures: the curve that grows with the slider, all parts together, every measure, the gauge.

Shares are fractions of the part's surface, drawn in percent. Blue is below the limit; above it vermillion with a cross.
Type is larger than elsewhere: these figures are shown to a room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from core.charts import palette
from core.charts.canvas import GRID, canvas
from core.charts.rusttime import TimeUnit

FONT = 16
LIMIT_IN_SIGHT = 4.0  # a limit further above the curve than this many times would flatten it
LOWEST_TOP = 0.002  # of the surface: a part without rust is drawn flat, not as magnified noise
HEALTHY, WORN = 0.5, 0.0  # health above which the gauge is calm, and below or at which it alarms


_LETTERS = {"tickfont": {"size": FONT}, "title_font": {"size": FONT}}  # the page's theme would make them small


@dataclass(frozen=True)
class Severity:
    """A measure of one part over time: ``hours`` (n,), and as fractions ``share``, ``low``, ``high`` (n,), the last two
    its 95 % interval."""

    name: str
    hours: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """When a limit is crossed, in hours; None where that lies beyond the horizon."""

    median: float | None
    low80: float | None
    high80: float | None
    low95: float | None
    high95: float | None


@dataclass(frozen=True)
class Fan:
    """What the growth model expects: ``hours`` (m,), ``median`` and both bands as fractions (m,)."""

    hours: NDArray[np.float64]
    median: NDArray[np.float64]
    low80: NDArray[np.float64]
    high80: NDArray[np.float64]
    low95: NDArray[np.float64]
    high95: NDArray[np.float64]


def progression(
    curve: Severity,
    unit: TimeUnit,
    *,
    upto: int,
    limit: float,
    horizon: float,
    crossing: Crossing | None = None,
    fan: Fan | None = None,
) -> go.Figure:
    """The curve up to its time number ``upto``, the limit, and with the last time the forecast.

    The axes are those of the whole story, so that the curve grows without the frame moving. ``horizon`` in hours.
    """
    figure = canvas(unit.axis, "", height=360)
    top, end = _top(curve, limit, crossing, fan), _end(curve, crossing, horizon)
    last = upto >= len(curve.hours) - 1
    if last and fan is not None:
        _fan(figure, fan, unit, end)
    _measured(figure, curve, unit, upto, limit)
    if limit <= top:
        _limit_line(figure, limit, end, unit)
    if last and crossing is not None:
        _crossing(figure, crossing, limit, unit, end)
    figure.update_layout(showlegend=False, hovermode="closest", margin={"t": 12, "r": 16})
    figure.update_xaxes(range=[unit.of(-0.02 * end), unit.of(end)], nticks=8, **_LETTERS)
    figure.update_yaxes(range=[-2 * top, 100 * top], nticks=6, ticksuffix=" %", **_LETTERS)
    return figure


def fleet(
    curves: Sequence[Severity], chosen: str, unit: TimeUnit, *, limit: float, mean: Severity | None = None
) -> go.Figure:
    """All parts over the same axes, the chosen one strong and named; ``mean`` is that of all, with its interval."""
    figure = canvas(unit.axis, "", height=360)
    top = max(_top(curve, limit, None, None) for curve in curves)
    end = max(float(curve.hours[-1]) for curve in curves) or 1.0
    if mean is not None:
        hours = mean.hours / unit.hours
        band = 100 * np.concatenate([mean.high, mean.low[::-1]])
        figure.add_scatter(
            x=np.concatenate([hours, hours[::-1]]), y=band, fill="toself", mode="lines", line={"width": 0},
            fillcolor=palette.faint(palette.NEUTRAL, 0.18), name="mean of all parts", hoverinfo="skip",
        )  # fmt: skip
    for curve in sorted(curves, key=lambda one: one.name == chosen):
        mine = curve.name == chosen
        figure.add_scatter(
            x=curve.hours / unit.hours,
            y=100 * curve.share,
            mode="lines+markers",
            name=curve.name,
            line={"color": palette.GOOD if mine else palette.NEUTRAL, "width": 4 if mine else 2},
            marker={"size": 9 if mine else 5, "opacity": 1},
            hovertemplate="%{y:.2f} %<extra>" + curve.name + "</extra>",
            showlegend=mine,
        )
    if limit <= top:
        _limit_line(figure, limit, end, unit)
    figure.update_layout(showlegend=True, legend={"font": {"size": FONT}}, margin={"t": 36})
    figure.update_xaxes(range=[unit.of(-0.02 * end), unit.of(1.03 * end)], **_LETTERS)
    figure.update_yaxes(range=[-2 * top, 100 * top], ticksuffix=" %", **_LETTERS)
    return figure


def sparks(curves: Sequence[Severity], *, limit: float) -> list[str]:
    """A small drawing (SVG) of each curve, all with the same axes, the limit dashed where it is in sight."""
    top = max(_top(curve, limit, None, None) for curve in curves)
    end = max(float(curve.hours[-1]) for curve in curves) or 1.0
    return [_spark(curve, top, end, limit) for curve in curves]


def _spark(curve: Severity, top: float, end: float, limit: float) -> str:
    x, y = 6 + 228 * curve.hours / end, 62 - 56 * np.minimum(curve.share / top, 1.0)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    level = 62 - 56 * limit / top
    dashed = (
        f'<line x1="6" x2="234" y1="{level:.1f}" y2="{level:.1f}" stroke="{palette.ANOMALOUS}" stroke-dasharray="6 4"/>'
    )
    right, height = x[-1], y[-1]
    mark = f'<circle cx="{right:.1f}" cy="{height:.1f}" r="4.5" fill="{palette.GOOD}"/>'
    if curve.share[-1] >= limit:
        mark = (
            f'<path d="M{right - 5:.1f} {height - 5:.1f} l10 10 m0 -10 l-10 10" stroke="{palette.ANOMALOUS}"'
            ' stroke-width="3.5"/>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 68">'
        f'<line x1="6" x2="234" y1="62" y2="62" stroke="{palette.NEUTRAL}" stroke-opacity=".6"/>'
        f"{dashed if limit <= top else ''}"
        f'<polyline points="{line}" fill="none" stroke="{palette.GOOD}" stroke-width="3" stroke-linejoin="round"/>'
        f"{mark}</svg>"
    )


def measures(curves: Mapping[str, Severity], unit: TimeUnit, *, upto: int) -> go.Figure:
    """Every measure in a panel of its own, with its own scale in percent, up to time number ``upto``."""
    figure = make_subplots(cols=max(len(curves), 1), subplot_titles=list(curves), horizontal_spacing=0.06)
    figure.update_layout(canvas("", "", height=260).layout)
    for column, curve in enumerate(curves.values(), start=1):
        shown = slice(0, upto + 1)
        colour = palette.CATEGORICAL[(column - 1) % len(palette.CATEGORICAL)]
        hours = curve.hours[shown] / unit.hours
        ribbon = np.concatenate([curve.high[shown], curve.low[shown][::-1]])
        figure.add_scatter(
            x=np.concatenate([hours, hours[::-1]]), y=100 * ribbon, fill="toself", mode="lines", hoverinfo="skip",
            line={"width": 0}, fillcolor=palette.faint(colour, 0.18), row=1, col=column,
        )  # fmt: skip
        figure.add_scatter(
            x=hours, y=100 * curve.share[shown], mode="lines+markers", line={"color": colour, "width": 3},
            marker={"size": 8}, hovertemplate="%{y:.2f} %<extra></extra>", row=1, col=column,
        )  # fmt: skip
        top = 110 * max(float(curve.high.max()), LOWEST_TOP)
        figure.update_yaxes(range=[-0.02 * top, top], nticks=5, ticksuffix=" %", gridcolor=GRID, row=1, col=column)
        span = unit.of(float(curve.hours[-1])) or 1.0
        figure.update_xaxes(range=[-0.04 * span, 1.04 * span], title=f"{unit.name}s", gridcolor=GRID, row=1, col=column)
    figure.update_layout(showlegend=False, margin={"t": 40})
    figure.update_annotations(font_size=FONT)
    figure.update_xaxes(nticks=6, **_LETTERS)
    figure.update_yaxes(**_LETTERS)
    return figure


def gauge(health: float) -> go.Figure:
    """Health from 1, no rust, to 0, at the limit or beyond it."""
    colour = palette.VERDICT_COLOURS["reject" if health <= WORN else "accept" if health >= HEALTHY else "review"]
    number: dict[str, Any] = {"size": 34} | ({"color": colour} if health <= WORN else {})  # an empty bar has no colour
    figure = canvas("", "", height=165)
    figure.add_indicator(
        mode="gauge+number",
        value=round(100 * health),
        number={"suffix": " %", "font": number},
        gauge={
            "axis": {"range": [0, 100], "tickvals": [0, 50, 100], "tickfont": {"size": FONT}},
            "bar": {"color": colour, "thickness": 1},
            "bgcolor": "rgba(128,128,128,0.14)",
            "borderwidth": 0,
        },
    )
    figure.update_layout(margin={"l": 36, "r": 36, "t": 28, "b": 12})
    return figure


def _top(curve: Severity, limit: float, crossing: Crossing | None, fan: Fan | None) -> float:
    """The upper end of the axis as a fraction: the curve, and the limit where it is near or will be crossed."""
    highest = max(float(curve.high.max()), LOWEST_TOP)
    crosses = crossing is not None and crossing.median is not None and fan is not None
    near = limit <= LIMIT_IN_SIGHT * highest
    return 1.12 * max(highest, limit) if crosses or near else 1.3 * highest


def _end(curve: Severity, crossing: Crossing | None, horizon: float) -> float:
    """The right end in hours: the last photograph, or what the forecast needs, within the horizon after it."""
    last = float(curve.hours[-1]) or 1.0
    if crossing is None or crossing.median is None:
        return 1.12 * last
    ahead = crossing.high80 if crossing.high80 is not None else last + horizon
    return min(max(1.12 * last, 1.08 * ahead), 1.02 * (last + horizon))


def _measured(figure: go.Figure, curve: Severity, unit: TimeUnit, upto: int, limit: float) -> None:
    shown = slice(0, upto + 1)
    hours, share = curve.hours[shown] / unit.hours, curve.share[shown]
    over = share >= limit
    figure.add_scatter(
        x=hours,
        y=100 * share,
        mode="lines+markers",
        name="measured",
        line={"color": palette.GOOD, "width": 5},
        marker={
            "size": [16 if k == upto else 11 for k in range(len(share))],
            "color": [palette.ANOMALOUS if high else palette.GOOD for high in over],
            "symbol": ["x" if high else "circle" for high in over],
            "opacity": 1,
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": 100 * (curve.high[shown] - share),
            "arrayminus": 100 * (share - curve.low[shown]),
            "thickness": 2,
            "width": 6,
            "color": palette.faint(palette.GOOD, 0.8),
        },
        customdata=np.stack([100 * curve.low[shown], 100 * curve.high[shown]], axis=1),
        hovertemplate=f"{unit.name} %{{x:.3g}}: %{{y:.2f}} % (%{{customdata[0]:.2f}} to %{{customdata[1]:.2f}})"
        "<extra></extra>",
    )


def _fan(figure: go.Figure, fan: Fan, unit: TimeUnit, end: float) -> None:
    inside = fan.hours <= end
    hours = fan.hours[inside] / unit.hours
    for low, high, alpha in ((fan.low95, fan.high95, 0.12), (fan.low80, fan.high80, 0.2)):
        band = 100 * np.concatenate([high[inside], low[inside][::-1]])
        figure.add_scatter(
            x=np.concatenate([hours, hours[::-1]]), y=band, fill="toself", mode="lines", hoverinfo="skip",
            line={"width": 0}, fillcolor=palette.faint(palette.NEUTRAL, alpha),
        )  # fmt: skip
    figure.add_scatter(
        x=hours, y=100 * fan.median[inside], mode="lines", name="expected",
        line={"color": palette.NEUTRAL, "width": 3, "dash": "dot"}, hovertemplate="expected %{y:.2f} %<extra></extra>",
    )  # fmt: skip


def _limit_line(figure: go.Figure, limit: float, end: float, unit: TimeUnit) -> None:
    line: dict[str, Any] = {"color": palette.ANOMALOUS, "width": 3, "dash": "dash"}
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=100 * limit, y1=100 * limit, line=line)
    figure.add_annotation(
        x=unit.of(0.0), y=100 * limit, text=f"limit {100 * limit:.3g} %", showarrow=False, xanchor="left",
        yanchor="bottom", font={"size": FONT},
    )  # fmt: skip


def _crossing(figure: go.Figure, crossing: Crossing, limit: float, unit: TimeUnit, end: float) -> None:
    """On the limit: a diamond for the median, a thick bar for 80 % and a thin one for 95 %, open to the right where
    they leave the horizon."""
    if crossing.median is None:
        return
    for low, high, width in ((crossing.low95, crossing.high95, 3), (crossing.low80, crossing.high80, 9)):
        if low is not None:
            stop = end if high is None else min(high, end)
            figure.add_scatter(
                x=[unit.of(low), unit.of(stop)], y=[100 * limit] * 2, mode="lines", hoverinfo="skip",
                line={"color": palette.CATEGORICAL[1], "width": width},
            )  # fmt: skip
    figure.add_scatter(
        x=[unit.of(crossing.median)], y=[100 * limit], mode="markers", name="crossing",
        marker={
            "symbol": "diamond", "size": 20, "color": palette.CATEGORICAL[1], "line": {"color": "#333", "width": 2}
        },
        hovertemplate=f"limit reached at {unit.at(crossing.median)}<extra></extra>",
    )  # fmt: skip
