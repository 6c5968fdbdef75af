"""A run under way: its task matrix grows while one watches."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.charts import continual as charts
from core.errors import UserError
from core.jobs.job import Job
from core.ui import blocks, rooms
from core.ui.continual import shown

EVERY_S = 4  # reading the checkpoints of a large run takes a while


def show(job: Job) -> None:
    """What the job has recorded so far, behind a fold that costs nothing while it is closed."""
    with st.expander("What it has learned so far", icon=":material/grid_on:", key="growing", on_change="rerun") as fold:
        if fold.open:
            st.fragment(_matrix, run_every=EVERY_S)(job)


def _matrix(job: Job) -> None:
    from core.continual.config import check_config
    from core.continual.metrics.matrix import TaskMatrix
    from core.store.continualrun import so_far

    config = check_config(job.spec["config"])
    try:
        found = so_far(rooms.workspace().scratch(job.spec_hash), config)
    except UserError:  # the job has ended meanwhile and its checkpoints are gone
        found = ()
    if not found:
        st.caption("The first checkpoint is not written yet.")
        return
    latest = found[-1]
    metric = TaskMatrix()
    for record in latest.steps:
        if record.kind == "probe":
            metric.update(record)
    values = metric.matrix()
    st.caption(f"{shown.title(latest.method)}, seed {latest.seed}: {len(values)} tasks learned.")
    if values.size:
        whole = np.full((values.shape[1], values.shape[1]), np.nan)
        whole[: len(values)] = values
        names = [f"task {k + 1}" for k in range(values.shape[1])]
        blocks.plot(charts.matrix(whole, names, len(values)), key="growing-matrix", alt="The task matrix so far")
