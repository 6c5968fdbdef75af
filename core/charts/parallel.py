"""Settings against figures of many runs: one upright axis each, one line a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts import palette
from core.charts.canvas import canvas

MANY = 50.0  # a positive axis whose ends lie further apart than this is logarithmic
# Light and dark pages both let each of these be seen.
SCALE = [[0.0, palette.CATEGORICAL[0]], [0.5, palette.CATEGORICAL[2]], [1.0, palette.CATEGORICAL[1]]]
LONGEST = 16  # letters of a word at an axis


def parallel(axes: Mapping[str, Sequence[Any]], colour: Sequence[float], title: str) -> go.Figure:
    """``axes``: by name, one value a run (numbers, or words; None where a run has none). ``colour`` (n,) is the figure,
    called ``title``, that lines are coloured by, from blue (low) through green to orange (high).

    Words are laid out in alphabetical order, None below everything else.
    """
    shades = np.asarray(colour, float)
    low, high = float(shades.min()), float(shades.max())
    figure = canvas("", "", height=380)
    figure.add_parcoords(
        line={
            "color": shades, "colorscale": SCALE, "cmin": low, "cmax": high if high > low else low + 1e-9,
            "showscale": True, "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 10},
        },
        dimensions=[_axis(name, values) for name, values in axes.items()],
        labelangle=-14, labelside="top", labelfont={"size": 13}, tickfont={"size": 11, "shadow": "none"},
    )  # fmt: skip
    figure.update_layout(margin={"l": 112, "r": 30, "t": 90, "b": 24})
    return figure


def _axis(name: str, values: Sequence[Any]) -> dict[str, Any]:
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return _numbers(name, [np.nan if value is None else float(value) for value in values])
    said = ["–" if value is None else _word(value) for value in values]
    known = sorted(set(said), key=lambda word: (word != "–", word))
    return {
        "label": name,
        "values": [known.index(word) for word in said],
        "tickvals": list(range(len(known))),
        "ticktext": known,
        "range": [-0.3, max(len(known) - 1, 0) + 0.3],
    }


def _numbers(name: str, values: list[float]) -> dict[str, Any]:
    """An axis of numbers; NaN is put below the lowest and called a dash."""
    known = [value for value in values if not np.isnan(value)]
    log = min(known) > 0 and max(known) / min(known) > MANY
    scaled = np.log10(values) if log else np.asarray(values)
    low, high = float(np.nanmin(scaled)), float(np.nanmax(scaled))
    ticks = np.linspace(low, high, 5) if high > low else np.array([low])
    words = [_number(10**tick if log else tick) for tick in ticks]
    bottom, places = low, ticks.tolist()
    if np.isnan(scaled).any():
        bottom = low - (high - low or 1) * 0.15
        scaled = np.where(np.isnan(scaled), bottom, scaled)
        places, words = [bottom, *places], ["–", *words]
    reach = [bottom, high] if high > bottom else [bottom - 0.5, high + 0.5]
    return {"label": name, "values": scaled.tolist(), "tickvals": places, "ticktext": words, "range": reach}


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _word(value: Any) -> str:
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
