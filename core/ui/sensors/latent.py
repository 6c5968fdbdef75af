"""The code of a VAE: where the stretch lies among normal windows, and which of its numbers matter."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.charts import causes as charts
from core.datasets.wording import percent
from core.ui import blocks
from core.ui.sensors import causes
from core.ui.sensors.answers import Answer
from core.ui.sensors.chosen import Chosen


def show(chosen: Chosen, answer: Answer | None) -> None:
    """Needs an explanation, of a detector with a code."""
    if answer is None:
        causes.ask(chosen, "Explain the stretch first: this comes with it.")
        return
    found = answer.said["latent"]
    if found is None:
        st.caption("This detector has no code. A series VAE has one.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        blocks.headed(
            "Map of the code",
            "Every normal window as a circle, and the windows of this stretch as crosses, from thin to thick in order "
            "of time.",
            "A stretch that wanders off is like nothing that the model has seen.",
            f"The map shows {percent(found['explained'], 0)} of how normal codes vary. A window may lie among normal "
            "ones and still be badly redrawn.",
        )
        points, path = np.asarray(found["points"]), np.asarray(found["path"])
        blocks.plot(charts.latent_map(points, path), key="latent-map", alt=f"{len(path)} windows among {len(points)}")
    with right:
        blocks.headed(
            "Numbers of the code",
            "What each number costs in nats here and usually, and how strongly the score hangs on it.",
            "A number far above its usual height says that something unusual is being encoded.",
            "Slopes hold for small changes of the code only.",
        )
        worst = int(np.argmax(np.asarray(found["kl"]) - np.asarray(found["kl_usual"])))
        figure = charts.latent_bars(found["kl"], found["kl_usual"], found["slope"])
        blocks.plot(figure, key="latent-bars", alt=f"KL per number of the code; z{worst} is furthest above usual")
