"""Which detectors of drift noticed: a timeline and a table, whatever the drift was in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.charts import driftlab as charts
from core.drift.state import ViewName
from core.ui import blocks

if TYPE_CHECKING:
    from core.drift.noticed import Noticed

DETECTORS = {
    "adwin": "ADWIN", "page-hinkley": "Page-Hinkley", "hdddm": "HDDDM (Hellinger)",
    "ks-holm": "Kolmogorov-Smirnov window", "kswin": "KSWIN", "mmd": "MMD",
}  # fmt: skip


def headed(shows: str, limits: str) -> None:
    """The title; ``shows`` says what the detectors were fed with, ``limits`` what they cannot do for that reason."""
    blocks.headed(
        "Who notices?",
        shows,
        "A diamond after the dashed line is a detection, a further one the same detector again; a cross is where it "
        "spoke without the drift: its false-alarm cost, labelled faults included. Quick and silent before is what one "
        "wants.",
        f"One trial. {limits} Window tests need 32 blocks, KSWIN 96 with those of the reference.",
    )


def show(found: Sequence[Noticed], views: Mapping[ViewName, str], onset: int, last: int, unit: str) -> None:
    """Quickest first. ``unit`` is what a step is called: a step, a photograph."""
    named = [(f"{DETECTORS[one.detector]} · {views[one.view]}", one) for one in found]
    figure = charts.timeline([(name, one.at, one.false_at) for name, one in named], onset, last, x=unit)
    quick = [name for name, one in named if one.after is not None]
    blocks.plot(figure, key="lab-timeline", alt=f"{len(quick)} of {len(named)} noticed: {', '.join(quick[:3])}")
    scale = 10_000 if unit == "step" else 100
    table = pd.DataFrame(
        [
            {
                "Detector": DETECTORS[one.detector],
                "View": views[one.view],
                f"Noticed after, {unit}s": one.after,
                "False alarms, without the drift": one.alarms,
                f"the same in {scale:,} {unit}s": round(scale * one.alarms / max(one.steps, 1), 1),
            }
            for _, one in named
        ]
    )
    st.dataframe(table, hide_index=True, key="lab-noticed", placeholder="never")
    st.download_button(
        "Table", lambda: table.to_csv(index=False), "drift-detectors.csv", "text/csv", key="lab-csv",
        icon=":material/table:", on_click="ignore",
    )  # fmt: skip
