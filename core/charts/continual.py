"""Continual runs as figures: the task matrix, performance over the stream, the watch on drift, methods side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from core.charts import palette
from core.charts.canvas import GRID, canvas

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SCALE = [[0.0, "#440154"], [0.25, "#3E4989"], [0.5, "#26828E"], [0.75, "#6ECE58"], [1.0, "#FDE725"]]  # viridis
LIGHT_FROM = 0.65  # share of the scale from which text on it is dark


@dataclass(frozen=True)
class Looks:
    """One method's figure at the steps where it was looked at, and the steps at which it had recovered."""

    steps: Sequence[int]
    values: Sequence[float]
    recovered: Sequence[int] = ()


@dataclass(frozen=True)
class Measured:
    """One method's figure with its 95 % interval; ends are None for a single seed."""

    name: str
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Watched:
    """What a learner told of itself at each step. ``alarms`` are steps at which it noticed drift."""

    steps: Sequence[int]
    hellinger: Sequence[float]
    bound: Sequence[float]
    sigma: Sequence[float]
    alarms: Sequence[int] = ()


def matrix(values: NDArray[np.float64], tasks: Sequence[str], upto: int, low: float | None = None) -> go.Figure:
    """AUROC (T, T) of each task (column) after each task was learned (row), the first ``upto`` rows; tasks to come are
    empty, the diagonal is bold. The colours begin at ``low``, None for the smallest value: give it where matrices stand
    side by side."""
    shown = values[:upto]
    known = shown[np.isfinite(shown)]
    low = min(float(known.min(initial=1.0)), 0.95) if low is None else low
    figure = canvas("judged on", "after learning", height=110 + 46 * max(len(tasks), 3))
    names = [f"{k + 1}. {escaped(name)}" for k, name in enumerate(tasks)]
    figure.add_heatmap(
        z=np.vstack([shown, np.full((len(tasks) - len(shown), len(tasks)), np.nan)]),
        x=names, y=names, zmin=low, zmax=1.0, colorscale=SCALE, xgap=3, ygap=3, hoverongaps=False,
        colorbar={"title": {"text": "AUROC"}, "thickness": 12},
        hovertemplate="after %{y}, on %{x}: AUROC %{z:.3f}<extra></extra>",
    )  # fmt: skip
    for (row, column), value in np.ndenumerate(shown):
        if np.isfinite(value):
            bright = (value - low) / (1 - low) > LIGHT_FROM
            figure.add_annotation(
                x=names[column], y=names[row], text=f"{'<b>' if row == column else ''}{value:.3f}", showarrow=False,
                font={"color": "#111" if bright else "#fff", "size": 13},
            )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(side="top", showgrid=False, type="category")
    figure.update_layout(margin={"t": 70})
    return figure


def course(
    methods: Mapping[str, Looks], *, figure_name: str, onsets: Sequence[int], starts: Sequence[int]
) -> go.Figure:
    """Every method's figure over the steps of the stream. Dotted lines part the tasks, a dashed one marks the onset of
    drift, a diamond the step at which a method had recovered."""
    figure = canvas("step of the stream", figure_name, height=380)
    _marks(figure, onsets, starts)
    for k, (name, looks) in enumerate(methods.items()):
        colour = palette.CATEGORICAL[k % len(palette.CATEGORICAL)]
        dash = DASHES[k // len(palette.CATEGORICAL) % len(DASHES)]
        figure.add_scatter(
            x=list(looks.steps), y=list(looks.values), mode="lines", name=escaped(name), legendgroup=name,
            line={"color": colour, "width": 1.8, "dash": dash},
            hovertemplate="step %{x:,}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
        places = [step for step in looks.recovered if step in looks.steps]
        if places:
            at = dict(zip(looks.steps, looks.values, strict=True))
            figure.add_scatter(
                x=places, y=[at[step] for step in places], mode="markers", legendgroup=name, showlegend=False,
                marker={"symbol": "diamond", "size": 11, "color": colour, "line": {"color": "#fff", "width": 1.5}},
                hovertemplate="recovered at step %{x:,}<extra></extra>",
            )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_xaxes(tickformat=",d")
    return figure


def watch(told: Watched, *, onsets: Sequence[int], starts: Sequence[int]) -> go.Figure:
    """H(t) with the bound above, sigma(t) below; a cross where the learner noticed drift by itself."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.64, 0.36], vertical_spacing=0.06)
    figure.update_layout(canvas("", "", height=420).layout)
    lines = (
        ("H(t), debiased", told.hellinger, palette.GOOD, "solid", 1),
        ("bound on the memory's distance", told.bound, palette.NEUTRAL, "dash", 1),
        ("sigma(t)", told.sigma, palette.CATEGORICAL[2], "solid", 2),
    )
    for name, values, colour, dash, row in lines:
        figure.add_scatter(
            x=list(told.steps), y=list(values), mode="lines", name=name, row=row, col=1,
            line={"color": colour, "width": 1.6, "dash": dash},
            hovertemplate="step %{x:,}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    if told.alarms:
        at = dict(zip(told.steps, told.hellinger, strict=True))
        figure.add_scatter(
            x=list(told.alarms), y=[at[step] for step in told.alarms], mode="markers", name="drift noticed", row=1,
            col=1, marker={"symbol": "x", "size": 11, "color": palette.CATEGORICAL[1]},
            hovertemplate="noticed at step %{x:,}<extra></extra>",
        )  # fmt: skip
    _marks(figure, onsets, starts)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, rangemode="tozero")
    figure.update_yaxes(title_text="Hellinger", row=1, col=1)
    figure.update_yaxes(title_text="sigma", row=2, col=1)
    figure.update_xaxes(gridcolor=GRID, zeroline=False, tickformat=",d")
    figure.update_xaxes(title_text="step of the stream", row=2, col=1)
    return figure


def pursuit(bias: NDArray[np.float64], error: NDArray[np.float64], bounds: tuple[float, float]) -> go.Figure:
    """A simulated memory behind a moving truth: its exact distance, the mean over seeds with 5 to 95 % of them, and the
    two bounds (drift alone, drift and sampling)."""
    steps = np.arange(len(bias))
    low, high = np.quantile(error, (0.05, 0.95), axis=0)
    figure = canvas("step", "H(memory, truth)", height=320)
    figure.add_scatter(
        x=np.concatenate([steps, steps[::-1]]), y=np.concatenate([high, low[::-1]]), fill="toself", mode="lines",
        line={"width": 0}, fillcolor=palette.faint(palette.GOOD, 0.18), name="5 to 95\u00a0% of the runs",
            hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(x=steps, y=error.mean(axis=0), mode="lines", name="mean, sampled", line={"color": palette.GOOD})
    figure.add_scatter(
        x=steps, y=bias, mode="lines", name="without sampling", line={"color": palette.CATEGORICAL[2], "dash": "dot"}
    )
    for value, name, dash in zip(bounds, ("bound, drift alone", "bound"), ("dot", "dash"), strict=True):
        figure.add_hline(
            y=value, line={"color": palette.NEUTRAL, "dash": dash, "width": 1.5}, annotation_text=f"{name} {value:.3f}",
            annotation_position="top right", annotation_font_size=11,
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    return figure


def side_by_side(rows: Sequence[Measured], title: str) -> go.Figure:
    """A dot and its 95 % interval for each method, in the order given."""
    known = [row for row in rows if row.low is not None and row.high is not None]
    what = "mean over seeds, 95\u00a0% interval" if known else "one seed: no interval"
    figure = canvas(f"{title} ({what})", "", height=90 + 30 * max(len(rows), 3))
    figure.add_scatter(
        x=[row.mean for row in rows], y=[escaped(row.name) for row in rows], mode="markers", showlegend=False,
        marker={"size": 10, "color": palette.GOOD, "symbol": ["diamond" if r.low is None else "circle" for r in rows]},
        error_x={
            "type": "data", "symmetric": False, "color": palette.GOOD, "thickness": 1.6,
            "array": [(row.high or row.mean) - row.mean for row in rows],
            "arrayminus": [row.mean - (row.low if row.low is not None else row.mean) for row in rows],
            "visible": bool(known),
        },
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def _marks(figure: go.Figure, onsets: Sequence[int], starts: Sequence[int]) -> None:
    for start in starts[1:]:
        figure.add_vline(x=start, line={"color": palette.NEUTRAL, "dash": "dot", "width": 1})
    for k, onset in enumerate(onsets):
        figure.add_vline(
            x=onset, line={"color": palette.CATEGORICAL[1], "dash": "dash", "width": 2},
            annotation_text="drift" if k == 0 else "", annotation_position="top left", annotation_font_size=11,
        )  # fmt: skip


def escaped(text: str) -> str:
    """A name from a file: Plotly reads its labels as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
