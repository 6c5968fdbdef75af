"""The empty figure that every chart starts from: see-through, so that the page's light or dark theme shows."""

from __future__ import annotations

import plotly.graph_objects as go

GRID = "rgba(128,128,128,0.22)"


def canvas(x: str, y: str, *, height: int = 320) -> go.Figure:
    """A figure with named axes, quiet grid lines, the legend above; colours of text are left to the theme."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"namelength": -1},
    )
    figure.update_xaxes(title_text=x, gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y, gridcolor=GRID, zeroline=False, automargin=True)
    return figure
