"""Signals of machines: a long trace with few points, spectra with fault frequencies, heatmaps over time and pitch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.canvas import canvas

if TYPE_CHECKING:  # a page that draws a trace need not wait for SciPy
    from core.features.signals.bearings import FaultFrequencies
    from core.features.signals.spectra import Spectrogram, Spectrum

POINTS = 2000  # of a trace: about what a screen is wide
COLUMNS, ROWS = 600, 256  # of a heatmap
HARMONICS = 3  # a fault that strikes once per pass shows at multiples too
TORN = 5  # usual steps without a sample that are a gap and no late reading
TICKS = 6  # frequencies named beside a mel heatmap


def decimate(time: ArrayLike, values: ArrayLike, points: int = POINTS) -> tuple[NDArray[Any], NDArray[Any]]:
    """At most ``points`` of the n given ones, (m,) times and (m,) values, in order.

    The signal is cut into equal stretches; of each stay its least and its largest value and, where one is missing (NaN
    or infinite), a NaN, so that gaps stay gaps. The first and the last point stay, and a signal that is short enough
    stays whole. ValueError for fewer than 5 points.
    """
    if points < 5:
        raise ValueError(f"{points} points cannot show a signal")
    at, found = np.asarray(time), np.asarray(values)
    missing = ~np.isfinite(found)
    if len(found) > points:
        size = -(-len(found) // ((points - 2) // 3))  # samples in a stretch
        low = _stretches(np.where(missing, np.inf, found), size, np.inf).argmin(axis=1)
        high = _stretches(np.where(missing, -np.inf, found), size, -np.inf).argmax(axis=1)
        gaps = _stretches(missing, size, False)
        start = np.arange(len(low)) * size
        gap = (start + gaps.argmax(axis=1))[gaps.any(axis=1)]
        kept = np.unique(np.concatenate([[0, len(found) - 1], start + low, start + high, gap]))
        at, found, missing = at[kept], found[kept], missing[kept]
    return at, np.where(missing, np.nan, found)


def torn(time: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same (n,) times, numbers or dates, and (n,) values with a NaN within each stretch without samples, so that no
    line leads over it: one longer than ``TORN`` usual steps of time."""
    steps = np.diff(time)
    gaps = np.flatnonzero(steps > TORN * np.median(steps)) if len(steps) else np.empty(0, np.int64)
    if not len(gaps):
        return time, values
    return np.insert(time, gaps + 1, time[gaps] + steps[gaps] / 2), np.insert(values, gaps + 1, np.nan)


def signal_figure(time: ArrayLike, values: ArrayLike, *, x: str, y: str, points: int = POINTS) -> go.Figure:
    """One signal over time, at most ``points`` points; ``x`` and ``y`` name the axes with their units. A reading that
    stands alone between gaps is a dot, for no line leads to it."""
    figure = canvas(x, y)
    shown, found = decimate(time, values, points)
    figure.add_scatter(x=shown, y=found, mode="lines", line={"color": palette.GOOD, "width": 1.2}, showlegend=False)
    missing = np.concatenate([[True], np.isnan(found), [True]])
    alone = ~missing[1:-1] & missing[:-2] & missing[2:]
    if alone.any():
        dots = {"color": palette.GOOD, "size": 4}
        figure.add_scatter(x=shown[alone], y=found[alone], mode="markers", marker=dots, showlegend=False)
    return figure


def fault_marks(found: FaultFrequencies) -> dict[str, float]:
    """The lines to look for, in Hz: a spot on a ball strikes twice while it turns once."""
    return {"BPFO": found.bpfo, "BPFI": found.bpfi, "2×BSF": 2 * found.bsf, "FTF": found.ftf}


def spectrum_figure(
    spectrum: Spectrum,
    *,
    y: str,
    marks: Mapping[str, float] | None = None,
    harmonics: int = HARMONICS,
    upto: float | None = None,
    points: int = POINTS,
) -> go.Figure:
    """A spectrum or envelope spectrum of one signal up to ``upto`` Hz; ``y`` names the value with its unit.

    Each of ``marks`` (name: Hz) is a dashed line with its name and thinner ones at its multiples, as far as they are
    shown; a colour and a dash of its own each.
    """
    figure = canvas("frequency, Hz", y)
    top = float(spectrum.frequency[-1]) if upto is None else min(upto, float(spectrum.frequency[-1]))
    inside = spectrum.frequency <= top
    frequency, value = decimate(spectrum.frequency[inside], spectrum.value[inside], points)
    figure.add_scatter(
        x=frequency,
        y=value,
        mode="lines",
        line={"color": palette.GOOD, "width": 1.2},
        showlegend=False,
        hovertemplate="%{x:.2f} Hz: %{y:.4g}<extra></extra>",
    )
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    upright = {"type": "line", "xref": "x", "yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
    for index, (name, mark) in enumerate((marks or {}).items()):
        colour = palette.CATEGORICAL[1 + index % (len(palette.CATEGORICAL) - 1)]  # the first is the spectrum's own
        dash = ("dash", "dot", "dashdot", "longdash")[index % 4]
        for multiple in range(1, harmonics + 1):
            at = mark * multiple
            if at > top:
                break
            shapes.append(upright | {"x0": at, "x1": at, "line": _dashed(colour, dash, 2 if multiple == 1 else 1)})
            text = name if multiple == 1 else f"×{multiple}"  # the height tells of which
            place = {"x": at, "xref": "x", "y": 1 - 0.07 * index, "yref": "y domain", "xanchor": "left"}
            notes.append(place | {"yanchor": "top", "showarrow": False, "text": text, "font": {"size": 10}})
    figure.update_layout(shapes=shapes, annotations=notes)
    figure.update_xaxes(range=[0, top])
    return figure


def spectrogram_figure(found: Spectrogram) -> go.Figure:
    """Level over time and frequency. Larger ones are drawn in fewer cells, each as loud as the loudest within."""
    figure = canvas("time, s", "frequency, Hz", height=380)
    _heatmap(figure, found.time, found.frequency, found.level)
    return figure


def mel_figure(time: ArrayLike, centres: Sequence[float], level: ArrayLike) -> go.Figure:
    """Log-mel ``level`` (b, m) in dB at the filters' centres (b,) in Hz and at ``time`` (m,) in s; filters are drawn
    equally high, as the mel scale has them."""
    figure = canvas("time, s", "frequency, Hz (mel scale)", height=380)
    rows = np.arange(len(centres))
    _heatmap(figure, np.asarray(time), rows, np.asarray(level))
    named = np.unique(np.linspace(0, len(centres) - 1, TICKS).round().astype(int))
    figure.update_yaxes(tickvals=named, ticktext=[f"{centres[row]:.0f}" for row in named])
    return figure


def _heatmap(figure: go.Figure, time: NDArray[Any], rows: NDArray[Any], level: NDArray[Any]) -> None:
    down, across = -(-len(rows) // ROWS), -(-len(time) // COLUMNS)
    pooled = np.maximum.reduceat(np.maximum.reduceat(level, _starts(len(rows), down)), _starts(len(time), across), 1)
    figure.add_heatmap(
        x=_middles(time, across),
        y=_middles(rows, down),
        z=pooled.astype(np.float32),
        colorscale="Cividis",  # even in lightness, also for the colour-blind
        colorbar={"title": {"text": "dB"}, "thickness": 12},
        hovertemplate="%{x:.2f} s, %{y:.0f}: %{z:.1f} dB<extra></extra>",
    )


def _starts(n: int, step: int) -> NDArray[np.int64]:
    return np.arange(0, n, step)


def _middles(axis: NDArray[Any], step: int) -> NDArray[Any]:
    starts = _starts(len(axis), step)
    return np.asarray((axis[starts] + axis[np.minimum(starts + step, len(axis)) - 1]) / 2)


def _dashed(colour: str, dash: str, width: float) -> dict[str, Any]:
    return {"color": colour, "dash": dash, "width": width}


def _stretches(array: NDArray[Any], size: int, fill: float) -> NDArray[Any]:
    """(n,) as (m, size), the last row filled up."""
    return np.pad(array, (0, -len(array) % size), constant_values=fill).reshape(-1, size)
