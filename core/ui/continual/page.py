"""The page put together: a run, its figures behind tabs, and the way to another run."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.ui import blocks, errors, state, words
from core.ui.continual import (
    course,
    exports,
    latent,
    memory,
    published,
    sending,
    setup,
    severities,
    shown,
    table,
    tasks,
    watch,
)
from core.ui.continual.shown import Shown

VIEWS = (
    "Methods",
    "Tasks",
    "Over time",
    "Drift and sigma",
    "Memory",
    "Latent space",
    "Severities",
    "Reported elsewhere",
)


def show() -> None:
    """The newest run or the one that the URL names; the ways to start one where there is none."""
    sending.arrived()
    st.title("What does a detector keep when its world drifts?", anchor=False)
    listed = shown.rows()
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    chosen, adds = None, False
    if listed:
        with bar:
            names = {row.id: f"{row.name} · {blocks.when(row.created_at)}" for row in listed}
            chosen = state.pick("Run", names, param=sending.RUN, default=listed[0].id)
            adds = st.toggle("New run", key=sending.ADD, bind="query-params")
    sending.under_way()
    if chosen is None:
        setup.first()
    elif adds:
        setup.form()
    else:
        with errors.shown():
            _run(chosen, bar)


def _run(run_id: str, bar: DeltaGenerator) -> None:
    run = shown.opened(run_id)
    seeds = sorted({one.seed for one in run.info.runs})
    with bar:
        seed = st.selectbox(
            "Seed", seeds, key="seed", bind="query-params", width=110,
            help="Figures of one course show this seed; the table and the matrix are means over all.",
        )  # fmt: skip
    told = Shown(run_id, run, seed)
    config = run.config
    st.caption(
        f"{words.count(len(told.methods), 'method')} on {words.count(len(seeds), 'seed')} of the stream "
        f"«{words.plain(config.stream.kind)}»: {words.count(len(run.info.tasks), 'task')} of "
        f"{config.stream.steps:,} steps, {config.stream.setting}. {words.plain(' '.join(run.info.notes))}"
    )
    views = st.tabs(VIEWS, key="view", bind="query-params", on_change="rerun")
    for view, draw in zip(
        views,
        (table.show, tasks.show, course.show, watch.show, memory.show, latent.show, severities.show, published.show),
        strict=True,
    ):
        if view.open:
            with view, errors.shown():
                draw(told)
    exports.show(told)
