"""What a memory holds over time, a remembered sample as people can read it, and the space that a learner sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import canvas
from core.charts.continual import escaped

HATCHINGS = ("", "/", ".", "x", "-", "\\", "+", "|")


def composition(steps: Sequence[int], counts: Mapping[str, Sequence[int]], starts: Sequence[int]) -> go.Figure:
    """Items in memory over the stream, stacked by group; dotted lines part the tasks."""
    figure = canvas("step of the stream", "items kept", height=340)
    for k, (name, values) in enumerate(counts.items()):
        colour = palette.CATEGORICAL[k % len(palette.CATEGORICAL)]
        figure.add_scatter(
            x=list(steps), y=list(values), mode="lines", name=escaped(name), stackgroup="kept",
            line={"color": colour, "width": 1, "shape": "hv"}, fillcolor=palette.faint(colour, 0.55),
            fillpattern={"shape": HATCHINGS[k % len(HATCHINGS)], "size": 6, "solidity": 0.15, "fillmode": "overlay"},
            hovertemplate="%{fullData.name}: %{y}<extra></extra>",
        )  # fmt: skip
    for start in starts[1:]:
        figure.add_vline(x=start, line={"color": palette.NEUTRAL, "dash": "dot", "width": 1})
    figure.update_layout(showlegend=True, hovermode="x unified")
    figure.update_xaxes(tickformat=",d")
    return figure


def wave(values: NDArray[np.float32]) -> go.Figure:
    """A recorded window (L, c)."""
    figure = canvas("sample of the window", "reading", height=220)
    for k, column in enumerate(values.T):
        colour = palette.CATEGORICAL[k % len(palette.CATEGORICAL)]
        figure.add_scatter(y=column, mode="lines", line={"color": colour, "width": 1.2}, name=f"signal {k + 1}")
    figure.update_layout(showlegend=values.shape[1] > 1)
    return figure


def events(values: NDArray[np.float32]) -> go.Figure:
    """A window of a log (E, 2), state and seconds spent in it, as steps over time."""
    ends = np.cumsum(values[:, 1])
    figure = canvas("seconds", "state of the log", height=220)
    figure.add_scatter(
        x=np.concatenate([[0.0], ends]), y=np.concatenate([values[:, 0], values[-1:, 0]]), mode="lines",
        line={"color": palette.GOOD, "width": 1.4, "shape": "hv"}, showlegend=False,
        hovertemplate="%{x:.2f} s: state %{y:.0f}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(dtick=1)
    return figure


def latent(points: NDArray[np.float32], task: NDArray[np.int64], anomalous: NDArray[np.bool_]) -> go.Figure:
    """Probe samples (n, 2) as the learner sees them: colour by task, crosses for anomalies."""
    figure = canvas("first direction", "second direction", height=360)
    for k in np.unique(task):
        for bad in (False, True):
            here = (task == k) & (anomalous == bad)
            if here.any():
                figure.add_scatter(
                    x=points[here, 0], y=points[here, 1], mode="markers", legendgroup=str(k), showlegend=not bad,
                    name=f"task {k + 1}",
                    marker={
                        "size": 7 if bad else 5, "symbol": "x" if bad else "circle", "opacity": 0.85 if bad else 0.55,
                        "color": palette.CATEGORICAL[int(k) % len(palette.CATEGORICAL)],
                    },
                    hovertemplate=f"task {k + 1}, {'anomaly' if bad else 'normal'}<extra></extra>",
                )  # fmt: skip
    return figure
