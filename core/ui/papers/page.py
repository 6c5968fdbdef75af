"""The page put together: a table, what was measured of it, what was published."""

from __future__ import annotations

import streamlit as st

from core.compare.papers.cache import Cache, Plan
from core.compare.papers.metrics import METRICS
from core.compare.papers.tables import NAMES, Table, table
from core.ui import blocks, errors, state, words
from core.ui.papers import measured, published, sending, setup


def show() -> None:
    """The table that the URL names with its newest measurement; without one, the published figures alone."""
    st.title("Do we measure what the papers report?", anchor=False)
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    tables = {one.title: one for one in map(table, NAMES)}
    with bar:
        chosen = tables[st.selectbox("Table", list(tables), key="table", bind="query-params", width=240)]
        titles = {METRICS[name].title: name for name in chosen.metrics}
        if st.session_state.get("metric") not in titles:
            st.session_state["metric"] = next(iter(titles))
        metric = titles[st.selectbox("Metric", list(titles), key="metric", bind="query-params", width=220)]
        plans = Cache(sending.folder(), chosen.name).plans()
        plan = _plan(plans)
        adds = bool(plans) and st.toggle("Measure", key=sending.MEASURE, bind="query-params")
    st.markdown(f"**Protocol.** {words.plain(chosen.protocol)}")
    sending.under_way()
    if sending.busy(chosen.name):
        sending.await_plan(chosen.name, plans[0].id if plans else None)
    with errors.shown():
        if plan is None:
            _nothing(chosen)
        elif adds:
            setup.form(chosen)
        if plan is not None:
            measured.show(chosen, plan, metric)
    published.show(chosen, metric)


def _plan(plans: list[Plan]) -> Plan | None:
    """The measurement that is looked at, chosen where there are several."""
    if not plans:
        return None
    names = {one.id: f"{one.data} · {_extent(one)} · {blocks.when(one.created_at)}" for one in plans}
    picked = state.pick("Measured", names, param="measured", default=plans[0].id, width=320)
    return next(one for one in plans if one.id == picked)


def _extent(plan: Plan) -> str:
    return f"{len(plan.categories)} x {len(plan.methods)}"


def _nothing(chosen: Table) -> None:
    if sending.busy(chosen.name):
        st.caption("The data are being read. Rows appear as they are measured.")
        return
    with st.container(border=True, key="papers-empty"):
        st.subheader(f":material/table_chart: Nothing of {words.plain(chosen.title)} is measured yet", anchor=False)
        st.markdown("Below is what others reported. Name the data, and what Faultline measures stands beside it.")
    setup.form(chosen)
