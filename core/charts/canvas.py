"""The empty figure that every chart starts from: see-through, so that the page's light or dark theme shows."""

from __future__ import annotations

import plotly.graph_objects as go

from core.datasets.wording import percent

GRID = "rgba(128,128,128,0.22)"
# The ticks of an axis of shares from 0 to 1, written as percentages are everywhere else.
SHARES = {"tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1], "ticktext": [percent(fifths / 5) for fifths in range(6)]}
# Plotly takes a see-through page for a black one and lays a dark box under its buttons.
BUTTONS = {"bgcolor": "rgba(0,0,0,0)", "color": "rgba(128,128,128,0.75)", "activecolor": "rgb(128,128,128)"}


def canvas(x: str, y: str, *, height: int = 320) -> go.Figure:
    """A figure with named axes, quiet grid lines, the legend above; colours of text are left to the theme."""
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True}
    # All at once: Plotly checks a figure anew at each update, and a page draws several while a slider moves.
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            "hoverlabel": {"namelength": -1},
            "modebar": BUTTONS,
            "xaxis": axis | {"title": {"text": x}},
            "yaxis": axis | {"title": {"text": y}},
        }
    )
