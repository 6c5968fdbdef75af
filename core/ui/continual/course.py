"""Performance over the stream: where drift sets in, how deep each method falls, and when it is back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.charts import continual as charts
from core.ui import blocks
from core.ui.continual import shown
from core.ui.continual.shown import Shown

if TYPE_CHECKING:
    from core.continual.metrics.detection import Series
    from core.continual.types import MethodRun

SERIES: dict[str, Series] = {"CAF1": "caf1", "AUROC": "auroc"}
PROBE, STREAM = "Probe, drift included", "Stream, before learning it"
WINDOW = 25  # steps of the stream that make one look: a single step holds too few anomalies


def show(told: Shown) -> None:
    """The curves of the chosen seed and the recoveries that they are made of."""
    from core.continual.metrics.contract import measure
    from core.continual.metrics.latency import Dal

    blocks.headed(
        "Performance over time",
        "Each method on the probe of a drifting task as the world shows it at that step, or on the stream itself, each "
        f"sample judged before it was learned, {WINDOW} steps together.",
        "A dashed line is an onset. A diamond is the first of three looks in a row at 90\u00a0% of what was usual "
        "before.",
        "One seed; looks are every few steps. A method that recovers after the task's end is censored: it took longer. "
        "Each has to get back what it had itself: who had learned more by the onset has more to win back.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        seen = st.segmented_control(
            "Judged on", (PROBE, STREAM), default=PROBE, required=True, key="on", bind="query-params"
        ) or PROBE  # fmt: skip
        name = st.segmented_control(
            "Figure", list(SERIES), default="CAF1", required=True, key="by", bind="query-params"
        ) or "CAF1"  # fmt: skip
        methods = st.multiselect("Methods", told.here, default=told.here, key="course-methods", format_func=shown.title)
    curves, rows = {}, []
    for method in methods:
        run, metric = told.of(method), Dal(told.run.info.onsets, SERIES[name])
        measure(metric, run)
        found = metric.recoveries()
        back = [int(one.onset + one.steps) for one in found if not one.censored and not one.never_dropped]
        curves[shown.title(method)] = _looks(run, SERIES[name], back) if seen == PROBE else _stream(run, SERIES[name])
        rows += [
            {
                "Method": shown.title(method),
                "Onset": one.onset,
                "Before": round(one.before, 3),
                "Back after, steps": f"more than {one.horizon:.0f}" if one.censored else f"{one.steps:.0f}",
                "Area lost": round(one.area, 1),
                "Seen": "censored" if one.censored else "never dropped" if one.never_dropped else "recovered",
            }
            for one in found
        ]
    if not curves:
        st.caption("Choose a method.")
        return
    first = min((one.steps[0] for one in curves.values() if one.steps), default=0)
    starts = [step for step in told.starts if step >= first]  # nobody looks at a probe before its task drifts
    figure = charts.course(curves, figure_name=name, onsets=told.run.info.onsets, starts=starts)
    alt = f"{name} of {len(curves)} methods over the stream, drift at {', '.join(map(str, told.run.info.onsets))}"
    blocks.plot(figure, key="continual-course", alt=alt)
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="continual-recoveries")
    else:
        st.caption("No drift sets in inside a task of this stream.")


def _looks(run: MethodRun, series: Series, recovered: list[int]) -> charts.Looks:
    from core.continual.metrics.detection import figure

    looks = [(one.step, figure(one, series)) for one in run.steps if one.kind == "drifted"]
    known = [(step, value) for step, value in looks if value is not None]
    return charts.Looks([step for step, _ in known], [value for _, value in known], recovered)


def _stream(run: MethodRun, series: Series) -> charts.Looks:
    """Windows of the stream, one after the other."""
    from core.continual.metrics.detection import figure

    rows = [one for one in run.steps if one.kind == "stream"]
    found: list[tuple[int, float]] = []
    for start in range(0, len(rows), WINDOW):
        part = rows[start : start + WINDOW]
        # Each step has a threshold of its own: scores are taken relative to it.
        score = np.concatenate([one.score - np.float32(one.threshold) for one in part])
        window = replace(
            part[-1],
            ids=np.concatenate([one.ids for one in part]),
            label=np.concatenate([one.label for one in part]),
            fault=np.concatenate([one.fault for one in part]),
            severity=np.concatenate([one.severity for one in part]),
            probability=np.concatenate([one.probability for one in part]),
            score=score,
            threshold=0.0,
        )
        value = figure(window, series)
        if value is not None:
            found.append((part[-1].step, value))
    return charts.Looks([step for step, _ in found], [value for _, value in found])
