"""Detectors against each other: differences to one of them, curves over each other, agreement, cost and effort.

Every function takes one entry per detector, in one order; ``core.charts.contestants.LOOKS`` gives their looks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.canvas import GRID, canvas
from core.charts.contestants import LOOKS, Look

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
        ends = f" (95 %: {_signed(row.low, difference)} to {_signed(row.high, difference)})" if reach else ""
        figure.add_scatter(
            x=[row.value], y=[row.name], mode="markers", error_x=reach, name=row.name, showlegend=False,
            marker=_marker(look, 13, filled=row.sure or not difference),
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
                marker=_marker(look, 12),
                hovertemplate=f"{line.name} at its own limit: (%{{x:.3g}}, %{{y:.3g}})<extra></extra>",
            )  # fmt: skip
    if chance is not None:
        figure.add_scatter(x=chance[0], y=chance[1], mode="lines", name="guessing", hoverinfo="skip", line=CHANCE)
    if unit:
        figure.update_xaxes(range=[-0.02, 1.02])
        figure.update_yaxes(range=[-0.02, 1.04])
    return figure


@dataclass(frozen=True, eq=False)
class Bars:
    """A detector's histogram: (k + 1,) ``edges``, (k,) counts by label; ``limit`` where it calls a part bad."""

    name: str
    edges: Floats
    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    limit: float


def histograms(rows: Sequence[Bars], x: str) -> go.Figure:
    """One row a detector on a shared axis: the share of the good parts in each bin upwards, that of the anomalous ones
    (hatched) downwards."""
    inner = 118 * len(rows)
    figure = canvas(x, "", height=inner + 90)
    title, most = 24 / inner, _tallest(rows)
    for k, (row, look) in enumerate(zip(rows, LOOKS, strict=False)):
        axis = "" if k == 0 else str(k + 1)
        top, bottom = 1 - k / len(rows), 1 - (k + 1) / len(rows)
        middles, width = (row.edges[:-1] + row.edges[1:]) / 2, np.diff(row.edges)
        for label, counts, side in (("good", row.good, 1), (None, row.unlabelled, 1), ("bad", row.bad, -1)):
            if not counts.any():
                continue
            colour = palette.LABEL_COLOURS[label]
            figure.add_bar(
                x=middles, y=side * counts / counts.sum(), width=width, yaxis=f"y{axis}",
                name=palette.LABEL_NAMES[label], legendgroup=str(label), showlegend=k == 0, customdata=counts,
                marker={
                    "color": palette.faint(colour, 0.6), "line": {"color": colour, "width": 1},
                    "pattern": {"shape": palette.LABEL_HATCHINGS[label], "fillmode": "overlay", "size": 5,
                                "fgcolor": "rgba(255,255,255,0.8)"},
                },
                hovertemplate=f"{row.name}: %{{customdata}} {palette.LABEL_NAMES[label]}<extra></extra>",
            )  # fmt: skip
        figure.update_layout({f"yaxis{axis}": {
            "domain": [bottom + 0.01, top - title], "showgrid": False, "zeroline": True, "range": [-most, most],
            "zerolinecolor": palette.NEUTRAL, "showticklabels": False, "anchor": "x",
        }})  # fmt: skip
        figure.add_shape(
            type="line", x0=row.limit, x1=row.limit, yref=f"y{axis} domain", y0=0, y1=1,
            line={"color": palette.ANOMALOUS, "width": 2, "dash": "dash"},
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref=f"y{axis} domain", yanchor="bottom", showarrow=False,
            text=f"<span style='color:{look.colour}'>{look.sign}</span> {row.name}", font={"size": 12},
        )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0, xaxis={"anchor": "free", "position": 0.0})
    return figure


def _tallest(rows: Sequence[Bars]) -> float:
    """The largest share of any bar, with a little air."""
    shares = [
        float(counts.max() / counts.sum())
        for row in rows
        for counts in (row.good, row.bad, row.unlabelled)
        if counts.any()
    ]
    return 1.05 * max(shares, default=1.0)


def matrix(values: ArrayLike, names: Sequence[str], *, form: str = ".2f") -> go.Figure:
    """(m, m) agreement as numbers over shades; what is not defined is a dash. ``form`` is how a number is written."""
    numbers = np.asarray(values, float)
    signs = [f"{look.sign} {_short(name, 18)}" for look, name in zip(LOOKS, names, strict=False)]
    figure = canvas("", "", height=110 + 52 * len(names))
    text = [["–" if np.isnan(value) else format(value, form) for value in row] for row in numbers]
    figure.add_heatmap(
        z=np.clip(numbers, 0, 1), x=signs, y=signs, text=text, texttemplate="%{text}", zmin=0, zmax=1,
        colorscale=[[0, palette.faint(palette.GOOD, 0.04)], [1, palette.faint(palette.GOOD, 0.75)]], showscale=False,
        hovertemplate="%{y} and %{x}: %{text}<extra></extra>", xgap=2, ygap=2, textfont={"size": 13},
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", showgrid=False)
    return figure


def grouped(groups: Sequence[tuple[str, int, Sequence[float], Sequence[tuple[float, float] | None]]],
            names: Sequence[str]) -> go.Figure:  # fmt: skip
    """Recall by group (name, parts, recall and interval of each detector): a lane a group, a marker a detector."""
    figure = canvas("recall at each detector's own limit", "", height=110 + (22 + 15 * len(names)) * len(groups))
    lanes = np.linspace(-0.32, 0.32, len(names)) if len(names) > 1 else np.zeros(1)
    for k, (name, look) in enumerate(zip(names, LOOKS, strict=False)):
        recalls = [recall[k] for _, _, recall, _ in groups]
        ends = [between[k] or (recall[k], recall[k]) for _, _, recall, between in groups]
        figure.add_scatter(
            x=recalls, y=np.arange(len(groups)) + lanes[k], mode="markers", name=name,
            marker=_marker(look, 10),
            error_x={
                "array": [high - value for value, (_, high) in zip(recalls, ends, strict=True)],
                "arrayminus": [value - low for value, (low, _) in zip(recalls, ends, strict=True)],
                "color": look.colour, "thickness": 1.2, "width": 3,
            },
            customdata=[[group, round(value * n), n] for (group, n, _, _), value in zip(groups, recalls, strict=True)],
            hovertemplate=f"{name}, %{{customdata[0]}}: %{{customdata[1]}} of %{{customdata[2]}} found<extra></extra>",
        )  # fmt: skip
    ticks = [f"{group}<br>({n} parts)" for group, n, _, _ in groups]
    figure.update_yaxes(
        tickvals=list(range(len(groups))), ticktext=ticks, range=[len(groups) - 0.5, -0.5], showgrid=False
    )
    figure.update_xaxes(range=[-0.02, 1.04], tickformat=".0%")
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
            marker=_marker(look, 13), hovertemplate=f"{row.name}: %{{y:.3f}} at %{{x:.3g}}<extra></extra>",
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


def paired_dots(names: tuple[str, str], places: tuple[int, int], values: tuple[ArrayLike, ArrayLike],
                items: Sequence[str], what: str) -> go.Figure:  # fmt: skip
    """One dot a part: the first detector's figure across, the second's up; above the diagonal the second is better."""
    first, second = (np.asarray(one, float) for one in values)
    figure = canvas(f"{what} of {names[0]}", f"{what} of {names[1]}", height=420)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line=CHANCE, showlegend=False)
    for place, name, wins in ((places[1], names[1], second > first), (places[0], names[0], first > second)):
        look = LOOKS[place]
        figure.add_scatter(
            x=first[wins], y=second[wins], mode="markers", name=f"{name} better ({int(wins.sum())})",
            marker=_marker(look, 7, opacity=0.65), customdata=[items[k] for k in np.flatnonzero(wins).tolist()],
            hovertemplate="%{customdata}: %{x:.2f}, %{y:.2f}<extra></extra>",
        )  # fmt: skip
    even = first == second
    figure.add_scatter(
        x=first[even], y=second[even], mode="markers", name=f"even ({int(even.sum())})",
        marker={"color": palette.NEUTRAL, "size": 6, "opacity": 0.5}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[-0.03, 1.03])
    return figure


def _marker(look: Look, size: int, *, filled: bool = True, opacity: float = 1.0) -> dict[str, Any]:
    shape = look.marker if filled else f"{look.marker}-open"
    return {"symbol": shape, "color": look.colour, "size": size, "opacity": opacity,
            "line": {"color": look.colour, "width": 2 if not filled else 0.5}}  # fmt: skip


def _signed(value: float | None, difference: bool) -> str:
    return "" if value is None else f"{value:+.3f}" if difference else f"{value:.3f}"


def _short(name: str, length: int = 28) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"


def moment(
    x: NDArray[Any],
    surprises: Sequence[tuple[str, ArrayLike]],
    *,
    limit: float,
    anomalous: NDArray[np.bool_],
    signal: tuple[str, NDArray[Any], NDArray[Any]] | None,
    x_title: str,
) -> go.Figure:
    """Every detector's surprise over a stretch with the limit, and below it the readings of one sensor (name, x, y);
    what is labelled anomalous, (n,) of ``x``, is shaded."""
    figure = canvas(x_title, "surprise", height=300 if signal else 200)
    for (name, values), look in zip(surprises, LOOKS, strict=False):
        figure.add_scatter(
            x=x, y=np.asarray(values, np.float32), mode="lines", name=f"{look.sign} {name}",
            line={"color": look.colour, "width": 1.8, "dash": look.dash},
        )  # fmt: skip
    if signal is not None:
        figure.update_layout(
            xaxis={"anchor": "y2"}, yaxis={"domain": [0.42, 1]},
            yaxis2={"domain": [0, 0.3], "gridcolor": GRID, "zeroline": False, "automargin": True, "nticks": 4},
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref="y2 domain", yanchor="bottom", text=signal[0],
            showarrow=False, font={"size": 12},
        )  # fmt: skip
        figure.add_scatter(
            x=signal[1], y=np.asarray(signal[2], np.float32), mode="lines", yaxis="y2", showlegend=False,
            name=signal[0], line={"color": palette.NEUTRAL, "width": 1.2},
        )  # fmt: skip
    figure.add_shape(
        type="line", xref="x domain", x0=0, x1=1, y0=limit, y1=limit,
        line={"color": palette.ANOMALOUS, "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    edges = np.flatnonzero(np.diff(np.concatenate([[False], anomalous, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        figure.add_shape(
            type="rect", x0=x[first], x1=x[last], yref="paper", y0=0, y1=1, layer="below",
            fillcolor=palette.faint(palette.ANOMALOUS, 0.12),
            line={"width": 1, "color": palette.faint(palette.ANOMALOUS, 0.5), "dash": "dot"},
        )  # fmt: skip
    return figure
