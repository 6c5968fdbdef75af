"""Scores of the same images before and after a model took in others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go

from core.charts import palette
from core.charts.canvas import canvas
from core.charts.continual import escaped

SYMBOLS = ("circle", "circle-open", "square-open", "diamond")
COLOURS = (palette.NEUTRAL, palette.CATEGORICAL[1], palette.GOOD, palette.ANOMALOUS)


class Scores(Protocol):
    """An image and its scores before and after."""

    @property
    def item(self) -> str: ...

    @property
    def before(self) -> float: ...

    @property
    def after(self) -> float: ...


def before_and_after(
    groups: Sequence[tuple[str, Sequence[Scores]]], limit_before: float, limit_after: float
) -> go.Figure:
    """One mark an image, groups of (name, images). Dashed: the limits; dotted: where nothing changed."""
    figure = canvas("score before", "score after", height=340)
    everything = [value for _, own in groups for one in own for value in (one.before, one.after)]
    ends = [min([*everything, limit_before, limit_after]), max([*everything, limit_before, limit_after])]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": palette.NEUTRAL, "dash": "dot", "width": 1}, showlegend=False,
        hoverinfo="skip",
    )  # fmt: skip
    for (name, own), colour, symbol in zip(groups, COLOURS, SYMBOLS, strict=False):
        if own:
            figure.add_scatter(
                x=[one.before for one in own], y=[one.after for one in own], mode="markers", name=name,
                marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.75},
                customdata=[escaped(one.item) for one in own],
                hovertemplate="%{customdata}<br>before %{x:.3g}, after %{y:.3g}<extra>%{fullData.name}</extra>",
            )  # fmt: skip
    dashed = {"color": palette.ANOMALOUS, "dash": "dash", "width": 1.5}
    figure.add_vline(x=limit_before, line=dashed)
    figure.add_hline(y=limit_after, line=dashed)
    return figure
