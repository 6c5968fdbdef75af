"""The lab for a detector over time: one recording, a drift in it, and what follows."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core.charts import driftlab as charts
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.ui import blocks, errors, rooms, state, words
from core.ui.driftlab import dial, figures, trial
from core.ui.sensors.timeline import RATES

READY = "_drift_lab"  # the model that this session has asked for
VIEWS = {"input": "Sensors", "bulk": "Bulk of the score", "latent": "Code of the network (latent)"}
DETECTORS = {
    "adwin": "ADWIN", "page-hinkley": "Page-Hinkley", "hdddm": "HDDDM (Hellinger)",
    "ks-holm": "Kolmogorov-Smirnov window", "kswin": "KSWIN", "mmd": "MMD",
}  # fmt: skip
FIRST = "1 in 1,000"


def show(dataset: DatasetRow, model: ModelRow) -> None:
    """The dial, and all that depends on it. The detector is loaded when it is asked for, and stays."""
    if st.session_state.get(READY) != model.id:
        if blocks.empty_state(
            f"«{words.plain(model.name)}» waits",
            f"Put a drift into a recording of «{words.plain(dataset.name)}» and see what becomes of score, limit and "
            "alarms. The data stay as they are.",
            "Load the detector",
            key="lab-load",
            icon=":material/tune:",
        ):
            st.session_state[READY] = model.id
            st.rerun()
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
    figures.events(before, after, asked.onset, limit)
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
    blocks.headed(
        "Who notices?",
        "Every detector of drift on each view of the running, fed block by block as in the live monitor.",
        "A diamond after the dashed line is a detection; a cross is where it spoke on the recording as it is: its "
        "false-alarm cost, labelled faults included. Quick and silent before is what one wants.",
        "One trial on one recording. Blocks are as long as the slowest signal needs, so that no detector can be "
        "quicker than a block; window tests need 32 of them.",
    )
    found, without = trial.noticed(asked)
    named = [(f"{DETECTORS[one.detector]} · {VIEWS[one.view]}", one) for one in found]
    figure = charts.timeline([(name, one.at, one.false_at) for name, one in named], asked.onset, last)
    quick = [name for name, one in named if one.after is not None]
    blocks.plot(figure, key="lab-timeline", alt=f"{len(quick)} of {len(named)} noticed: {', '.join(quick[:3])}")
    table = pd.DataFrame(
        [
            {
                "Detector": DETECTORS[one.detector],
                "View": VIEWS[one.view],
                "Noticed after, steps": one.after,
                "False alarms": one.alarms,
                "a 10,000 steps": round(1e4 * one.alarms / max(one.steps, 1), 1),
            }
            for _, one in named
        ]
    )
    st.dataframe(table, hide_index=True, key="lab-noticed")
    if without:
        st.caption(f"This detector has no {' or '.join(VIEWS[view].lower() for view in without)}.")
    st.download_button(
        "Table", lambda: table.to_csv(index=False), "drift-detectors.csv", "text/csv", key="lab-csv",
        icon=":material/table:", on_click="ignore",
    )  # fmt: skip
