"""Alarms as events: when, how high, who saw it, and which sensors caused it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.charts import live as charts
from core.live.exports import alarms_csv
from core.live.table import FeedRow
from core.streaming import words as said
from core.ui import blocks, words
from core.ui.live import room
from core.ui.live.draw import draw

SHOWN = 20


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
    for alarm in alarms[:SHOWN]:
        _entry(alarm, str(feed.status.get("time_unit")))
    if len(alarms) > SHOWN:
        st.caption(f"{len(alarms) - SHOWN} older ones are in the CSV.")


def _entry(alarm: dict[str, Any], time_unit: str) -> None:
    causes = alarm["causes"]
    first = f" · {words.plain(causes[0]['sensor'])} {causes[0]['share'] * 100:.0f} %" if causes else ""
    now = ":material/notifications_active: " if alarm["open"] else ""
    label = (
        f"{now}**{words.plain(alarm['unit'])}** · {_when(alarm['start_time'], time_unit, alarm['start'])} · "
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


def _when(time: float, unit: str, step: int) -> str:
    if unit == "epoch":
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"from step {step:,}"
