"""The page put together: an analysis, its part on the stage, and behind tabs what else there is to see and to do."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from core.store.rustanalyses import RustAnalysisRow
from core.ui import blocks, errors, state, words
from core.ui.rust import (
    again,
    exports,
    mask,
    measures,
    multiples,
    outlook,
    sample,
    scene,
    sending,
    source,
    story,
)
from core.ui.rust.story import Story

VIEWS = ("All parts", "Measures", "Outline of the part", "Analyse again", "Take along")
ANALYSIS, ADD = "analysis", "new"  # names in the URL


def show() -> None:
    """The newest analysis or the one that the URL names; the ways to bring photographs in where there is none."""
    sending.arrived()
    st.title("How much has rusted, how fast, and when is it too much?", anchor=False)
    listed = story.rows()
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    chosen = None
    if listed:
        with bar:
            chosen = _choose(listed)
            adds = st.toggle("New photographs", key=ADD, bind="query-params")
    sending.under_way()
    table = st.query_params.get(sending.PHOTOS)
    if table:
        source.correct(table)
    elif chosen is None:
        _first()
    elif adds:
        source.ways()
    else:
        _opened(next(row for row in listed if row.id == chosen), bar)


def _opened(row: RustAnalysisRow, bar: DeltaGenerator) -> None:
    """The analysis; one that cannot be read any more leads back to its photographs."""
    try:
        told = story.load(row)
    except UserError as error:
        errors.show(error)
        if st.button("Open the photographs", type="primary", icon=":material/table_edit:", key="rust-reopen"):
            st.query_params[sending.PHOTOS] = row.set_id
            st.rerun()
        return
    with errors.shown():
        _analysis(told, bar)


def _choose(listed: list[RustAnalysisRow]) -> str:
    called = story.names(listed)
    begun = {row.id: blocks.when(row.created_at) for row in listed}
    names = {found: f"{name} · {begun[found]}" for found, name in called.items()}
    return state.pick("Analysis", names, param=ANALYSIS, default=listed[0].id, width=280)


def _first() -> None:
    """Nothing has been analysed yet: one's own photographs, or the sample."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        source.ways()
    with right, st.container(border=True):
        sample.offer()


def _analysis(told: Story, bar: DeltaGenerator) -> None:
    with bar:
        part = multiples.choose(told.parts).part
        view = story.choose_view(told, part)
        measure = story.choose_layers(told)
        chosen = outlook.rules(told.settings)
    results = [outlook.under(one, chosen, told.settings, told.id) for one in told.parts]
    result = next(one for one in results if one.part == part)
    scene.show(told, result, chosen, view, measure)
    every, seen, outline, repeat, take = st.tabs(VIEWS, key="more", bind="query-params", on_change="rerun")
    if every.open:
        with every:
            multiples.show(told, results, chosen, part)
    if seen.open:
        with seen:
            measures.show(result, told.remarks(result))
    if outline.open:
        with outline, errors.shown():
            mask.show(told, result, view)
    if repeat.open:
        with repeat, errors.shown():
            again.show(told)
    if take.open:
        with take:
            exports.show(told, results, result, chosen, view, measure)
    for note in told.notes:
        st.caption(words.plain(note))
