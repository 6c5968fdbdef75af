"""A drift dialled in: the score's course and distribution with and without it, and who noticed when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import canvas
from core.charts.continual import escaped
from core.datasets.wording import PERCENT

MOST_POINTS = 3000
BINS = 48
DRIFTED = palette.CATEGORICAL[1]


def course(
    clean: NDArray[np.float64], drifted: NDArray[np.float64], onset: int, limit: float, *, x: str, y: str
) -> go.Figure:
    """(n,) scores of the same steps without and with the drift, the limit, and the onset: before it both are one. Of
    many steps the highest of each few is drawn."""
    figure = canvas(x, y, height=320)
    steps = np.arange(len(clean))
    for name, start, values, colour, width in (
        ("as recorded", 0, clean, palette.NEUTRAL, 1.0),
        ("with the drift", onset, drifted, DRIFTED, 1.4),
    ):
        at, highest = _thinned(steps[start:], values[start:])
        figure.add_scatter(
            x=at, y=highest, mode="lines", name=name, line={"color": colour, "width": width},
            hovertemplate="%{x:,}: %{y:.3g}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    _limit(figure, limit)
    figure.add_vline(
        x=onset, line={"color": DRIFTED, "dash": "dash", "width": 2}, annotation_text="drift begins",
        annotation_position="top left", annotation_font_size=11,
    )  # fmt: skip
    figure.update_xaxes(tickformat=",d")
    return figure


def distribution(
    before: NDArray[np.float64], clean: NDArray[np.float64], drifted: NDArray[np.float64], limit: float, title: str
) -> go.Figure:
    """Shares of the scores before the onset, and after it without and with the drift; the limit as a line."""
    figure = canvas(title, "share", height=300)
    everything = np.concatenate([before, clean, drifted])
    high = float(np.quantile(everything, 0.995))
    edges = np.linspace(float(everything.min()), max(high, limit * 1.05), BINS + 1)
    for name, values, colour, dash in (
        ("before the onset", before, palette.GOOD, "solid"),
        ("after it, as recorded", clean, palette.NEUTRAL, "dot"),
        ("after it, with the drift", drifted, DRIFTED, "solid"),
    ):
        counts, _ = np.histogram(np.minimum(values, edges[-1]), edges)
        figure.add_scatter(
            x=edges[:-1], y=100 * counts / max(len(values), 1), mode="lines", name=name, fill="tozeroy",
            fillcolor=palette.faint(colour, 0.12), line={"color": colour, "width": 1.8, "dash": dash, "shape": "hv"},
            hovertemplate="from %{x:.3g}: %{y:.1f}" + PERCENT + "<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_vline(
        x=limit, line={"color": palette.ANOMALOUS, "dash": "dash", "width": 2}, annotation_text="limit",
        annotation_position="top right", annotation_font_size=11,
    )  # fmt: skip
    figure.update_yaxes(ticksuffix=PERCENT)
    return figure


def populations(groups: Sequence[tuple[str, NDArray[np.float64], bool]], limit: float, title: str) -> go.Figure:
    """Scores of groups (name, (n,) scores, drifted) of photographs: one strip each, a mark a photograph; the limit."""
    figure = canvas(title, "", height=90 + 56 * len(groups))
    rng = np.random.default_rng(0)
    for place, (name, values, drifted) in enumerate(groups):
        bad = "bad" in name.lower()
        colour = palette.ANOMALOUS if bad else palette.GOOD
        figure.add_scatter(
            x=values, y=place + rng.uniform(-0.28, 0.28, len(values)), mode="markers", name=name, showlegend=False,
            marker={
                "color": colour, "size": 7, "opacity": 0.75,
                "symbol": ("x" if bad else "circle") if drifted else ("x-open" if bad else "circle-open"),
            },
            hovertemplate="%{x:.3g}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
        if len(values):
            figure.add_scatter(
                x=[float(np.median(values))] * 2, y=[place - 0.36, place + 0.36], mode="lines", showlegend=False,
                line={"color": colour, "width": 2}, hovertemplate="median %{x:.3g}<extra></extra>",
            )  # fmt: skip
    figure.add_vline(
        x=limit, line={"color": palette.ANOMALOUS, "dash": "dash", "width": 2}, annotation_text="limit",
        annotation_position="top right", annotation_font_size=11,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(groups))), ticktext=[name for name, _, _ in groups],
        range=[len(groups) - 0.5, -0.8], gridcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    return figure


def timeline(
    rows: Sequence[tuple[str, Sequence[int], Sequence[int]]], onset: int, last: int, *, x: str = "step"
) -> go.Figure:
    """Rows of (name, steps at which it spoke with the drift, the same without it). A diamond after the onset is what
    is wanted; a cross is a false alarm. ``x`` is what a step is called."""
    figure = canvas(x, "", height=80 + 26 * max(len(rows), 3))
    names = [escaped(name) for name, _, _ in rows]
    right = [(step, escaped(name)) for name, spoke, _ in rows for step in spoke if step > onset]
    early = [(step, escaped(name)) for name, _, false in rows for step in false]
    for word, found, marker in (
        ("spoke after the onset", right, {"symbol": "diamond", "size": 10, "color": palette.GOOD}),
        ("spoke without the drift", early, {"symbol": "x", "size": 8, "color": palette.ANOMALOUS}),
    ):
        figure.add_scatter(
            x=[step for step, _ in found], y=[name for _, name in found], mode="markers", name=word, marker=marker,
            hovertemplate="%{y}: " + x + " %{x:,}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_vline(x=onset, line={"color": DRIFTED, "dash": "dash", "width": 2})
    order = {"type": "category", "categoryorder": "array", "categoryarray": names[::-1]}
    figure.update_yaxes(**order, range=[-0.6, len(names) - 0.4])
    figure.update_xaxes(range=[0, 1.02 * last], tickformat=",d")
    return figure


def _thinned(steps: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[Any, Any]:
    each = -(-len(values) // MOST_POINTS)
    if each == 1:
        return steps, values
    whole = len(values) // each * each
    return steps[:whole:each], values[:whole].reshape(-1, each).max(axis=1)


def _limit(figure: go.Figure, limit: float) -> None:
    figure.add_hline(
        y=limit, line={"color": palette.ANOMALOUS, "dash": "dash", "width": 1.5}, annotation_text="limit",
        annotation_position="bottom right", annotation_font_size=11,
    )  # fmt: skip
