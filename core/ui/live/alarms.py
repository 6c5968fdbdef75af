"""Alarms as events: when, how high, who saw it, and which sensors caused it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.charts import live as charts
from core.datasets.series import TimeUnit
from core.datasets.wording import moment, percent
from core.live.exports import alarms_csv
from core.live.table import FeedRow
from core.streaming import rounds
from core.streaming import words as said
from core.ui import blocks, nav, state, words
from core.ui.dataset.series import view
from core.ui.live import room
from core.ui.live.draw import draw

SHOWN = 20
ALL, LASTING = "All", "Longer than one step"


def show(feed: FeedRow) -> None:
    """The newest alarms first, each to be unfolded."""
    alarms = room.live().table.alarms()[::-1]
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            blocks.headed(
                "Alarms",
                "Stretches in which the deciding score rose above its limit, newest first.",
                f"Fewer than {feed.spec['gap']} quiet steps between two alarmed ones make them one alarm. Unfold one "
                "for its course and causes.",
                f"At a rate of {feed.spec['rate']:g}, about {feed.spec['rate'] * 1000:g} of 1,000 normal steps raise "
                "one: short alarms just above the limit are often that.",
            )
        if alarms:
            st.download_button(
                "CSV", lambda: alarms_csv(alarms), "alarms.csv", "text/csv", icon=":material/download:",
                on_click="ignore", key="live-alarms-csv",
            )  # fmt: skip
    if not alarms:
        st.caption("None so far.")
        return
    shown = _filtered(alarms)
    for alarm in shown[:SHOWN]:
        _entry(alarm, feed)
    if len(shown) > SHOWN:
        st.caption(f"{len(shown) - SHOWN} older ones are in the CSV.")


def _filtered(alarms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All, or those of more than one step: what a promise of false alarms allows is mostly single steps."""
    lasting = [alarm for alarm in alarms if alarm["steps"] > 1]
    if not 0 < len(lasting) < len(alarms):
        return alarms
    chosen = st.segmented_control(
        "Which alarms", [ALL, LASTING], default=ALL, key="alarms", bind="query-params", required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    st.caption(f"{words.count(len(alarms), 'alarm')}, {len(lasting)} of them longer than one step.")
    return lasting if chosen == LASTING else alarms


def _entry(alarm: dict[str, Any], feed: FeedRow) -> None:
    causes = alarm["causes"]
    first = f" · {words.plain(causes[0]['sensor'])} {percent(causes[0]['share'], 0)}" if causes else ""
    now = ":material/notifications_active: " if alarm["open"] else ""
    label = (
        f"{now}**{words.plain(alarm['unit'])}** · {_when(alarm, feed)} · "
        f"{words.count(alarm['stop'] - alarm['start'], 'step')} · peak {alarm['peak']:.1f}{first}"
    )
    with st.expander(label, key=f"alarm-{alarm['key']}", on_change="rerun") as entry:
        if not entry.open:
            return
        if causes:
            shares = [(cause["sensor"], cause["share"]) for cause in causes]
            height = charts.causes_height(len(shares))
            draw(charts.causes(shares), key=f"alarm-causes-{alarm['key']}", alt=said.cause(causes[0]), height=height)
        for cause in causes[:3]:
            st.markdown(f"- {words.plain(said.cause(cause))}.")
        seen = ", ".join(f"{room.title(name)} {peak:.1f}" for name, peak in alarm["detectors"].items())
        st.caption(
            f"Above their limit: {words.plain(seen)} (highest). Peak at step {alarm['peak_step']:,}. "
            f"{words.count(alarm['steps'], 'step')} of {alarm['stop'] - alarm['start']:,} alarmed. "
            f"{words.plain(said.agreement(causes))} First told {blocks.ago(alarm['began'])}."
        )
        _probe(alarm, feed)


def _probe(alarm: dict[str, Any], feed: FeedRow) -> None:
    """The way to the Sensors page, where the recording is one of the workspace."""
    source = feed.spec["source"]
    if source["kind"] != "replay":
        return
    query = {
        state.DATASET: source["dataset_id"][: state.SHORT],
        state.MODEL: feed.spec["models"][0][: state.SHORT],
        "recording": rounds.recording(alarm["unit"]),
        view.PARAM: f"{max(alarm['start'] - view.LEAST, 0)}-{alarm['stop'] + view.LEAST}",
    }
    st.page_link(nav.page("sensors"), label="Probe this stretch", icon=nav.PAGES["sensors"][1], query_params=query)


def _when(alarm: dict[str, Any], feed: FeedRow) -> str:
    unit: TimeUnit = feed.status.get("time_unit") or "step"
    return moment(alarm["start"] if unit == "step" else alarm["start_time"], unit)
