"""What the feed is doing, and the buttons that steer it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Literal

import streamlit as st

from core.errors import UserError
from core.live.feed import log_tail
from core.live.spec import SPEEDS, checked
from core.live.table import ALIVE, FeedRow
from core.ui import blocks, rooms, words
from core.ui.live import room

MAX = "max"
STUCK_S = 15.0
ODD = {"torn": "lines that are no rows", "words": "cells without a number",
         "backwards": "rows whose time does not grow", "restarts": "new or truncated files"}  # fmt: skip


def show(feed: FeedRow) -> None:
    """State, source and buttons, in one row; below it what a person should know of the feed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="live-control"):
        word, icon, colour = room.STATES[feed.state]
        st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
        st.caption(_source(feed), width="content")
        st.space("stretch")
        _buttons(feed)
    _notes(feed)


def _buttons(feed: FeedRow) -> None:
    alive = feed.state in ALIVE
    stopping = alive and feed.wish == "stop"
    if alive and feed.spec["source"]["kind"] == "replay":
        _speed(feed)
    if alive and feed.wish == "pause":
        _button("Go on", ":material/play_arrow:", room.live().resume, key="live-resume", primary=True)
    elif alive:
        _button("Pause", ":material/pause:", room.live().pause, key="live-pause", disabled=stopping)
    else:
        _button("Start again", ":material/replay:", lambda: room.live().start(checked(feed.spec)), key="live-again",
                primary=True)  # fmt: skip
    if alive:
        _button("Stopping…" if stopping else "Stop", ":material/stop:", room.live().stop, key="live-stop",
                disabled=stopping)  # fmt: skip
    with st.popover("Reset", icon=":material/restart_alt:", key="live-reset-menu"):
        st.markdown("Forget the steps and alarms, and begin the source anew? Completed units stay in the archive.")
        _button("Forget and begin anew", "", room.live().reset, key="live-reset", primary=True)


def _speed(feed: FeedRow) -> None:
    options = [f"{speed:g}×" for speed in SPEEDS] + [MAX]
    current = MAX if math.isinf(feed.speed) else f"{feed.speed:g}×"
    if current not in options:
        options.insert(0, current)
    st.session_state["live-speed"] = current

    def changed() -> None:
        chosen = st.session_state["live-speed"]
        if chosen:
            _do(lambda: room.live().set_speed(math.inf if chosen == MAX else float(chosen[:-1])))

    st.segmented_control(
        "Speed", options, key="live-speed", on_change=changed, label_visibility="collapsed", required=True,
        help="Steps per second relative to the real machine; 1 step a second where the data has no clock.",
    )  # fmt: skip


def _button(
    label: str, icon: str, order: Callable[[], None], *, key: str, primary: bool = False, disabled: bool = False
) -> None:
    """An order is given by a callback: a click between two looks of the fragment would else be lost now and then."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, icon=icon or None, key=key, type=kind, disabled=disabled, on_click=_do, args=(order,))


def _do(order: Callable[[], None]) -> None:
    """Give an order; a state that another viewer has changed meanwhile is told, not fatal."""
    try:
        order()
    except UserError as error:
        st.toast(words.plain(str(error)), icon=":material/error:")


def _source(feed: FeedRow) -> str:
    source = feed.spec["source"]
    if source["kind"] == "replay":
        names = {row.id: row.name for row in rooms.datasets().list()}
        what = f"replay of {words.plain(names.get(source['dataset_id'], 'a dataset that was removed'))}"
    elif source["kind"] == "file":
        what = f"file {words.plain(source['path'])}"
    else:
        what = "samples sent to /api/samples"
    status = feed.status
    if not status.get("steps"):
        return what
    pace = f" · {words.amount(status['steps_per_second'])} a second" if feed.state == "running" else ""
    return f"{what} · {words.count(status['steps'], 'step')}{pace}"


def _notes(feed: FeedRow) -> None:
    """Why it ended, what lags, what could not be read."""
    status = feed.status
    if feed.state == "failed":
        st.error(words.plain(feed.error or "It said nothing"), icon=":material/error:")
    elif feed.state == "died":
        st.error(
            "The process that scores the feed ended without a word. What it saw until then is shown below: save it as "
            "CSV if you need it. **Start again** begins with a new process and empty charts; completed units stay.",
            icon=":material/power_off:",
        )
        tail = log_tail(room.live().table.log)
        if tail:
            with st.expander("The end of its log", icon=":material/article:"):
                st.code(tail, language=None, height=200)
    elif feed.state == "waiting":
        st.caption("Nothing has come for a few seconds.")
    if feed.state in ("running", "waiting") and time.time() - (feed.beat_at or feed.started_at) > STUCK_S:
        silent = blocks.duration(time.time() - (feed.beat_at or feed.started_at))
        st.warning(f"The monitor has not spoken for {silent}; it may be stuck.", icon=":material/hourglass_bottom:")
    if status.get("behind", 0) > 1000:
        st.warning(f"Behind by {status['behind']:,} steps: they come faster than they are scored.",
                   icon=":material/hourglass_bottom:")  # fmt: skip
    tally = status.get("tally", {})
    odd = [f"{what} ({tally[key]:,})" for key, what in ODD.items() if tally.get(key)]
    if odd:
        st.warning(
            f"The source gave {tally['rows']:,} rows, and among or beside them {', '.join(odd)}. The last: "
            f"{words.plain(tally['said'])}",
            icon=":material/rule:",
        )
    for unit, why in list(status.get("refused", {}).items())[-3:]:
        st.warning(f"**{words.plain(unit)}** is not judged: {words.plain(why)}", icon=":material/block:")
