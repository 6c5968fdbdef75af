"""What can be taken along: the causes and the stretch as CSV, all figures as one page of HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.charts.csvtable import to_csv
from core.explain.ranking import Ranking
from core.ui.dataset.series import view
from core.ui.sensors.answers import Answer
from core.ui.sensors.chosen import Chosen


def show(chosen: Chosen, quick: Sequence[Ranking], answer: Answer | None, figures: Sequence[go.Figure]) -> None:
    """The buttons; every chart has its own PNG behind the camera above it."""
    scored = chosen.scored
    name = f"{scored.unit.name}-{chosen.start}-{chosen.stop - 1}".replace("/", "-")
    with st.container(horizontal=True, vertical_alignment="center", key="sensor-downloads"):
        st.download_button(
            "Causes", lambda: causes_csv(chosen, quick, answer), f"causes-{name}.csv", "text/csv", key="causes-csv",
            icon=":material/download:", on_click="ignore", help="Sensors by blame, every method, as CSV",
        )  # fmt: skip
        st.download_button(
            "Stretch", lambda: stretch_csv(chosen), f"stretch-{name}.csv", "text/csv", key="stretch-csv",
            icon=":material/download:", on_click="ignore", help="Every reading, score and part of the stretch, as CSV",
        )  # fmt: skip
        st.download_button(
            "Page", lambda: page_html(chosen, answer, figures), f"causes-{name}.html", "text/html", key="causes-html",
            icon=":material/download:", on_click="ignore", help="Words and figures as one page that needs nothing else",
        )  # fmt: skip
        st.caption("PNG: the camera above each chart.")


def causes_csv(chosen: Chosen, quick: Sequence[Ranking], answer: Answer | None) -> bytes:
    """A row per sensor, a column per method: blame in the method's own terms."""
    blame: dict[str, Sequence[float]] = {one.method: one.blame.tolist() for one in quick}
    if answer is not None:
        blame = {name: one["blame"] for name, one in answer.methods().items()}
    sensors = chosen.scored.judged.sensors
    order = np.argsort(-np.asarray(next(iter(blame.values())), float), kind="stable")
    rows = ([sensors[k], *(values[k] for values in blame.values())] for k in order)
    return to_csv(["sensor", *blame], rows)


def stretch_csv(chosen: Chosen) -> bytes:
    """A row per step: time, surprise, label, readings and parts."""
    scored = chosen.scored
    data, unit, part = scored.judged.data, scored.unit, slice(chosen.start, chosen.stop)
    columns, sensors = data.signals, scored.judged.sensors
    labels = unit.labels()
    known = [None] * chosen.n if labels is None else labels[part].tolist()
    values = np.asarray(unit.values[part])[:, columns].tolist()
    parts = np.asarray(scored.parts[part]).tolist()
    times = view.axis(data, unit.time[part])

    def rows() -> Iterable[list[Any]]:
        for k in range(chosen.n):
            time = str(times[k]) if data.time_unit == "epoch" else float(times[k])
            numbers = [_plain(one) for one in (scored.surprise[chosen.start + k], *values[k], *parts[k])]
            yield [chosen.start + k, time, numbers[0], known[k], *numbers[1:]]

    header = ["step", view.title(data), "surprise", "anomalous", *sensors, *(f"part of {name}" for name in sensors)]
    return to_csv(header, rows())


def _plain(value: float) -> float | None:
    """Seven digits, which is what a reading has; None where nothing was measured."""
    return float(f"{value:.7g}") if math.isfinite(value) else None


def page_html(chosen: Chosen, answer: Answer | None, figures: Sequence[go.Figure]) -> bytes:
    """One page with Plotly inside it, for a browser without a network."""
    scored = chosen.scored
    title = f"{scored.unit.name}, steps {chosen.start} to {chosen.stop - 1}"
    said = [] if answer is None else [answer.said["sentence"], answer.said["agreed"]]
    body = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(one)}</p>" for one in said)]
    body.append(
        f"<p>{escape(scored.judged.model.name)} on {escape(scored.judged.data.name)}, {scored.mode} scores.</p>"
    )
    for index, figure in enumerate(figures):
        body.append(figure.to_html(full_html=False, include_plotlyjs=index == 0))
    style = "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{style}</style>'
    return "\n".join([head, *body]).encode()
