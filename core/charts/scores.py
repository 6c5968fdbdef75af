"""Scores of images: a histogram with the two limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from core.charts import palette
from core.charts.canvas import canvas

BINS = 60
HEADROOM = 1.12  # times the tallest bar: the names of the zones stand above it
NAMED = 0.05  # of the axis: the name of a narrower zone would lie over its neighbour's


def score_histogram(
    scores: ArrayLike, labels: Sequence[str | None], *, accept: float, reject: float, bins: int = BINS
) -> go.Figure:
    """Images per score: good, anomalous (hatched) and unlabelled, over the zones accept, review and reject.

    ``scores`` (n,) in the detector's units; ``labels`` (n,) "good", "bad" or None. Where both limits are equal there
    is one line and no review zone. Bars are counted here: the size of the figure does not depend on n.
    """
    values = np.asarray(scores, float)
    figure = canvas("score (higher is more anomalous)", "images")
    edges = _edges(values, accept, reject, bins)
    for label in palette.LABEL_ORDER:
        own = values[np.array([found == label for found in labels], bool)]
        if not len(own):
            continue
        counts, _ = np.histogram(own, edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            name=f"{palette.LABEL_NAMES[label]} ({len(own)})",
            marker={
                "color": palette.faint(palette.LABEL_COLOURS[label], 0.6),
                "line": {"color": palette.LABEL_COLOURS[label], "width": 1},
                "pattern": {
                    "shape": palette.LABEL_HATCHINGS[label],
                    "fillmode": "overlay",
                    "size": 5,
                    "fgcolor": "rgba(255,255,255,0.8)",
                },
            },
            customdata=np.stack([edges[:-1], edges[1:]], axis=1),
            hovertemplate="%{y} images, score %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(range=[edges[0], edges[-1]])
    figure.update_yaxes(range=[0, HEADROOM * max((bar.y.max() for bar in figure.data), default=1)])
    add_limits(figure, float(edges[0]), float(edges[-1]), accept, reject)
    return figure


def add_limits(figure: go.Figure, low: float, high: float, accept: float, reject: float) -> None:
    """The limits as labelled upright lines with shaded zones from ``low`` to ``high`` along the score axis."""
    upright = {"xref": "x", "yref": "y domain", "y0": 0, "y1": 1}
    shapes: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    for verdict, start, stop in (("accept", low, accept), ("review", accept, reject), ("reject", reject, high)):
        if stop <= start:
            continue
        colour = palette.faint(palette.VERDICT_COLOURS[verdict], 0.16 if verdict == "review" else 0.07)
        zone = {"type": "rect", "x0": start, "x1": stop, "fillcolor": colour, "line": {"width": 0}, "layer": "below"}
        shapes.append(upright | zone)
        at = {"x": start, "xanchor": "left"} if verdict == "accept" else {"x": stop, "xanchor": "right"}
        place = {"xref": "x", "yref": "y domain", "y": 1, "yanchor": "top", "showarrow": False}
        if stop - start >= NAMED * (high - low):
            names.append(place | at | {"text": verdict, "font": {"size": 11}})
    lines = [(reject, palette.ANOMALOUS, "dash")]
    if accept < reject:
        lines.append((accept, palette.VERDICT_COLOURS["review"], "dot"))
    for limit, colour, dash in lines:
        line = {"color": colour, "width": 2, "dash": dash}
        shapes.append(upright | {"type": "line", "x0": limit, "x1": limit, "line": line})
    figure.update_layout(shapes=shapes, annotations=names)


def _edges(values: np.ndarray, accept: float, reject: float, bins: int) -> np.ndarray:
    """Bin borders that hold all scores and both limits, with a little air."""
    known = np.concatenate([values, [accept, reject]])
    low, high = float(known.min()), float(known.max())
    air = (high - low) * 0.02 or max(abs(low), 1.0) * 0.02
    return np.linspace(low - air, high + air, bins + 1)
