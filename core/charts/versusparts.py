"""Detectors against each other part by part and step by step: where p-values lie, who finds more of which defect, what
each said over a stretch. One entry per detector, in one order, as in ``core.charts.versus``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from core.charts import palette
from core.charts.canvas import GRID, canvas
from core.charts.contestants import LOOKS, marker
from core.charts.signals import decimate
from core.charts.versus import CHANCE
from core.datasets.wording import percent

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bars:
    """A detector's histogram: (k + 1,) ``edges``, (k,) counts by label; ``limit`` where it calls a part bad."""

    name: str
    edges: Floats
    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    limit: float


def histograms(rows: Sequence[Bars], x: str) -> go.Figure:
    """One row a detector on a shared axis: the share of the good parts in each bin upwards, that of the anomalous ones
    (hatched) downwards."""
    inner = 118 * len(rows)
    figure = canvas(x, "", height=inner + 90)
    title, most = 24 / inner, _tallest(rows)
    mark = _round_below(most)
    for k, (row, look) in enumerate(zip(rows, LOOKS, strict=False)):
        axis = "" if k == 0 else str(k + 1)
        top, bottom = 1 - k / len(rows), 1 - (k + 1) / len(rows)
        middles, width = (row.edges[:-1] + row.edges[1:]) / 2, np.diff(row.edges)
        for label, counts, side in (("good", row.good, 1), (None, row.unlabelled, 1), ("bad", row.bad, -1)):
            if not counts.any():
                continue
            colour = palette.LABEL_COLOURS[label]
            figure.add_bar(
                x=middles, y=side * counts / counts.sum(), width=width, yaxis=f"y{axis}",
                name=palette.LABEL_NAMES[label], legendgroup=str(label), showlegend=k == 0, customdata=counts,
                marker={
                    "color": palette.faint(colour, 0.6), "line": {"color": colour, "width": 1},
                    "pattern": {"shape": palette.LABEL_HATCHINGS[label], "fillmode": "overlay", "size": 5,
                                "fgcolor": "rgba(255,255,255,0.8)"},
                },
                hovertemplate=f"{row.name}: %{{customdata}} {palette.LABEL_NAMES[label]}<extra></extra>",
            )  # fmt: skip
        figure.update_layout({f"yaxis{axis}": {
            "domain": [bottom + 0.01, top - title], "showgrid": False, "zeroline": True, "range": [-most, most],
            "zerolinecolor": palette.NEUTRAL, "anchor": "x", "automargin": True, "tickfont": {"size": 11},
            "tickvals": [-mark, 0, mark], "ticktext": [percent(mark), "0", percent(mark)],
        }})  # fmt: skip
        figure.add_shape(
            type="line", x0=row.limit, x1=row.limit, yref=f"y{axis} domain", y0=0, y1=1,
            line={"color": palette.ANOMALOUS, "width": 2, "dash": "dash"},
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref=f"y{axis} domain", yanchor="bottom", showarrow=False,
            text=f"<span style='color:{look.colour}'>{look.sign}</span> {row.name}", font={"size": 12},
        )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0, xaxis={"anchor": "free", "position": 0.0})
    return figure


def _tallest(rows: Sequence[Bars]) -> float:
    """The largest share of any bar, with a little air."""
    shares = [
        float(counts.max() / counts.sum())
        for row in rows
        for counts in (row.good, row.bad, row.unlabelled)
        if counts.any()
    ]
    return 1.05 * max(shares, default=1.0)


def _round_below(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20 … times a power of ten that is not above a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= value * (1 + 1e-9))


def paired_dots(names: tuple[str, str], places: tuple[int, int], values: tuple[ArrayLike, ArrayLike],
                items: Sequence[str], what: str) -> go.Figure:  # fmt: skip
    """One dot a part: the first detector's figure across, the second's up; above the diagonal the second is better."""
    first, second = (np.asarray(one, float) for one in values)
    figure = canvas(f"{what} of {names[0]}", f"{what} of {names[1]}", height=420)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line=CHANCE, showlegend=False)
    for place, name, wins in ((places[1], names[1], second > first), (places[0], names[0], first > second)):
        look = LOOKS[place]
        figure.add_scatter(
            x=first[wins], y=second[wins], mode="markers", name=f"{name} better ({int(wins.sum())})",
            marker=marker(look, 7, opacity=0.65), customdata=[items[k] for k in np.flatnonzero(wins).tolist()],
            hovertemplate="%{customdata}: %{x:.2f}, %{y:.2f}<extra></extra>",
        )  # fmt: skip
    even = first == second
    figure.add_scatter(
        x=first[even], y=second[even], mode="markers", name=f"even ({int(even.sum())})",
        marker={"color": palette.NEUTRAL, "size": 6, "opacity": 0.5}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(range=[-0.03, 1.03])
    figure.update_yaxes(range=[-0.03, 1.03])
    return figure


def moment(
    x: NDArray[Any],
    surprises: Sequence[tuple[str, ArrayLike]],
    *,
    limit: float,
    anomalous: NDArray[np.bool_],
    signal: tuple[str, NDArray[Any], NDArray[Any]] | None,
    x_title: str,
) -> go.Figure:
    """Every detector's surprise over a stretch with the limit, and below it the readings of one sensor (name, x, y);
    what is labelled anomalous, (n,) of ``x``, is shaded. Long lines are thinned, their peaks kept."""
    figure = canvas(x_title, "surprise", height=300 if signal else 200)
    for (name, values), look in zip(surprises, LOOKS, strict=False):
        at, shown = decimate(x, np.asarray(values, np.float32))
        figure.add_scatter(
            x=at, y=shown, mode="lines", name=f"{look.sign} {name}",
            line={"color": look.colour, "width": 1.8, "dash": look.dash},
        )  # fmt: skip
    if signal is not None:
        figure.update_layout(
            xaxis={"anchor": "y2"}, yaxis={"domain": [0.42, 1]},
            yaxis2={"domain": [0, 0.3], "gridcolor": GRID, "zeroline": False, "automargin": True, "nticks": 4},
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref="x domain", xanchor="left", y=1, yref="y2 domain", yanchor="bottom", text=signal[0],
            showarrow=False, font={"size": 12},
        )  # fmt: skip
        at, shown = decimate(signal[1], np.asarray(signal[2], np.float32))
        figure.add_scatter(
            x=at, y=shown, mode="lines", yaxis="y2", showlegend=False,
            name=signal[0], line={"color": palette.NEUTRAL, "width": 1.2},
        )  # fmt: skip
    figure.add_shape(
        type="line", xref="x domain", x0=0, x1=1, y0=limit, y1=limit,
        line={"color": palette.ANOMALOUS, "width": 1.5, "dash": "dash"},
    )  # fmt: skip
    edges = np.flatnonzero(np.diff(np.concatenate([[False], anomalous, [False]]).astype(np.int8)))
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        figure.add_shape(
            type="rect", x0=x[first], x1=x[last], yref="paper", y0=0, y1=1, layer="below",
            fillcolor=palette.faint(palette.ANOMALOUS, 0.12),
            line={"width": 1, "color": palette.faint(palette.ANOMALOUS, 0.5), "dash": "dot"},
        )  # fmt: skip
    return figure
