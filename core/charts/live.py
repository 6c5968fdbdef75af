"""A feed that runs: scores on one calibrated axis, readings, causes. No trace has more points than a screen shows.

These are ECharts options and not Plotly figures: Streamlit builds a Plotly chart anew whenever its data change, which
blinks every second, while an ECharts chart with a key lives on and only its data change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import GRID
from core.charts.signals import decimate

Option = dict[str, Any]

POINTS = 1000  # of a trace, after thinning that keeps peaks
COARSE = 7  # a longer axis is marked at every second number
LEAST_TOP, MOST_TOP = 5, 12  # where the axis of surprises ends: whole numbers, so that it does not tremble
VOICES = ("#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C6D31", "#F0E442", "#999999")
DASHES: tuple[Any, ...] = ([2, 3], [6, 3], [8, 3, 2, 3], [10, 4], [3, 2], [5, 5], [1, 2])
ROW, GAP, HEAD, FOOT = 74, 30, 26, 44  # pixels: a sensor's row, between two, above the first, below the last
TIMELINE, GAUGE, CAUSE = 400, 44, 30
_HATCHED = {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 4], "rotation": -0.785, "color": "#ffffff88"}


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

    x0: float
    x1: float
    open: bool = False
    sensors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Axis:
    """The steps' places: ``x`` (n,), POSIX milliseconds where they are ``dates``; ``name`` with its unit."""

    x: NDArray[np.float64]
    name: str
    dates: bool = False


def gauges_height(voices: int) -> int:
    return 92 + GAUGE * voices


def gauges(voices: Sequence[Voice]) -> Option:
    """A bar for each voice on one axis, from usual to rare; a diamond where it was highest, a line at its limit."""
    top = _top([max(voice.score, voice.highest) for voice in voices], [voice.limit for voice in voices])
    above = [voice.score > voice.limit for voice in voices]
    names = [f"{voice.name} ▲" if alarm else voice.name for voice, alarm in zip(voices, above, strict=True)]
    bars = [
        {
            "value": round(min(voice.score, top), 3),
            "itemStyle": {"color": palette.ANOMALOUS, "decal": _HATCHED} if alarm else {"color": palette.GOOD},
            "label": {"formatter": f"{voice.score:.1f}"},
        }
        for voice, alarm in zip(voices, above, strict=True)
    ]

    def marks(name: str, values: Sequence[float], symbol: str, size: list[int] | int, style: Option) -> Option:
        data = [[round(min(value, top), 3), name_] for value, name_ in zip(values, names, strict=True)]
        return {"type": "scatter", "name": name, "data": data, "symbol": symbol, "symbolSize": size,
                "itemStyle": style, "z": 4}  # fmt: skip

    hollow = {"color": "transparent", "borderColor": palette.NEUTRAL, "borderWidth": 2}
    return _still(
        {
            "legend": {"top": 0, "left": 0},
            "grid": {"left": 8, "right": 36, "top": 34, "bottom": 40, "containLabel": True},
            "xAxis": _value("surprise: 3 is 1 normal step in 1,000", 0, top) | {"interval": 2 if top > COARSE else 1},
            "yAxis": {"type": "category", "data": names, "inverse": True, "axisTick": {"show": False}},
            "series": [
                {"type": "bar", "name": "now", "data": bars, "barWidth": "46%", "color": palette.GOOD,
                 "label": {"show": True, "position": "right"}},
                marks("limit", [voice.limit for voice in voices], "rect", [3, 30], {"color": palette.NEUTRAL}),
                marks("highest of the steps shown", [voice.highest for voice in voices], "diamond", 11, hollow),
            ],
        }
    )  # fmt: skip


def timeline(
    axis: Axis,
    scores: Mapping[str, NDArray[np.float32]],
    limit: NDArray[np.float32],
    health: NDArray[np.float32],
    alarms: Sequence[Span],
    labels: Sequence[tuple[float, float]],
    *,
    main: str,
) -> Option:
    """Scores of every voice above, the health below, over the same time. ``main`` decides the alarms and has the
    ``limit``; ``labels`` are stretches that the dataset calls anomalous."""
    top = _top([float(values.max(initial=0)) for values in scores.values()], [float(limit.max(initial=0))])
    series: list[Option] = []
    for k, name in enumerate(one for one in scores if one != main):
        style = {"width": 1.1, "type": DASHES[k % len(DASHES)], "color": VOICES[k % len(VOICES)]}
        series.append(_line(name, axis, np.minimum(scores[name], top), style))
    shaded = {"silent": True, "itemStyle": _shade(), "data": [[{"xAxis": one.x0}, {"xAxis": one.x1}] for one in alarms]}
    series.append(
        _line(main, axis, np.minimum(scores[main], top), {"width": 2.2, "color": palette.GOOD})
        | {"z": 5, "markArea": shaded}
    )
    own_word = [[{"xAxis": x0, "yAxis": top * 0.965}, {"xAxis": x1, "yAxis": top}] for x0, x1 in labels]
    series.append(
        _line("limit", axis, np.minimum(limit, top), {"width": 1.5, "type": [6, 4], "color": palette.NEUTRAL})
        | {"markArea": {"silent": True, "itemStyle": {"color": palette.NEUTRAL, "opacity": 0.9}, "data": own_word}}
    )
    green = palette.CATEGORICAL[2]
    series.append(
        _line("health", axis, health, {"width": 1.8, "color": green})
        | {"xAxisIndex": 1, "yAxisIndex": 1, "areaStyle": {"opacity": 0.12, "color": green}}
    )
    said = [f"shaded: {len(alarms)} alarm{'s' * (len(alarms) > 1)}"] if alarms else []
    said += ["grey at the top: labelled anomalous in the data"] if labels else []
    return _still(
        {
            "legend": {"top": 0, "left": 0, "data": [*(one for one in scores if one != main), main, "limit"]},
            "title": {"text": " · ".join(said), "right": 8, "top": 26, "textStyle": _small(palette.NEUTRAL)},
            "tooltip": {"trigger": "axis", "valueFormatter": "%.2f", "confine": True},
            "axisPointer": {"link": [{"xAxisIndex": "all"}]},
            "grid": [
                {"left": 56, "right": 16, "top": 46, "height": 208},
                {"left": 56, "right": 16, "top": 276, "height": 72},
            ],
            "xAxis": [_x(axis, 0, named=False), _x(axis, 1, named=True)],
            "yAxis": [
                _value("surprise", 0, top) | {"gridIndex": 0, "nameLocation": "middle", "nameGap": 30},
                _value("health", 0, 100) | {"gridIndex": 1, "interval": 50, "nameLocation": "middle", "nameGap": 34},
            ],
            "series": series,
        }
    )  # fmt: skip


def feed_height(sensors: int) -> int:
    return HEAD + sensors * (ROW + GAP) - GAP + FOOT


def feed(axis: Axis, readings: Sequence[tuple[str, str | None, NDArray[np.float32]]], alarms: Sequence[Span]) -> Option:
    """Sensors one below the other, each with its unit; stretches with an alarm are shaded where it is to blame."""
    titles, grids, across, up, series = [], [], [], [], []
    for k, (name, unit, values) in enumerate(readings):
        top = HEAD + k * (ROW + GAP)
        blamed = [span for span in alarms if name in span.sensors]
        text = name + (f", {unit}" if unit else "") + ("  ▲ to blame" if blamed else "")
        titles.append({"text": text, "left": 52, "top": top - 22, "textStyle": _small(None) | {"fontWeight": "bold"}})
        grids.append({"left": 56, "right": 16, "top": top, "height": ROW})
        across.append(_x(axis, k, named=k == len(readings) - 1))
        up.append({"type": "value", "gridIndex": k, "scale": True, "splitNumber": 2, "splitLine": _grid_line()})
        areas = [[{"xAxis": span.x0}, {"xAxis": span.x1}] for span in blamed]
        series.append(
            _line(name, axis, values, {"width": 1.2, "color": palette.GOOD})
            | {"xAxisIndex": k, "yAxisIndex": k,
               "markArea": {"silent": True, "itemStyle": _shade(), "data": areas}}
        )  # fmt: skip
    return _still(
        {
            "title": titles,
            "tooltip": {"trigger": "axis", "valueFormatter": "%.5g", "confine": True},
            "axisPointer": {"link": [{"xAxisIndex": "all"}]},
            "grid": grids,
            "xAxis": across,
            "yAxis": up,
            "series": series,
        }
    )


def causes_height(causes: int) -> int:
    return 56 + CAUSE * causes


def causes(found: Sequence[tuple[str, float]], *, faint: bool = False) -> Option:
    """Sensors by their share of the blame, the first one on top; ``faint`` while there is nothing to be blamed for."""
    return _still(
        {
            "grid": {"left": 8, "right": 48, "top": 6, "bottom": 36, "containLabel": True},
            "xAxis": _value("share of the blame, %", 0, 100) | {"interval": 25},
            "yAxis": {"type": "category", "data": [name for name, _ in found], "inverse": True,
                      "axisTick": {"show": False}},
            "series": [
                {"type": "bar", "data": [round(share * 100) for _, share in found], "barWidth": "56%",
                 "color": palette.NEUTRAL if faint else palette.GOOD,
                 "label": {"show": True, "position": "right", "formatter": "{c}\u00a0%"}}
            ],
        }
    )  # fmt: skip


def _line(name: str, axis: Axis, values: NDArray[Any], style: Option) -> Option:
    """A trace of at most ``POINTS`` points; a gap where nothing was measured."""
    at, shown = decimate(axis.x, values, POINTS)
    y = [None if value != value else value for value in _short(shown)]
    return {
        "type": "line", "name": name, "data": [list(pair) for pair in zip(at.tolist(), y, strict=True)],
        "symbol": "none", "lineStyle": style, "itemStyle": {"color": style["color"]}, "connectNulls": False,
    }  # fmt: skip


def _short(values: NDArray[Any]) -> list[float]:
    """Five digits that count: more are not seen, and they would travel every second."""
    return [float(f"{value:.5g}") for value in values.tolist()]


def _x(axis: Axis, index: int, *, named: bool) -> Option:
    """The time axis of a grid; only the lowest one has figures."""
    low, high = (float(axis.x[0]), float(axis.x[-1])) if len(axis.x) else (0.0, 1.0)
    return {
        "type": "time" if axis.dates else "value", "gridIndex": index, "min": low, "max": max(high, low + 1e-9),
        "splitLine": {"show": False}, "axisLabel": {"show": named, "showMinLabel": False, "showMaxLabel": False},
        "name": axis.name if named else "", "nameLocation": "middle", "nameGap": 26,
    }  # fmt: skip


def _value(name: str, low: float, high: float) -> Option:
    return {"type": "value", "name": name, "nameLocation": "middle", "nameGap": 24, "min": low, "max": high,
            "splitLine": _grid_line()}  # fmt: skip


def _grid_line() -> Option:
    return {"lineStyle": {"color": GRID}}


def _shade() -> Option:
    """Vermillion never stands alone: dotted edges and a word go with it."""
    return {
        "color": palette.faint(palette.ANOMALOUS, 0.16), "borderColor": palette.ANOMALOUS, "borderWidth": 1,
        "borderType": "dotted",
    }  # fmt: skip


def _small(colour: str | None) -> Option:
    style: Option = {"fontSize": 12, "fontWeight": "normal"}
    return style if colour is None else style | {"color": colour}


def _top(scores: Sequence[float], limits: Sequence[float]) -> int:
    """Where the axis of surprises ends: above all limits, and above the scores as far as that can be drawn."""
    wanted = min(max(math.ceil(max(scores, default=0) + 0.5), LEAST_TOP), MOST_TOP)
    top = max(wanted, math.ceil(max(limits, default=0) + 0.5))
    return top + top % 2 if top > COARSE else top


def _still(option: Option) -> Option:
    return {"animation": False, **option}
