"""How good the causes are: measured on the events of this dataset whose culprits are labelled."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ui import blocks, jobs_panel, rooms, words
from core.ui.sensors.judged import Scored

KIND = "cause-accuracy"
FIGURES = {"hitrate_100": "HitRate@100", "hitrate_150": "HitRate@150", "top1": "First is right", "ndcg_100": "NDCG@100"}


def show(scored: Scored) -> None:
    """The table, or the way to it."""
    blocks.headed(
        "How good are these causes?",
        "Each method was given the labelled stretches of this dataset, as you would drag over them, and ranked the "
        "sensors. The labels were only compared with what it said.",
        "*HitRate@100*: with k sensors at fault, the share of them among the first k; *@150*: among the first 1.5 k. "
        "*First is right*: how often the first is one of them. A method should be well above *random* and above |z|.",
        "A method may do better on other machines, or worse.",
    )
    labelled = sum(bool(event.sensors) for unit in scored.judged.data.test().units for event in unit.events or ())
    if not labelled:
        st.info("No event of these recordings names the sensors at fault, so it cannot be measured here.")
        return
    spec = {"run_id": scored.judged.run_id, "mode": scored.mode}
    job = rooms.jobs().find(KIND, spec)
    if job is not None and job.active:
        jobs_panel.follow(job.id, key="cause-accuracy")
        return
    if job is not None and job.state == "succeeded" and job.result:
        _table(job.result["rows"])
        return
    if job is not None:
        jobs_panel.problem(job)
    if st.button(f"Measure on {words.count(labelled, 'labelled event')}", icon=":material/straighten:", key="measure"):
        rooms.jobs().submit(KIND, spec, title=f"Accuracy of causes of {scored.judged.model.name}")
        st.rerun()


def _table(found: list[dict[str, object]]) -> None:
    rows = [
        {"Method": row["method"], "Events": row["events"]}
        | {title: row[name] for name, title in FIGURES.items()}
        | {"Refused": row["refused"], "Seconds": row["seconds"]}
        for row in found
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", alt="Accuracy of each method on labelled events",
        column_config=dict.fromkeys([*FIGURES.values(), "Seconds"], number),
    )  # fmt: skip
    st.caption(
        "Means over events, blame by the largest or mean over the event as the method has it; ties count by chance."
    )
