"""The page put together: who is compared, the answer with its evidence, and behind tabs everything else."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import UserError
from core.store.comparison import StoredComparison
from core.ui import errors, state, words
from core.ui.compare import (
    agree,
    blind,
    chosen,
    costs,
    effort,
    empty,
    gallery,
    hero,
    perdefect,
    ranking,
    report,
    runs,
    seriesranking,
    study,
    table,
    views,
)
from core.ui.compare import told as telling
from core.ui.compare.told import Told

PAGE = "compare"
Section = Callable[[Told, StoredComparison | None], None]
SECTIONS: dict[str, dict[str, Section]] = {
    "image": {
        "Figures": table.show,
        "Ranking": lambda told, _: ranking.show(told),
        "Defect by defect": perdefect.show,
        "Classes and sizes": blind.show,
        "Agreement": lambda told, _: agree.show(told),
        "Costs": costs.show,
        "Effort": lambda told, _: effort.show(told),
        "Runs": lambda told, _: runs.show(told.now.dataset),
        "Report": report.show,
    },
    "series": {
        "Figures": table.show,
        "Ranking": seriesranking.show,
        "Kinds and lengths": lambda told, _: blind.show_events(told),
        "Agreement": lambda told, _: agree.show(told),
        "Costs": costs.show,
        "Effort": lambda told, _: effort.show(told),
        "Runs": lambda told, _: runs.show(told.now.dataset),
        "Report": report.show,
    },
}


def show() -> None:
    """The chosen runs over the current dataset, or what is missing for a comparison; all runs in either case."""
    head = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    head.title("Which detector should we trust?", anchor=False, width="stretch")
    dataset = state.dataset()
    found = chosen.available(dataset) if dataset is not None else []
    if dataset is None or len(found) < chosen.LEAST:
        with head:
            views.popover(PAGE)
        empty.show(dataset, found)
        runs.show(dataset)
        return
    with head:
        rate, mode = chosen.limit(dataset)
        views.popover(PAGE)
    now = chosen.show(dataset, found, rate, mode)
    try:
        told = telling.of(now)
    except UserError as error:
        errors.show(error)
        runs.show(dataset)
        return
    studied = study.of(told)
    _answer(told, studied)
    _tabs(told, studied)


def _answer(told: Told, studied: StoredComparison | None) -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        hero.show(told, studied)
        if studied is not None:
            study.warn(told, studied)
        st.caption(words.plain(told.evidence.protocol))
    with right:
        if told.over_images:
            gallery.show(told)
        else:
            from core.ui.compare import moments

            moments.show(told)


def _tabs(told: Told, studied: StoredComparison | None) -> None:
    """Only the open one is drawn."""
    sections = SECTIONS[told.now.dataset.modality]
    opened = st.tabs(list(sections), key="view", bind="query-params", on_change="rerun")
    for tab, section in zip(opened, sections.values(), strict=True):
        if tab.open:
            with tab, errors.shown():
                section(told, studied)
