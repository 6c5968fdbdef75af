"""The lab for a detector over time: one recording, a drift in it, and what follows."""

from __future__ import annotations

import math

import streamlit as st

from core.charts import driftlab as charts
from core.drift.state import ViewName
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.ui import blocks, errors, rooms, state, words
from core.ui.driftlab import dial, figures, loading, noticed, trial
from core.ui.sensors.timeline import RATES

VIEWS: dict[ViewName, str] = {
    "input": "Sensors",
    "bulk": "Bulk of the score",
    "latent": "Code of the network (latent)",
}
FIRST = "1 in 1,000"


def show(dataset: DatasetRow, model: ModelRow) -> None:
    """The dial, and all that depends on it. The detector is loaded when it is asked for, and stays."""
    if not loading.asked_for(
        model,
        f"Put a drift into a recording of «{words.plain(dataset.name)}» and see what becomes of score, limit and "
        "alarms. The data stay as they are.",
    ):
        return
    asked, rate = _dialled(dataset, model)
    before, after = trial.clean(asked), trial.changed(asked)
    limit = -math.log10(rate)
    st.markdown(figures.sentence(before, after, asked.onset, limit, rate) + f" {dial.told(asked.drift)}")
    figures.metrics(before, after, asked.onset, limit, rate)
    left, right = st.columns([3, 2], gap="large")
    with left:
        blocks.headed(
            "Score over time",
            "Surprise of each step (-log10 of the share of normal steps that reach it), with and without the drift.",
            "What rises after the dashed line is the drift's doing; what is grey was there before.",
            "Judged at once, without hindsight. Of many steps the highest of each few is drawn.",
        )
        figure = charts.course(before.surprise, after.surprise, asked.onset, limit, x="step", y="surprise")
        alt = f"Surprise of {len(before.surprise):,} steps with and without a drift from step {asked.onset:,}"
        blocks.plot(figure, key="lab-course", alt=alt)
    with right:
        early, late, drifted = figures.parts(before, after, asked.onset)
        blocks.headed(
            "Distribution of the score",
            "Normal steps only, labelled events left out: before the onset, and after it with and without the drift.",
            "Drift moves the whole curve; the share right of the limit are false alarms.",
            "The last bin holds all that lies beyond.",
        )
        blocks.plot(
            charts.distribution(early, late, drifted, limit, "surprise"),
            key="lab-distribution",
            alt="Score distribution",
        )
    labelled = [unit.name for unit in rooms.datasets().series(dataset.id).units if unit.events]
    figures.events(before, after, asked.onset, limit, labelled)
    with errors.shown():
        _noticed(asked, len(before.surprise))


def _dialled(dataset: DatasetRow, model: ModelRow) -> tuple[trial.Asked, float]:
    """What is chosen. UserError where the model cannot judge the data."""
    recordings = rooms.datasets().series(dataset.id)
    lengths = {unit.name: len(unit) for unit in recordings.units}
    test = [unit.name for unit in recordings.test().units] or list(lengths)
    first = max(test, key=lambda name: lengths[name])
    with st.container(border=True, key="lab-dial"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            name = state.pick("Recording", {one: one for one in lengths}, param="unit", default=first) \
                if len(lengths) > 1 else first  # fmt: skip
            promised = st.selectbox(
                "Normal steps that alarm", list(RATES), index=list(RATES).index(FIRST) if FIRST in RATES else 0,
                key="rate", bind="query-params", width=190,
            )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            kind = dial.kind("signal", () if len(lengths) > 1 else ("load",))
            steps = len(trial.clean(trial.Asked(model.id, dataset.id, name, dial.NONE, 0)).surprise)
            drift, onset = dial.drift(kind, steps)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            signals = [recordings.sensors[k].name for k in recordings.signals]
            sensors = st.multiselect("In these sensors", signals, key="lab-sensors", placeholder="all", width=420)
            other = ""
            if kind == "load":
                other = st.selectbox("Taken over by", [one for one in lengths if one != name], key="lab-other")
    return trial.Asked(model.id, dataset.id, name, drift, onset, tuple(sensors), other), RATES[promised]


def _noticed(asked: trial.Asked, last: int) -> None:
    noticed.headed(
        "Every detector of drift on each view of the running, fed block by block as in the live monitor.",
        "Blocks are as long as the slowest signal needs, so that no detector can be quicker than a block.",
    )
    found, without = trial.noticed(asked)
    noticed.show(found, VIEWS, asked.onset, last, "step")
    if without:
        missing = " or ".join(VIEWS[view].lower() for view in without)
        st.caption(f"Not shown, because this detector does not have it: {missing}.")
