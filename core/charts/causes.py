"""Causes as figures: when it began, which sensors, how sure, what it should have looked like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.canvas import canvas
from core.charts.series import Span, Trace, signals
from core.charts.signals import POINTS, decimate, torn

LEGEND = 18  # pixels of its row above the signals
COLUMNS = 300  # of the heatmap
FAR = 6.0  # usual spreads at which its colours end
BARS = 8  # sensors named
HATCHINGS = ("", "/", "x", ".", "\\", "-", "+")
_HATCHED = {"size": 5, "fgcolor": "rgba(255,255,255,0.7)", "fillmode": "overlay"}
MARKED = 200  # shaded stretches; a browser draws no more of them fluently


@dataclass(frozen=True)
class Chosen:
    """The stretch that is being explained, on the x axis."""

    x0: Any
    x1: Any


def timeline(
    x: ArrayLike,
    surprise: ArrayLike,
    *,
    limit: float,
    spans: Sequence[Span],
    chosen: Chosen | None,
    title: str,
    points: int = POINTS,
) -> go.Figure:
    """Surprise (-log10 p) of each step with the limit; labelled stretches hatched below, the chosen one framed.

    At most ``points`` points are drawn: the least and the largest of each piece of time, so no alarm is lost.
    """
    figure = canvas(title, "surprise, −log₁₀ p", height=260)
    shown, found = decimate(*torn(np.asarray(x), np.asarray(surprise)), points)
    figure.add_scatter(
        x=shown,
        y=found,
        mode="lines",
        name="surprise",
        line={"color": palette.GOOD, "width": 1.2},
        hovertemplate="%{y:.2f}<extra></extra>",
    )
    above = np.where(found > limit, found, np.nan)
    figure.add_scatter(
        x=shown,
        y=above,
        mode="markers",
        name=f"above the limit of {limit:g}",
        marker={"color": palette.ANOMALOUS, "size": 4, "symbol": "diamond"},
        hoverinfo="skip",
    )
    shapes: list[dict[str, Any]] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit, "y1": limit}
        | {"line": {"color": palette.ANOMALOUS, "width": 1.5, "dash": "dash"}}
    ]
    shapes += [
        {"type": "rect", "xref": "x", "x0": span.x0, "x1": span.x1, "yref": "paper", "y0": 0, "y1": 1}
        | {"fillcolor": palette.faint(palette.ANOMALOUS, 0.14), "layer": "below"}
        | {"line": {"color": palette.ANOMALOUS, "width": 1, "dash": "dot"}}
        for span in spans[:MARKED]
    ]
    if chosen is not None:
        shapes.append(
            {"type": "rect", "xref": "x", "x0": chosen.x0, "x1": chosen.x1, "yref": "paper", "y0": 0, "y1": 1}
            | {"fillcolor": palette.faint(palette.NEUTRAL, 0.2), "line": {"color": palette.NEUTRAL, "width": 2}}
        )
    top = max(float(np.nanmax(found, initial=limit)), limit) * 1.05
    figure.update_layout(
        shapes=shapes, dragmode="select", selectdirection="h", showlegend=True, yaxis={"range": [0, top]}
    )
    return figure


def signals_with_expected(
    traces: Sequence[Trace], expected: Mapping[str, tuple[Any, Any]], spans: Sequence[Span], *, x: str, named: str
) -> go.Figure:
    """Sensors one below the other, each with what was expected of it, dotted, where that is known (x and y by name);
    ``named``: what the legend calls it."""
    figure = signals(traces, spans, x=x)
    first = True
    for k, trace in enumerate(traces):
        if trace.name not in expected:
            continue
        times, values = expected[trace.name]
        figure.add_scatter(
            x=times,
            y=values,
            yaxis="y" if k == 0 else f"y{k + 1}",
            mode="lines",
            name=named,
            legendgroup="expected",
            showlegend=first,
            line={"color": palette.CATEGORICAL[1], "width": 1.6, "dash": "dot"},
            hovertemplate="%{y:.5g}<extra>" + named + "</extra>",
        )
        first = False
    # A row of its own for the legend, above what names the stretches.
    figure.update_layout(
        legend={"y": 1, "yref": "container", "yanchor": "top"},
        margin={"t": figure.layout.margin.t + LEGEND},
        height=figure.layout.height + LEGEND,
    )
    return figure


def heatmap(x: NDArray[Any], scaled: NDArray[np.float32], names: Sequence[str], *, title: str) -> go.Figure:
    """Sensors by time: how many usual spreads each reads too high (warm) or too low (cold); white where nothing was
    measured. ``scaled`` is (n, d); ``names`` are in the order of rows from the top. Wide ones are drawn in fewer
    columns, each as far off as its furthest step."""
    size = max(-(-len(x) // COLUMNS), 1)
    starts = np.arange(0, len(x), size)
    known = np.nan_to_num(scaled, nan=0.0)
    high, low = np.maximum.reduceat(known, starts), np.minimum.reduceat(known, starts)
    furthest = np.where(high >= -low, high, low)
    gone = np.logical_and.reduceat(np.isnan(scaled), starts)
    figure = canvas(title, "", height=96 + 20 * len(names))
    figure.add_heatmap(
        x=x[starts],
        y=list(names),
        z=np.where(gone, np.nan, furthest).T.round(2),
        zmid=0,
        zmin=-FAR,
        zmax=FAR,
        colorscale=[[0, "#2166AC"], [0.5, "rgba(128,128,128,0.08)"], [1, "#D55E00"]],
        colorbar={"title": {"text": "sd"}, "thickness": 10},
        hovertemplate="%{y} at %{x}: %{z:.1f} usual spreads<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return figure


def causes(
    sensors: Sequence[str],
    shares: Mapping[str, Sequence[float]],
    errors: Mapping[str, Sequence[float]] | None = None,
    most: int = BARS,
) -> go.Figure:
    """Ranked causes: for the first ``most`` sensors by the first method, a bar per method. ``shares`` are (d,) for each
    method, ``errors`` their standard errors where a method has them."""
    methods = list(shares)
    order = np.argsort(-np.asarray(shares[methods[0]], float), kind="stable")[:most]
    figure = canvas("share of the blame, %", "", height=72 + len(order) * (14 + 10 * len(methods)))
    for k, method in enumerate(methods):
        values = 100 * np.asarray(shares[method], float)[order]
        error = (errors or {}).get(method)
        figure.add_bar(
            x=values,
            y=[sensors[index] for index in order],
            orientation="h",
            name=method,
            marker={
                "color": palette.faint(palette.CATEGORICAL[k % len(palette.CATEGORICAL)], 0.85),
                "pattern": {"shape": HATCHINGS[k % len(HATCHINGS)]} | _HATCHED,
            },
            error_x=None
            if error is None
            else {"type": "data", "array": 100 * np.asarray(error, float)[order], "thickness": 1, "width": 2},
            hovertemplate="%{y}: %{x:.1f}\u00a0%<extra>" + method + "</extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25, showlegend=True, legend_traceorder="normal")
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return figure


def before_and_after(
    x: NDArray[Any], before: ArrayLike, after: ArrayLike, *, limit: float, title: str, points: int = POINTS
) -> go.Figure:
    """Surprise of a stretch as it was and as it would have been."""
    figure = canvas(title, "surprise, −log₁₀ p", height=240)
    for name, values, colour, dash in (
        ("as it was", before, palette.NEUTRAL, "solid"),
        ("what if", after, palette.GOOD, "solid"),
    ):
        shown, found = decimate(x, np.asarray(values), points)
        line = {"color": colour, "width": 1.8, "dash": dash}
        figure.add_scatter(x=shown, y=found, mode="lines", name=name, line=line)
    line = {"color": palette.ANOMALOUS, "width": 1.5, "dash": "dash"}
    limits = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit, "y1": limit, "line": line}
    figure.update_layout(shapes=[limits], showlegend=True, hovermode="x unified")
    figure.update_yaxes(rangemode="tozero")
    return figure


def moments(edges: NDArray[Any], fall: ArrayLike, *, title: str) -> go.Figure:
    """By how much the highest window's score falls without each piece of its time."""
    figure = canvas(title, "fall of the score", height=220)
    figure.add_bar(
        x=edges[:-1],
        y=np.asarray(fall, float),
        width=np.diff(edges).astype(float) if np.issubdtype(np.asarray(edges).dtype, np.number) else None,
        offset=0,
        marker={"color": palette.faint(palette.GOOD, 0.8)},
        hovertemplate="from %{x}: %{y:.3g}<extra></extra>",
        showlegend=False,
    )
    return figure


def beside(window: ArrayLike, normal: ArrayLike, sensors: Sequence[str], units: str = "usual spreads") -> go.Figure:
    """A window (t, k) of k sensors and the nearest normal one, one row per sensor."""
    found, usual = np.asarray(window, float), np.asarray(normal, float)
    steps = np.arange(len(found)) - len(found) + 1
    traces = [Trace(name, units if k == 0 else None, steps, found[:, k]) for k, name in enumerate(sensors)]
    pairs = {name: (steps, usual[:, k]) for k, name in enumerate(sensors)}
    return signals_with_expected(traces, pairs, [], x="steps before the highest score", named="nearest normal")


def latent_map(points: ArrayLike, path: ArrayLike) -> go.Figure:
    """Normal windows and the stretch's, in order of time, on the two directions in which normal codes vary most."""
    usual, found = np.asarray(points, float), np.asarray(path, float)
    figure = canvas("first direction of the code", "second direction", height=380)
    figure.add_scatter(
        x=usual[:, 0],
        y=usual[:, -1],
        mode="markers",
        name="normal windows",
        marker={"color": palette.faint(palette.GOOD, 0.7), "size": 5, "symbol": "circle-open"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=found[:, 0],
        y=found[:, -1],
        mode="lines+markers",
        name="this stretch, from thin to thick",
        line={"color": palette.faint(palette.ANOMALOUS, 0.5), "width": 1},
        marker={"color": palette.ANOMALOUS, "size": np.linspace(4, 11, len(found)), "symbol": "x"},
        hovertemplate="window %{pointNumber}<extra></extra>",
    )
    return figure


def latent_bars(kl: ArrayLike, usual: ArrayLike, slope: ArrayLike) -> go.Figure:
    """Per number of the code: nats in this stretch and in normal windows, and how strongly the score hangs on it."""
    figure = canvas("number of the code", "KL, nats", height=260)
    places = [f"z{index}" for index in range(len(np.asarray(kl)))]
    figure.add_bar(
        x=places, y=np.asarray(usual), name="KL, normal", marker={"color": palette.faint(palette.GOOD, 0.85)}
    )
    pattern = {"shape": "/"} | _HATCHED
    figure.add_bar(x=places, y=np.asarray(kl), name="KL here", marker={"color": palette.ANOMALOUS, "pattern": pattern})
    figure.add_scatter(
        x=places,
        y=np.asarray(slope),
        yaxis="y2",
        mode="markers",
        name="|d score / d z|",
        marker={"color": palette.CATEGORICAL[3], "symbol": "diamond", "size": 9},
    )
    second = {"overlaying": "y", "side": "right", "title": {"text": "|d score / d z|"}, "showgrid": False}
    figure.update_layout(barmode="group", showlegend=True, yaxis2=second | {"rangemode": "tozero", "automargin": True})
    return figure
