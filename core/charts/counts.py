"""Counts and shares: verdicts against labels, recall by class, images by split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import palette
from core.charts.canvas import SHARES, canvas
from core.datasets.wording import percent
from core.metrics.verdicts import LABELS, VERDICTS

_RIGHT: set[tuple[str, str | None]] = {("accept", "good"), ("reject", "bad")}
_WRONG: dict[tuple[str, str | None], str] = {("accept", "bad"): "missed", ("reject", "good"): "false alarms"}


def confusion_matrix(table: NDArray[np.int64], *, ink: str | None = None) -> go.Figure:
    """Verdicts (rows) against labels (columns) from ``metrics.verdicts.verdict_table``.

    A cell is shaded by its share of the column: right ones blue, wrong ones vermillion and named. The column without
    a label is left out where it is empty. ``ink`` is the colour of the counts, None for the theme's.
    """
    shown = [k for k, label in enumerate(LABELS) if label is not None or table[:, k].any()]
    names = [palette.LABEL_NAMES[LABELS[k]] for k in shown]
    cells = [(row, column, k) for row in range(len(VERDICTS)) for column, k in enumerate(shown)]
    shapes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for row, column, k in cells:
        count, total = int(table[row, k]), int(table[:, k].sum())
        kind = (VERDICTS[row], LABELS[k])
        word = _WRONG.get(kind, "") if count else ""
        colour = palette.GOOD if kind in _RIGHT else palette.ANOMALOUS if kind in _WRONG else palette.NEUTRAL
        share = count / total if total else 0.0
        line = {"color": colour, "width": 1.5 if word else 0.5}
        place = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.46, "y1": row + 0.46}
        fill = palette.faint(colour, 0.06 + 0.34 * share)
        shapes.append({"type": "rect", "line": line, "fillcolor": fill} | place)
        text = f"<b>{count}</b>" + (f"<br>{percent(share, 1)}" if total else "") + (f" {word}" if word else "")
        texts.append({"x": column, "y": row, "text": text, "showarrow": False, "font": {"size": 14, "color": ink}})
    figure = canvas("", "", height=230)
    # Shapes alone give an axis no extent; the marks are there for the hover text.
    figure.add_scatter(
        x=[column for _, column, _ in cells],
        y=[row for row, _, _ in cells],
        mode="markers",
        marker={"opacity": 0, "size": 30},
        showlegend=False,
        customdata=[[VERDICTS[row], names[column]] for row, column, _ in cells],
        hovertemplate="labelled %{customdata[1]}, verdict %{customdata[0]}<extra></extra>",
    )
    columns = {"tickvals": list(range(len(shown))), "ticktext": names, "side": "top", "range": [-0.5, len(shown) - 0.5]}
    rows = {"tickvals": list(range(len(VERDICTS))), "ticktext": list(VERDICTS), "range": [2.5, -0.5]}
    figure.update_layout(
        shapes=shapes, annotations=texts, xaxis=columns | {"showgrid": False}, yaxis=rows | {"showgrid": False}
    )
    return figure


def recall_bars(per_class: Mapping[str, Mapping[str, Any]], *, worst_first: bool = True) -> go.Figure:
    """Recall of each defect class with its 95 % interval, from ``evaluate``'s ``per_class``.

    The worst class is on top, or the first one given where the classes have an order of their own.
    """
    order = list(per_class)[::-1]  # Plotly draws from the bottom
    if worst_first:
        order.sort(key=lambda name: (-per_class[name]["recall"], name))
    recalls = [per_class[name]["recall"] for name in order]
    intervals = [per_class[name]["recall_ci95"] for name in order]
    figure = canvas("recall at the limit (95\u00a0% interval)", "", height=90 + 34 * len(order))
    figure.add_bar(
        x=recalls,
        y=order,
        orientation="h",
        width=0.62,
        marker={
            "color": palette.faint(palette.ANOMALOUS, 0.55),
            "line": {"color": palette.ANOMALOUS, "width": 1},
            "pattern": {
                "shape": palette.LABEL_HATCHINGS["bad"],
                "fillmode": "overlay",
                "size": 5,
                "fgcolor": "rgba(255,255,255,0.8)",
            },
        },
        error_x={
            "array": [high - value for value, (_, high) in zip(recalls, intervals, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(recalls, intervals, strict=True)],
            "color": palette.NEUTRAL,
        },
        customdata=[[round(per_class[name]["recall"] * per_class[name]["n"]), per_class[name]["n"]] for name in order],
        hovertemplate="%{y}: %{customdata[0]} of %{customdata[1]} found<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(range=[0, 1.02], **SHARES)
    figure.update_yaxes(type="category")
    return figure


def split_counts(rows: Sequence[tuple[str, str, int]]) -> go.Figure:
    """Images per class and split from ``(split, class, count)``; the class "good" is blue, all others are anomalous."""
    splits = list(dict.fromkeys(split for split, _, _ in rows))
    classes = sorted({name for _, name, _ in rows}, key=_class_rank)  # good first: its colour is the legend's
    counts = {(split, name): count for split, name, count in rows}
    figure = canvas("images", "", height=90 + 30 * max(len(classes), 2))
    for k, split in enumerate(splits):
        values = [counts.get((split, name), 0) for name in classes]
        colours = [_class_colour(name) for name in classes]
        figure.add_bar(
            x=values,
            y=classes,
            orientation="h",
            name=split,
            marker={
                "color": [palette.faint(colour, 0.75 if k == 0 else 0.35) for colour in colours],
                "line": {"color": colours, "width": 1},
                "pattern": {"shape": "" if k == 0 else "/", "size": 5},
            },
            hovertemplate="%{y}, %{fullData.name}: %{x}<extra></extra>",
        )
    for name in classes:
        own = [counts.get((split, name), 0) for split in splits]
        text = " + ".join(str(count) for count in own if count)
        figure.add_annotation(x=sum(own), y=name, text=text, showarrow=False, xanchor="left", xshift=4)
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure


def _class_rank(name: str) -> tuple[int, str]:
    return {"good": 0, "no label": 2}.get(name, 1), name.casefold()


def _class_colour(name: str) -> str:
    return {"good": palette.GOOD, "no label": palette.NEUTRAL}.get(name, palette.ANOMALOUS)
