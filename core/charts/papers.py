"""Measured beside published: a dot with its interval for each method and category, a diamond for what was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts import palette
from core.charts.canvas import canvas

SYMBOLS = ("circle", "square", "triangle-up", "star", "hexagon", "pentagon")
ROW_PX, FURTHER_PX = 26, 9  # height of a row, and of every method in it beyond the first
SPREAD = 0.6  # of a row's height that its methods share


@dataclass(frozen=True)
class Measured:
    """One method on one category; ``reported`` is the published figure it is set against, ``compared`` whether the
    difference means something."""

    category: str
    value: float
    low: float | None = None
    high: float | None = None
    reported: float | None = None
    compared: bool = False


def beside_published(
    methods: Mapping[str, Sequence[Measured]],
    means: Mapping[str, float],
    categories: Sequence[str],
    *,
    title: str,
    guessing: float | None,
) -> go.Figure:
    """Rows are the categories, then the published ``means`` by title. A line joins ours with the published figure:
    solid where the two are comparable, dotted where they are not. ``guessing`` is a dashed line."""
    rows = [*categories, *means]
    place = {name: index for index, name in enumerate(categories)}
    height = 110 + len(categories) * (ROW_PX + FURTHER_PX * (len(methods) - 1)) + ROW_PX * len(means)
    figure = canvas(title, "", height=max(height, 260))
    offsets = _offsets(len(methods))
    for index, ((name, points), offset) in enumerate(zip(methods.items(), offsets, strict=True)):
        colour = palette.CATEGORICAL[index % len(palette.CATEGORICAL)]
        y = [place[point.category] + offset for point in points]
        for style, compared in (("solid", True), ("dot", False)):
            _join(figure, points, y, colour, style, compared)
        _ours(figure, name, points, y, colour, SYMBOLS[index % len(SYMBOLS)])
        _reported(figure, points, y, first=index == 0)
    if means:
        figure.add_scatter(
            x=list(means.values()),
            y=[len(categories) + k for k in range(len(means))],
            mode="markers",
            name="reported, over all categories",
            marker={"symbol": "diamond", "size": 10, "color": palette.NEUTRAL},
            customdata=list(means),
            hovertemplate="%{customdata}: %{x:.3f}, reported, not reproduced<extra></extra>",
        )
    if guessing is not None:
        figure.add_vline(x=guessing, line={"color": palette.NEUTRAL, "dash": "dash", "width": 1.2})
        figure.add_annotation(
            x=guessing, y=1, yref="paper", text="guessing", showarrow=False, xanchor="left", yanchor="top", font_size=11
        )
    ticks = {"tickvals": list(range(len(rows))), "ticktext": [_escaped(name) for name in rows]}
    figure.update_yaxes(**ticks, range=[len(rows) - 0.4, -0.6], showgrid=True)
    return figure


def _ours(
    figure: go.Figure, name: str, points: Sequence[Measured], y: Sequence[float], colour: str, symbol: str
) -> None:
    figure.add_scatter(
        x=[point.value for point in points],
        y=list(y),
        mode="markers",
        name=_escaped(name),
        marker={"symbol": symbol, "size": 9, "color": colour},
        error_x={
            "type": "data",
            "symmetric": False,
            "color": colour,
            "thickness": 1.5,
            "width": 3,
            "array": [(point.value if point.high is None else point.high) - point.value for point in points],
            "arrayminus": [point.value - (point.value if point.low is None else point.low) for point in points],
        },
        customdata=[_escaped(point.category) for point in points],
        hovertemplate="%{customdata}: %{x:.3f}<extra>%{fullData.name}</extra>",
    )


def _join(
    figure: go.Figure, points: Sequence[Measured], y: Sequence[float], colour: str, dash: str, compared: bool
) -> None:
    x: list[float | None] = []
    rows: list[float | None] = []
    for point, row in zip(points, y, strict=True):
        if point.reported is not None and point.compared == compared:
            x += [point.value, point.reported, None]
            rows += [row, row, None]
    if x:
        line = {"color": palette.faint(colour, 0.55), "width": 3 if compared else 1.5, "dash": dash}
        figure.add_scatter(x=x, y=rows, mode="lines", showlegend=False, hoverinfo="skip", line=line)


def _reported(figure: go.Figure, points: Sequence[Measured], y: Sequence[float], *, first: bool) -> None:
    told = [(point, row) for point, row in zip(points, y, strict=True) if point.reported is not None]
    if told:
        figure.add_scatter(
            x=[point.reported for point, _ in told],
            y=[row for _, row in told],
            mode="markers",
            name="reported, not reproduced",
            legendgroup="reported",
            showlegend=first,
            marker={"symbol": "diamond-open", "size": 10, "color": palette.NEUTRAL, "line": {"width": 2}},
            hovertemplate="%{x:.3f}, reported<extra></extra>",
        )


def _offsets(n: int) -> list[float]:
    """Places of n methods within a row, around its middle."""
    return [SPREAD * ((k + 0.5) / n - 0.5) for k in range(n)]


def _escaped(text: str) -> str:
    """A name from a file: Plotly reads its labels as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
