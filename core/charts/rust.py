"""How parts rust, as figures: all parts together, every measure of one; and what their curves are made of.

Shares are fractions of the part's surface, drawn in percent. Type is larger than elsewhere: this is shown to a room.
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
from core.datasets.wording import PERCENT, percent

FONT = 16
LIMIT_IN_SIGHT = 4.0  # a limit further above the curve than this many times would flatten it
LOWEST_TOP = 0.002  # of the surface: a part without rust is drawn flat, not as magnified noise


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


def fleet(
    curves: Sequence[Severity], chosen: str, unit: TimeUnit, *, limit: float, mean: Severity | None = None
) -> go.Figure:
    """All parts over the same axes, the chosen one strong and named; ``mean`` is that of all, with its interval."""
    figure = canvas(unit.axis, "", height=360)
    top = max(in_sight(curve, limit, None, None) for curve in curves)
    end = max(float(curve.hours[-1]) for curve in curves) or 1.0
    if mean is not None:
        hours = mean.hours / unit.hours
        band = 100 * np.concatenate([mean.high, mean.low[::-1]])
        figure.add_scatter(
            x=np.concatenate([hours, hours[::-1]]), y=band, fill="toself", mode="lines", line={"width": 0},
            fillcolor=palette.faint(palette.NEUTRAL, 0.18), name=f"its {percent(0.95)} interval", hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=hours, y=100 * mean.share, mode="lines", name="mean of all parts",
            line={"color": palette.NEUTRAL, "width": 2, "dash": "dot"},
            hovertemplate="%{y:.2f}" + PERCENT + "<extra>mean of all parts</extra>",
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
            hovertemplate="%{y:.2f}" + PERCENT + "<extra>" + curve.name + "</extra>",
            showlegend=mine,
        )
    if limit <= top:
        _limit_line(figure, limit, end, unit)
    figure.update_layout(showlegend=True, legend={"font": {"size": FONT}}, margin={"t": 36})
    figure.update_xaxes(range=[unit.of(-0.02 * end), unit.of(1.03 * end)], **_LETTERS)
    figure.update_yaxes(range=[-2 * top, 100 * top], ticksuffix=PERCENT, **_LETTERS)
    return figure


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
            marker={"size": 8}, hovertemplate="%{y:.2f}" + PERCENT + "<extra></extra>", row=1, col=column,
        )  # fmt: skip
        top = 110 * max(float(curve.high.max()), LOWEST_TOP)
        figure.update_yaxes(range=[-0.02 * top, top], nticks=5, ticksuffix=PERCENT, gridcolor=GRID, row=1, col=column)
        span = unit.of(float(curve.hours[-1])) or 1.0
        figure.update_xaxes(range=[-0.04 * span, 1.04 * span], title=f"{unit.name}s", gridcolor=GRID, row=1, col=column)
    figure.update_layout(showlegend=False, margin={"t": 40})
    figure.update_annotations(font_size=FONT)
    figure.update_xaxes(nticks=6, **_LETTERS)
    figure.update_yaxes(**_LETTERS)
    return figure


def in_sight(curve: Severity, limit: float, crossing: Crossing | None, fan: Fan | None) -> float:
    """The upper end of the axis as a fraction: the curve, and the limit where it is near or will be crossed."""
    highest = max(float(curve.high.max()), LOWEST_TOP)
    crosses = crossing is not None and crossing.median is not None and fan is not None
    near = limit <= LIMIT_IN_SIGHT * highest
    return 1.12 * max(highest, limit) if crosses or near else 1.3 * highest


def right_end(curve: Severity, crossing: Crossing | None, horizon: float) -> float:
    """The right end in hours: the last photograph, or what the forecast needs, within the horizon after it."""
    last = float(curve.hours[-1]) or 1.0
    if crossing is None or crossing.median is None:
        return 1.12 * last
    ahead = crossing.high80 if crossing.high80 is not None else last + horizon
    return min(max(1.12 * last, 1.08 * ahead), 1.02 * (last + horizon))


def _limit_line(figure: go.Figure, limit: float, end: float, unit: TimeUnit) -> None:
    line: dict[str, Any] = {"color": palette.ANOMALOUS, "width": 3, "dash": "dash"}
    figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=100 * limit, y1=100 * limit, line=line)
    figure.add_annotation(
        x=unit.of(0.0), y=100 * limit, text=f"limit {percent(limit)}", showarrow=False, xanchor="left",
        yanchor="bottom", font={"size": FONT},
    )  # fmt: skip
