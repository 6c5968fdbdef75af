"""Drift: how far each sensor has moved, and how the bulk of the score has gone, block by block."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts import palette
from core.charts.canvas import canvas

MOST_BARS = 20
BAR, REST = 24, 110  # pixels of a sensor, and of what is around the bars


def moved_bars(sensors: Sequence[str], shift: Sequence[float | None], moved: Sequence[str]) -> go.Figure:
    """Shift of each sensor's level in its usual spreads, furthest first, 20 at most; those that ``moved`` by the test
    are hatched and named with an arrow. ``shift`` of None: no readings."""
    known = [(name, value) for name, value in zip(sensors, shift, strict=True) if value is not None]
    known.sort(key=lambda one: (one[0] not in moved, -abs(one[1])))
    known = known[:MOST_BARS]
    figure = canvas("usual spreads from the usual level", "", height=REST + BAR * max(len(known), 2))
    for drifted in (False, True):
        own = [(name, value) for name, value in known if (name in moved) == drifted]
        if not own:
            continue
        figure.add_bar(
            x=[value for _, value in own],
            y=[f"▲ {escaped(name)}" if drifted else escaped(name) for name, _ in own],
            orientation="h",
            name="drifted" if drifted else "as usual",
            marker={
                "color": palette.CATEGORICAL[1] if drifted else palette.NEUTRAL,
                "pattern": {"shape": "/" if drifted else "", "size": 5, "fgcolor": "rgba(255,255,255,0.7)"},
            },
            hovertemplate="%{y}: %{x:+.2f} usual spreads<extra></extra>",
        )
    order = [f"▲ {escaped(name)}" if name in moved else escaped(name) for name, _ in known]
    figure.update_layout(bargap=0.25, showlegend=True)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order[::-1], showgrid=False)
    figure.update_xaxes(zeroline=True, zerolinecolor=palette.NEUTRAL)
    return figure


def course(
    step: Sequence[int],
    median: Sequence[float],
    alarmed: Sequence[float],
    usual: Sequence[float | None],
    since: int | None,
    unusual: float,
) -> go.Figure:
    """Median surprise of each block over the steps at which the blocks begin. ``usual``: 2.5 %, 50 % and 97.5 % of the
    medians in normal running, drawn as a band; a cross marks blocks with a share of at least ``unusual`` alarmed
    steps; a line stands where drift began, at ``since``."""
    figure = canvas("step", "median surprise of a block", height=300)
    low, centre, high = usual
    if low is not None and high is not None:
        figure.add_hrect(
            y0=low, y1=high, fillcolor=palette.faint(palette.GOOD, 0.12), line_width=0, layer="below",
            annotation_text="95\u00a0% of normal blocks", annotation_position="bottom left", annotation_font_size=11,
        )  # fmt: skip
    if centre is not None:
        figure.add_hline(y=centre, line={"color": palette.NEUTRAL, "dash": "dot", "width": 1})
    figure.add_scatter(
        x=list(step), y=list(median), mode="lines+markers", name="block", marker={"size": 4},
        line={"color": palette.GOOD, "width": 1.2}, hovertemplate="from step %{x:,}: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    marked = [k for k, share in enumerate(alarmed) if share >= unusual]
    if marked:
        figure.add_scatter(
            x=[step[k] for k in marked],
            y=[median[k] for k in marked],
            mode="markers",
            name="block with alarms",
            marker={"symbol": "x", "size": 9, "color": palette.ANOMALOUS},
            customdata=[100 * alarmed[k] for k in marked],
            hovertemplate="from step %{x:,}: %{customdata:.0f}\u00a0% of the steps alarmed<extra></extra>",
        )
    if since is not None:
        figure.add_vline(
            x=since, line={"color": palette.CATEGORICAL[1], "dash": "dash", "width": 2},
            annotation_text="drift began", annotation_position="top right", annotation_font_size=11,
        )  # fmt: skip
    figure.update_layout(showlegend=True)
    figure.update_xaxes(tickformat=",d")
    return figure


def escaped(text: str) -> str:
    """A name from a file: Plotly reads its labels as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
