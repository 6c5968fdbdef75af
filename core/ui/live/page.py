"""The Live page. It is never drawn anew for a sample: two fragments look at the feed by themselves."""

from __future__ import annotations

import streamlit as st

from core.live.table import ALIVE, State
from core.ui.drift import panel as drift
from core.ui.live import alarms, archive, control, now, room, sample, setup

LOOK_S, IDLE_S, LISTS_S, DRIFT_S = 1.5, 4.0, 4.0, 15.0


def show() -> None:
    """The feed where there is one, else the ways to begin one."""
    st.title("What is happening now?", anchor=False)
    feed = room.live().table.feed()
    if feed is None:
        sample.show()
        st.subheader("Watch your own machines", anchor=False)
        setup.show()
        archive.show()
        st.fragment(_wait_for_a_feed, run_every=IDLE_S)()
        return
    alive = feed.state in ALIVE
    st.fragment(_control, run_every=LOOK_S if alive else IDLE_S)(feed.state, feed.run)
    with st.container(key="live-next"):  # also where it stays empty: what follows keeps its place
        if not alive:
            _another()
    st.fragment(_moment, run_every=LOOK_S if alive else None)()
    st.fragment(_lists, run_every=LISTS_S if alive else None)()
    _drift(alive)


def _drift(alive: bool) -> None:
    """Drawn while it is unfolded only: its charts are Plotly's, which the browser builds anew every time."""
    label, icon = "Drift and retraining", ":material/trending_up:"
    with st.expander(label, icon=icon, key="drift", on_change="rerun", bind="query-params") as unfolded:
        if unfolded.open:
            st.fragment(drift.show, run_every=DRIFT_S if alive else None)()


def _another() -> None:
    """The way to another feed, folded away."""
    with st.expander("Another feed", icon=":material/add:", key="live-another", on_change="rerun") as another:
        if another.open:
            sample.show()
            setup.show()


def _control(drawn: State, run: str) -> None:
    """State and buttons. Where the feed began, ended or is another one, the whole page is drawn anew."""
    feed = room.live().table.feed()
    if feed is None or feed.run != run or (feed.state in ALIVE) != (drawn in ALIVE):
        st.rerun()
    control.show(feed)


def _moment() -> None:
    feed = room.live().table.feed()
    if feed is not None:
        now.show(feed)


def _lists() -> None:
    feed = room.live().table.feed()
    if feed is not None:
        alarms.show(feed)
    archive.show()


def _wait_for_a_feed() -> None:
    """Somebody else may begin one."""
    if room.live().table.feed() is not None:
        st.rerun()
