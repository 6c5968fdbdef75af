"""A feed that runs: scores on one calibrated axis, readings, causes. No trace has more points than a screen shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import GRID, canvas
from core.charts.signals import decimate

POINTS = 1000  # of a trace, after thinning that keeps peaks
LEAST_TOP = 5.0  # surprise that the axis always reaches
MOST_TOP = 12.0  # beyond it a score is cut off in the picture; its figure is told
VOICES = ("#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C6D31", "#F0E442", "#999999", "#0072B2")
DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot", "dot", "dash", "dashdot")
ROW = 92


@dataclass(frozen=True)
class Voice:
    """A detector, or all of them together. ``score`` and ``limit`` now, the ``highest`` of the steps shown."""

    name: str
    score: float
    limit: float
    highest: float


@dataclass(frozen=True)
class Span:
    """A stretch of the x axis with an alarm, and the sensors to blame for it."""

    x0: Any
    x1: Any
    open: bool = False
    sensors: tuple[str, ...] = ()


def gauges(voices: Sequence[Voice]) -> go.Figure:
    """A bar for each voice on one axis, from usual to rare; a tick where it was highest, a line at its limit."""
    top = _top([max(voice.score, voice.limit, voice.highest) for voice in voices])
    figure = canvas("", "", height=64 + 42 * len(voices))
    above = [voice.score > voice.limit for voice in voices]
    names = [f"{voice.name} ▲" if alarm else voice.name for voice, alarm in zip(voices, above, strict=True)]
    figure.add_bar(
        x=[min(voice.score, top) for voice in voices],
        y=names,
        orientation="h",
        width=0.5,
        name="now",
        marker={
            "color": [palette.ANOMALOUS if alarm else palette.GOOD for alarm in above],
            "pattern": {"shape": ["/" if alarm else "" for alarm in above], "size": 6, "fillmode": "overlay",
                        "fgcolor": "rgba(255,255,255,0.55)"},
        },
        text=[f"{voice.score:.1f}" for voice in voices],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text} now<extra></extra>",
    )  # fmt: skip
    for name, symbol, size, colour, values in (
        ("limit", "line-ns-open", 26, palette.NEUTRAL, [voice.limit for voice in voices]),
        ("highest of the steps shown", "diamond-open", 8, palette.NEUTRAL, [voice.highest for voice in voices]),
    ):
        figure.add_scatter(
            x=[min(value, top) for value in values], y=names, mode="markers", name=name,
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 2, "color": colour}},
            customdata=values, hovertemplate="%{y}: " + name + " %{customdata:.2f}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True, bargap=0.3, uirevision="gauges", margin={"t": 28})
    figure.update_xaxes(range=[0, top * 1.04], **_rarities(top), zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def timeline(
    x: NDArray[Any],
    scores: dict[str, NDArray[np.float32]],
    limit: NDArray[np.float32],
    health: NDArray[np.float32],
    alarms: Sequence[Span],
    labels: Sequence[tuple[Any, Any]],
    *,
    main: str,
    axis: str,
) -> go.Figure:
    """Scores of every voice above, the health below, over the same time. ``main`` decides the alarms and has the
    ``limit``; ``labels`` are stretches that the dataset calls anomalous."""
    figure = canvas("", "", height=400)
    top = _top([float(values.max(initial=0)) for values in scores.values()] + [float(limit.max(initial=0))])
    others = [name for name in scores if name != main]
    for k, name in enumerate([*others, main]):
        at, y = decimate(x, scores[name], POINTS)
        line = (
            {"color": palette.GOOD, "width": 2.2}
            if name == main
            else {"color": VOICES[k % len(VOICES)], "width": 1.1, "dash": DASHES[k % len(DASHES)]}
        )
        figure.add_scatter(
            x=at, y=np.minimum(y, top), mode="lines", name=name, line=line, customdata=y,
            hovertemplate="%{customdata:.2f}<extra>" + _escaped(name) + "</extra>",
        )  # fmt: skip
    at, y = decimate(x, limit, POINTS)
    figure.add_scatter(
        x=at, y=np.minimum(y, top), mode="lines", name="limit", hoverinfo="skip",
        line={"color": palette.NEUTRAL, "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    at, y = decimate(x, health, POINTS)
    figure.add_scatter(
        x=at, y=y, yaxis="y2", mode="lines", name="health", showlegend=False,
        line={"color": palette.CATEGORICAL[2], "width": 1.8}, fill="tozeroy",
        fillcolor=palette.faint(palette.CATEGORICAL[2], 0.12), hovertemplate="%{y:.0f}<extra>health</extra>",
    )  # fmt: skip
    figure.update_layout(
        shapes=[*_labelled(labels), *_shades(alarms)],
        annotations=_words(alarms, labels),
        hovermode="x unified",
        uirevision="timeline",
        showlegend=True,
        margin={"t": 52},
        legend={"y": 1.1},
        yaxis={"domain": [0.32, 1], "range": [0, top * 1.03], "title": {"text": "surprise"}, **_rarities(top)},
        yaxis2={
            "domain": [0, 0.22], "range": [0, 104], "title": {"text": "health"}, "gridcolor": GRID, "nticks": 3,
            "tickvals": [0, 50, 100], "zeroline": False, "automargin": True,
        },
        xaxis={"anchor": "y2", "title": {"text": axis}},
    )  # fmt: skip
    return figure


def feed(
    x: NDArray[Any],
    readings: Sequence[tuple[str, str | None, NDArray[np.float32]]],
    alarms: Sequence[Span],
    *,
    axis: str,
) -> go.Figure:
    """Sensors one below the other, each with its unit; stretches with an alarm are shaded where it is to blame."""
    n = max(len(readings), 1)
    gap = 26 / (ROW * n)
    height = (1 - gap * (n - 1)) / n
    figure = canvas("", "", height=ROW * n + 84)
    axes: dict[str, Any] = {}
    names: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    for k, (name, unit, values) in enumerate(readings):
        top = 1 - k * (height + gap)
        number = "" if k == 0 else str(k + 1)
        axes[f"yaxis{number}"] = {
            "domain": [max(top - height, 0), top], "gridcolor": GRID, "zeroline": False, "nticks": 3,
            "automargin": True, "title": {"text": unit or "", "font": {"size": 11}},
        }  # fmt: skip
        at, y = decimate(x, values, POINTS)
        figure.add_scatter(
            x=at, y=y, yaxis=f"y{number}", mode="lines", name=name, showlegend=False,
            line={"color": palette.GOOD, "width": 1.2},
            hovertemplate="%{y:.5g}<extra>" + _escaped(name) + "</extra>",
        )  # fmt: skip
        blamed = [span for span in alarms if name in span.sensors]
        names.append(_named(f"<b>{_escaped(name)}</b>" + (" · to blame" if blamed else ""), top))
        shapes += _shades(blamed, max(top - height, 0), top)
    figure.update_layout(
        shapes=shapes, annotations=names, hovermode="x unified", uirevision="feed", margin={"t": 28}, **axes
    )
    figure.update_xaxes(anchor=f"y{n}" if n > 1 else "y", title={"text": axis})
    return figure


def causes(found: Sequence[tuple[str, float]]) -> go.Figure:
    """Sensors by their share of the blame, the first one on top."""
    figure = canvas("share of the blame", "", height=92 + 30 * len(found))
    figure.add_bar(
        x=[share for _, share in found],
        y=[name for name, _ in found],
        orientation="h",
        marker={"color": palette.GOOD},
        text=[f"{share * 100:.0f} %" for _, share in found],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(range=[0, 1.08], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(uirevision="causes", margin={"t": 8})
    return figure


def _top(values: Sequence[float]) -> float:
    """Where the axis ends: whole numbers, so that it does not tremble."""
    return min(max(math.ceil(max(values, default=0) + 0.5), LEAST_TOP), MOST_TOP)


def _rarities(top: float) -> dict[str, Any]:
    """Ticks in words: a surprise of 3 is one normal step in a thousand."""
    at = list(range(0, int(top) + 1, 1 if top <= 6 else 2))
    words = {0: "as usual", 1: "1 in 10", 2: "1 in 100", 3: "1 in 1,000", 4: "1 in 10⁴"}
    return {"tickvals": at, "ticktext": [words.get(k, f"1 in 10{str(k).translate(_RAISED)}") for k in at]}


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _shades(spans: Sequence[Span], low: float = 0.0, high: float = 1.0) -> list[dict[str, Any]]:
    line = {"color": palette.ANOMALOUS, "width": 1, "dash": "dot"}
    fill = palette.faint(palette.ANOMALOUS, 0.16)
    return [
        {"type": "rect", "xref": "x", "x0": span.x0, "x1": span.x1, "yref": "paper", "y0": low, "y1": high,
         "layer": "below", "fillcolor": fill, "line": line}
        for span in spans
    ]  # fmt: skip


def _labelled(labels: Sequence[tuple[Any, Any]]) -> list[dict[str, Any]]:
    """A grey bar along the top: the dataset's own word, which no detector has seen."""
    return [
        {"type": "rect", "xref": "x", "x0": start, "x1": stop, "yref": "paper", "y0": 0.985, "y1": 1.0,
         "fillcolor": palette.NEUTRAL, "line": {"width": 0}}
        for start, stop in labels
    ]  # fmt: skip


def _words(alarms: Sequence[Span], labels: Sequence[tuple[Any, Any]]) -> list[dict[str, Any]]:
    said = []
    if alarms:
        said.append(
            f"<span style='color:{palette.ANOMALOUS}'>shaded: {len(alarms)} alarm{'s' * (len(alarms) > 1)}</span>"
        )
    if labels:
        said.append("grey bar: labelled anomalous in the data")
    if not said:
        return []
    return [
        {"x": 1, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom", "yshift": 2,
         "showarrow": False, "text": " · ".join(said), "font": {"size": 11}}
    ]  # fmt: skip


def _named(text: str, top: float) -> dict[str, Any]:
    return {"text": text, "x": 0, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left",
            "yanchor": "bottom", "showarrow": False, "font": {"size": 12}}  # fmt: skip


def _escaped(text: str) -> str:
    """A name from a file: Plotly reads its labels as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
