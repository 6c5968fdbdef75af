"""The space that a learner sees, before anything was learned and after the last task."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.charts import continualmemory as charts
from core.ui import blocks
from core.ui.continual import shown
from core.ui.continual.shown import Shown


def show(told: Shown) -> None:
    """Two maps of the same probe samples."""
    blocks.headed(
        "Latent space",
        "All probe samples in two directions of the learner's inner space: untrained, and after the last task.",
        "Crosses are anomalies. After learning they should lie apart from the dots, in every task.",
        "Two directions of many; distances between the two maps mean nothing.",
    )
    known = [name for name in told.here if {"before", "after"} <= set(told.of(name).latent)]
    if not known:
        st.caption("No method of this run has such a space: memory banks compare patches instead.")
        return
    default = known.index("dynamad") if "dynamad" in known else 0
    method = st.selectbox("Method", known, default, key="latent-method", format_func=shown.title, width=320)
    run = told.of(method)
    last = max(one.task for one in run.steps if one.kind == "probe")
    probes = sorted((one for one in run.steps if one.kind == "probe" and one.task == last), key=lambda one: one.about)
    task = np.concatenate([np.full(len(one.ids), one.about) for one in probes])
    label = np.concatenate([one.label for one in probes])
    for place, (key, word) in zip(
        st.columns(2, gap="large"), {"before": "Before", "after": "After"}.items(), strict=True
    ):
        with place:
            st.markdown(f"**{word}**")
            alt = f"{len(task)} probe samples {word.lower()} learning"
            blocks.plot(charts.latent(run.latent[key], task, label), key=f"latent-{key}", alt=alt)
