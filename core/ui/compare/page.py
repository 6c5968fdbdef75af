"""The page put together: who is compared, the answer with its evidence, and behind tabs everything else."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.ui import errors, state
from core.ui.compare import (
    agree,
    blind,
    chosen,
    compared,
    costs,
    effort,
    empty,
    gallery,
    hero,
    ranking,
    runs,
    table,
    views,
)

TABS = ("Figures", "Ranking", "Agreement", "Classes and sizes", "Costs", "Effort", "Runs")


def show() -> None:
    """The chosen runs over the current dataset, or what is missing for a comparison; all runs in either case."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Which detector should we trust?", anchor=False, width="stretch")
        views.popover("compare")
    dataset = state.dataset()
    found = chosen.available(dataset) if dataset is not None else []
    if dataset is None or len(found) < chosen.LEAST:
        empty.show(dataset, found)
        runs.show(dataset)
        return
    now = chosen.chips(chosen.of(dataset, found), found)
    try:
        told = compared.of(now)
    except UserError as error:
        errors.show(error)
        runs.show(dataset)
        return
    _answer(told)
    _tabs(told)


def _answer(told: compared.Compared) -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        hero.show(told)
        st.caption(compared.protocol(told))
    with right:
        gallery.show(told)


def _tabs(told: compared.Compared) -> None:
    """Only the open one is drawn."""
    sections = (table.show, ranking.show, agree.show, blind.show, costs.show, effort.show, _runs)
    for tab, section in zip(st.tabs(TABS, key="view", bind="query-params", on_change="rerun"), sections, strict=True):
        if tab.open:
            with tab, errors.shown():
                section(told)


def _runs(told: compared.Compared) -> None:
    runs.show(told.now.dataset)
