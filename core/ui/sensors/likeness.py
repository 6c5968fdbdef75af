"""Which moments the score hangs on, and the normal window most like the one that alarmed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.charts import causes as charts
from core.ui import blocks, words
from core.ui.dataset.series import view
from core.ui.sensors import causes
from core.ui.sensors.answers import Answer
from core.ui.sensors.chosen import Chosen

SHOWN = 4


def show(chosen: Chosen, answer: Answer | None) -> None:
    """Both need an explanation."""
    if answer is None:
        causes.ask(chosen, "Explain the stretch first: this comes with it.")
        return
    _nearest(chosen, answer)
    _moments(chosen, answer)


def _nearest(chosen: Chosen, answer: Answer) -> None:
    near = answer.said["nearest"]
    blocks.headed(
        "The nearest normal window",
        f"The window that ends in the highest step, and the training window most like it by {near['by']}.",
        "Solid is what was read, dotted what normal running looks like at its most similar.",
        "Nearest of at most 4,096 normal windows, evenly spread.",
    )
    usual = f", where {near['usual']:.2f} is usual between normal windows" if near["usual"] is not None else ""
    st.markdown(
        f"From «{words.plain(near['unit'])}», step {near['start']:,}: on average {near['distance']:.2f} usual spreads "
        f"apart{usual}."
    )
    window, normal = np.asarray(near["window"]), np.asarray(near["normal"])
    shown = answer.order()[:SHOWN]
    names = [chosen.scored.judged.sensors[sensor] for sensor in shown]
    if len(window) < 2:
        rows = [
            {"Sensor": name, "Read": float(window[0, k]), "Normal": float(normal[0, k])}
            for name, k in zip(names, shown, strict=True)
        ]
        st.dataframe(
            rows, hide_index=True, height="content", alt="Readings of the window and of the nearest normal one"
        )
        st.caption("In usual spreads. This detector looks at one step at a time.")
        return
    figure = charts.beside(window[:, shown], normal[:, shown], names)
    blocks.plot(figure, key="nearest", alt=f"{', '.join(names)} beside the nearest normal window")


def _moments(chosen: Chosen, answer: Answer) -> None:
    found, data = answer.said["moments"], chosen.scored.judged.data
    edges, unit = np.asarray(found["edges"]), chosen.scored.unit
    if len(edges) < 3:
        return
    inside = np.clip(edges, 0, len(unit) - 1)
    blocks.headed(
        "Which moments?",
        "By how much the score of the highest window falls when all sensors read as usual in one piece of its time.",
        "The tallest piece is where it happened. A piece below zero made the window look more normal.",
        "Pieces are replaced one at a time, so what two of them do together shows in neither.",
    )
    figure = charts.moments(view.axis(data, unit.time[inside]), found["fall"], title=view.title(data))
    highest = int(np.argmax(found["fall"]))
    blocks.plot(figure, key="moments", alt=f"Fall of the score by moment, largest from step {edges[highest]}")
