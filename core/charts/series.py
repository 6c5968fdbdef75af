"""Recordings as figures: which stretch is what, and the signals themselves with what was labelled in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import GRID, canvas

State = Literal["learn", "normal", "anomalous", "unlabelled"]

STATES: dict[State, tuple[str, str, str, float]] = {  # word, colour, hatching, opacity
    "learn": ("normal, to learn from", palette.GOOD, "", 0.8),
    "normal": ("normal, kept for the test", palette.GOOD, "/", 0.35),
    "anomalous": ("labelled anomalous", palette.ANOMALOUS, "x", 0.7),
    "unlabelled": ("nobody said", palette.NEUTRAL, ".", 0.4),
}
ROW, GAP = 84, 26  # pixels of one sensor's row, and between two for the name of the lower one
MOST_SPANS = 200  # stretches to shade; a browser draws no more of them fluently
NAMED = 4  # stretches that are told apart by name


@dataclass(frozen=True)
class Stretch:
    """Steps ``start`` to ``stop - 1`` of a recording, all in one state."""

    recording: str
    state: State
    start: int
    stop: int


@dataclass(frozen=True)
class Trace:
    """One sensor's readings to draw, decimated by whoever gives them. ``x`` is (k,) numbers or datetime64, ``y`` (k,),
    NaN where nothing was measured."""

    name: str
    unit: str | None
    x: NDArray[Any]
    y: NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """A labelled stretch on the x axis, and the names of the sensors that are said to be at fault."""

    x0: Any
    x1: Any
    kind: str
    sensors: tuple[str, ...] = ()


def coverage(stretches: Sequence[Stretch]) -> go.Figure:
    """Every recording as a bar along its steps, coloured by what may be learned from and what is labelled."""
    names = list(dict.fromkeys(stretch.recording for stretch in stretches))
    figure = canvas("step", "", height=96 + 24 * max(len(names), 2))
    for state, (word, colour, hatching, opacity) in STATES.items():
        own = [stretch for stretch in stretches if stretch.state == state]
        if not own:
            continue
        figure.add_bar(
            x=[stretch.stop - stretch.start for stretch in own],
            base=[stretch.start for stretch in own],
            y=[stretch.recording for stretch in own],
            orientation="h",
            width=0.7,
            name=word,
            marker={
                "color": palette.faint(colour, opacity),
                "line": {"width": 0},
                "pattern": {"shape": hatching, "size": 5, "fgcolor": "rgba(255,255,255,0.7)", "fillmode": "overlay"},
            },
            customdata=[[f"{stretch.start:,}", f"{stretch.stop - 1:,}"] for stretch in own],
            hovertemplate="%{y}: steps %{customdata[0]} to %{customdata[1]}, %{fullData.name}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.2, legend_traceorder="normal", showlegend=True)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(rangemode="tozero", tickformat=",d")
    return figure


def signals(traces: Sequence[Trace], spans: Sequence[Span], *, x: str, healthy_until: Any = None) -> go.Figure:
    """Sensors one below the other over the same time, labelled stretches shaded.

    A stretch whose culprits are known is shaded strongly in their rows and faintly in the others. ``healthy_until``
    draws the end of the part that stands for normal. Dragging selects a stretch of time.
    """
    n = len(traces)
    inner = max(ROW * n + GAP * (n - 1), 180)
    figure = canvas(x, "", height=inner + 96)
    gap = GAP / inner
    height = (1 - gap * (n - 1)) / n
    axes: dict[str, Any] = {}
    for k, trace in enumerate(traces):
        top = 1 - k * (height + gap)
        axis = "yaxis" if k == 0 else f"yaxis{k + 1}"
        axes[axis] = {
            "domain": [max(top - height, 0), top],
            "gridcolor": GRID,
            "zeroline": False,
            "nticks": 4,
            "automargin": True,
            "title": {"text": trace.unit or "", "font": {"size": 11}},
        }
        figure.add_scatter(
            x=trace.x,
            y=trace.y,
            yaxis="y" if k == 0 else f"y{k + 1}",
            mode="lines",
            name=trace.name,
            line={"color": palette.GOOD, "width": 1.2},
            hovertemplate="%{y:.5g}<extra>" + _escaped(trace.name) + "</extra>",
            showlegend=False,
        )
    names = [
        {
            "text": f"<b>{_escaped(trace.name)}</b>",
            "x": 0,
            "y": axes["yaxis" if k == 0 else f"yaxis{k + 1}"]["domain"][1],
            "xref": "paper",
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 12},
        }
        for k, trace in enumerate(traces)
    ]
    figure.update_layout(
        shapes=_shades(traces, spans, axes, healthy_until),
        annotations=[*names, *_words(spans, healthy_until)],
        hovermode="x unified",
        dragmode="select",
        selectdirection="h",
        margin={"t": 48, "b": 48},
        **axes,
    )
    figure.update_xaxes(anchor=f"y{n}" if n > 1 else "y", domain=[0, 1])
    return figure


def _shades(
    traces: Sequence[Trace], spans: Sequence[Span], axes: dict[str, Any], healthy_until: Any
) -> list[dict[str, Any]]:
    shapes: list[dict[str, Any]] = []
    for span in spans:
        place = {"type": "rect", "xref": "x", "x0": span.x0, "x1": span.x1, "layer": "below"}
        edge = {"color": palette.ANOMALOUS, "width": 1, "dash": "dot"}
        shapes.append(
            place
            | {"yref": "paper", "y0": 0, "y1": 1, "fillcolor": palette.faint(palette.ANOMALOUS, 0.1), "line": edge}
        )
        for k, trace in enumerate(traces):
            if trace.name in span.sensors:
                low, high = axes["yaxis" if k == 0 else f"yaxis{k + 1}"]["domain"]
                fill = palette.faint(palette.ANOMALOUS, 0.28)
                shapes.append(place | {"yref": "paper", "y0": low, "y1": high, "fillcolor": fill, "line": {"width": 0}})
    if healthy_until is not None:
        line = {"color": palette.NEUTRAL, "width": 1.5, "dash": "dash"}
        shapes.append(
            {"type": "line", "xref": "x", "x0": healthy_until, "x1": healthy_until, "yref": "paper", "y0": 0, "y1": 1}
            | {"line": line}
        )
    return shapes


def _words(spans: Sequence[Span], healthy_until: Any) -> list[dict[str, Any]]:
    """What the shades are, above the first row: colour alone says nothing. Where they are many, once for all."""
    found: list[tuple[Any, str, str, str]] = []
    if len(spans) > NAMED:
        found.append((1, "paper", f"shaded: {len(spans)} labelled stretches", palette.ANOMALOUS))
    else:
        found += [(span.x0, "x", _escaped(f"▼ {span.kind}"), palette.ANOMALOUS) for span in spans]
    if healthy_until is not None:
        found.append((healthy_until, "x", "stands for normal up to here", palette.NEUTRAL))
    return [
        {
            "x": x,
            "y": 1,
            "xref": reference,
            "yref": "paper",
            "yshift": 20,  # above the first sensor's name
            "yanchor": "bottom",
            "text": text,
            "showarrow": False,
            "xanchor": "right" if reference == "paper" else "left",
            "font": {"color": colour, "size": 11},
        }
        for x, reference, text, colour in found
    ]


def _escaped(text: str) -> str:
    """A name from a file: Plotly reads its labels as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
