"""Detectors against each other: differences to one of them, curves over each other, agreement, cost and effort.

Every function takes one entry per detector, in one order; ``core.charts.contestants.LOOKS`` gives their looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.canvas import GRID, SHARES, canvas
from core.charts.contestants import LOOKS, marker

Floats = NDArray[np.float64]
CHANCE = {"color": palette.NEUTRAL, "width": 1, "dash": "dot"}


@dataclass(frozen=True)
class Measured:
    """A figure, or a difference, with its 95 % interval where there is one; ``place`` is the detector's."""

    place: int
    name: str
    value: float
    low: float | None = None
    high: float | None = None
    sure: bool = False


@dataclass(frozen=True)
class Line:
    """A curve of one detector. ``at`` marks its own limit, as (x, y)."""

    name: str
    x: ArrayLike
    y: ArrayLike
    at: tuple[float, float] | None = None
    step: bool = False


def forest(rows: Sequence[Measured], pinned: str, what: str, *, difference: bool = True) -> go.Figure:
    """Each row's value with its interval, the first on top; with ``difference`` around the line of no difference.

    A filled marker is a difference that chance does not explain, an open one could be none.
    """
    title = f"{what}: difference to {pinned}" if difference else what
    figure = canvas(title, "", height=110 + 44 * max(len(rows), 1))
    for row in rows:
        look = LOOKS[row.place]
        reach = None
        if row.low is not None and row.high is not None:
            reach = {"array": [row.high - row.value], "arrayminus": [row.value - row.low], "color": look.colour,
                     "thickness": 2, "width": 5}  # fmt: skip
        ends = f" (95\u00a0%: {_signed(row.low, difference)} to {_signed(row.high, difference)})" if reach else ""
        figure.add_scatter(
            x=[row.value], y=[row.name], mode="markers", error_x=reach, name=row.name, showlegend=False,
            marker=marker(look, 13, filled=row.sure or not difference),
            hovertemplate=f"%{{y}}: {_signed(row.value, difference)}{ends}<extra></extra>",
        )  # fmt: skip
    if difference:
        figure.add_vline(x=0, line={"color": palette.NEUTRAL, "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            x=0, y=1, yref="y domain", yanchor="bottom", text=f"as {_short(pinned)}", showarrow=False, font={"size": 11}
        )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def overlaid(lines: Sequence[Line], x: str, y: str, *, chance: tuple[Sequence[float], Sequence[float]] | None = None,
             unit: bool = True, height: int = 380) -> go.Figure:  # fmt: skip
    """Curves of all detectors over each other, each with its own limit as its marker."""
    figure = canvas(x, y, height=height)
    for line, look in zip(lines, LOOKS, strict=False):
        figure.add_scatter(
            x=line.x, y=line.y, mode="lines", name=f"{look.sign} {line.name}", legendgroup=line.name,
            line={"color": look.colour, "width": 2, "dash": look.dash, "shape": "vh" if line.step else "linear"},
            hovertemplate=f"{line.name}: (%{{x:.3g}}, %{{y:.3g}})<extra></extra>",
        )  # fmt: skip
        if line.at is not None:
            figure.add_scatter(
                x=[line.at[0]], y=[line.at[1]], mode="markers", legendgroup=line.name, showlegend=False,
                marker=marker(look, 12),
                hovertemplate=f"{line.name} at its own limit: (%{{x:.3g}}, %{{y:.3g}})<extra></extra>",
            )  # fmt: skip
    if chance is not None:
        figure.add_scatter(x=chance[0], y=chance[1], mode="lines", name="guessing", hoverinfo="skip", line=CHANCE)
    if unit:
        figure.update_xaxes(range=[-0.02, 1.02])
        figure.update_yaxes(range=[-0.02, 1.04])
    return figure


def matrix(values: ArrayLike, names: Sequence[str], *, form: Callable[[float], str] = "{:.2f}".format) -> go.Figure:
    """(m, m) agreement as numbers over shades; what is not defined is a dash. ``form`` writes a number."""
    numbers = np.asarray(values, float)
    signs = [f"{look.sign} {_short(name, 18)}" for look, name in zip(LOOKS, names, strict=False)]
    figure = canvas("", "", height=110 + 52 * len(names))
    text = [["–" if np.isnan(value) else form(value) for value in row] for row in numbers]
    figure.add_heatmap(
        z=np.clip(numbers, 0, 1), x=signs, y=signs, text=text, texttemplate="%{text}", zmin=0, zmax=1,
        colorscale=[[0, palette.faint(palette.GOOD, 0.04)], [1, palette.faint(palette.GOOD, 0.75)]], showscale=False,
        hovertemplate="%{y} and %{x}: %{text}<extra></extra>", xgap=2, ygap=2, textfont={"size": 13},
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", showgrid=False)
    return figure


def grouped(groups: Sequence[tuple[str, int, Sequence[float], Sequence[tuple[float, float] | None]]],
            names: Sequence[str], noun: str = "parts", share: str = "recall") -> go.Figure:  # fmt: skip
    """Recall by group (name, how many, recall and interval of each detector): a lane a group, a marker a detector.
    ``noun``: what a group is made of; ``share``: "recall" of bad parts or "false alarms" among good ones."""
    done = "found" if share == "recall" else "called bad"
    figure = canvas(f"{share} at each detector's own limit", "", height=110 + (22 + 15 * len(names)) * len(groups))
    lanes = np.linspace(-0.32, 0.32, len(names)) if len(names) > 1 else np.zeros(1)
    for k, (name, look) in enumerate(zip(names, LOOKS, strict=False)):
        recalls = [recall[k] for _, _, recall, _ in groups]
        ends = [between[k] or (recall[k], recall[k]) for _, _, recall, between in groups]
        figure.add_scatter(
            x=recalls, y=np.arange(len(groups)) + lanes[k], mode="markers", name=name,
            marker=marker(look, 10),
            error_x={
                "array": [high - value for value, (_, high) in zip(recalls, ends, strict=True)],
                "arrayminus": [value - low for value, (low, _) in zip(recalls, ends, strict=True)],
                "color": look.colour, "thickness": 1.2, "width": 3,
            },
            customdata=[[group, round(value * n), n] for (group, n, _, _), value in zip(groups, recalls, strict=True)],
            hovertemplate=f"{name}, %{{customdata[0]}}: %{{customdata[1]}} of %{{customdata[2]}} {done}<extra></extra>",
        )  # fmt: skip
    ticks = [f"{group}<br>({n:,} {noun if n != 1 else noun.removesuffix('s')})" for group, n, _, _ in groups]
    figure.update_yaxes(
        tickvals=list(range(len(groups))), ticktext=ticks, range=[len(groups) - 0.5, -0.5], showgrid=False
    )
    figure.update_xaxes(range=[-0.02, 1.04], **SHARES)
    for border in range(1, len(groups)):
        figure.add_hline(y=border - 0.5, line={"color": GRID, "width": 1})
    return figure


def effort(rows: Sequence[Measured], cost: Sequence[float | None], x: str, y: str) -> go.Figure:
    """A figure with its interval against what it costs, on a logarithmic axis; up and to the left is better."""
    figure = canvas(x, y, height=360)
    for row, spent in zip(rows, cost, strict=True):
        if spent is None:
            continue
        look = LOOKS[row.place]
        reach = None
        if row.low is not None and row.high is not None:
            reach = {"array": [row.high - row.value], "arrayminus": [row.value - row.low], "color": look.colour}
        figure.add_scatter(
            x=[spent], y=[row.value], error_y=reach, mode="markers", name=row.name,
            marker=marker(look, 13), hovertemplate=f"{row.name}: %{{y:.3f}} at %{{x:.3g}}<extra></extra>",
        )  # fmt: skip
    ticks = _ticks([value for value in cost if value])
    figure.update_xaxes(
        type="log", tickvals=ticks, ticktext=[f"{tick:,.4g}" if tick < 1e5 else f"{tick:.0e}" for tick in ticks]
    )
    return figure


def _ticks(values: Sequence[float]) -> list[float]:
    """Round numbers from below the lowest value to above the highest; closer ones where few would be in view."""
    if not values:
        return []
    low, high = min(values), max(values)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        if sum(low <= tick <= high for tick in found) > 1:
            break
    return found


def _signed(value: float | None, difference: bool) -> str:
    return "" if value is None else f"{value:+.3f}" if difference else f"{value:.3f}"


def _short(name: str, length: int = 28) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
