"""What part of which recording is looked at. The stretch is in the URL, as positions of its first and last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.datasets import wording
from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.ui import words

PARAM = "stretch"  # name in the URL: «1200-1899»
LEAST = 8  # steps; less is no signal
_GENERATION = "_stretch_generation"


@dataclass(frozen=True)
class View:
    """Steps ``start`` to ``stop - 1`` of a recording."""

    unit: SeriesUnit
    start: int
    stop: int

    @property
    def whole(self) -> bool:
        return self.stop - self.start == len(self.unit)

    def events(self) -> list[Event]:
        """Labelled ones that are in view, at least in part."""
        return [one for one in self.unit.events or () if one.start < self.stop and one.stop > self.start]


def of(unit: SeriesUnit) -> View:
    """The stretch that the URL asks for, as far as it lies in the recording; else all of it."""
    first, _, last = st.query_params.get(PARAM, "").partition("-")
    if first.isdecimal() and last.isdecimal():
        start, stop = min(int(first), len(unit)), min(int(last) + 1, len(unit))
        if stop - start >= min(LEAST, len(unit)):
            return View(unit, start, stop)
    return View(unit, 0, len(unit))


def look_at(unit: SeriesUnit, start: int, stop: int) -> None:
    """Make another stretch the one in view, from a callback; too short ones grow."""
    missing = max(LEAST - (stop - start), 0)
    start = min(max(start - missing // 2, 0), max(len(unit) - LEAST, 0))
    stop = max(min(stop + missing // 2, len(unit)), min(start + LEAST, len(unit)))
    forget()
    if stop - start < len(unit):
        st.query_params[PARAM] = f"{start}-{stop - 1}"


def forget() -> None:
    """The whole recording again. Controls that choose a stretch are drawn anew, without what was chosen in them."""
    st.query_params.pop(PARAM, None)
    st.session_state[_GENERATION] = generation() + 1


def generation() -> int:
    """Part of the keys of controls that choose a stretch."""
    found: int = st.session_state.get(_GENERATION, 0)
    return found


def axis(data: SeriesSet, time: NDArray[np.float64]) -> NDArray[Any]:
    """Times as the charts take them: dates where they are seconds since 1970."""
    if data.time_unit == "epoch":
        return (np.asarray(time) * 1e6).astype("datetime64[us]")
    return np.asarray(time)


def title(data: SeriesSet) -> str:
    """Of the time axis."""
    return {"epoch": "time (UTC)", "s": "time, s", "cycle": "cycle", "step": "step"}[data.time_unit]


def span(data: SeriesSet, unit: SeriesUnit, start: int, stop: int) -> str:
    """When the steps from ``start`` up to ``stop`` were, in words; empty where steps are all there is."""
    if data.time_unit == "step":
        return ""
    return wording.span(float(unit.time[start]), float(unit.time[stop - 1]), data.time_unit)


def controls(view: View) -> None:
    """Where the view is, and the buttons that move it."""
    unit, width = view.unit, view.stop - view.start
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="stretch-controls"):
        st.caption(
            f"All {len(unit):,} steps" if view.whole else f"Steps {view.start:,} to {view.stop - 1:,} of {len(unit):,}",
            width="content",
        )
        moves = {
            "Earlier": (":material/chevron_left:", view.start - width, view.stop - width, view.start > 0),
            "Later": (":material/chevron_right:", view.start + width, view.stop + width, view.stop < len(unit)),
            "Wider": (":material/zoom_out:", view.start - width, view.stop + width, not view.whole),
            "Whole recording": (":material/fit_width:", 0, len(unit), not view.whole),
        }
        for name, (icon, start, stop, able) in moves.items():
            st.button(
                name, icon=icon, key=f"stretch-{name}", disabled=not able, on_click=look_at, args=(unit, start, stop)
            )
        _events(unit)


def _events(unit: SeriesUnit) -> None:
    """The way to a labelled event."""
    events = unit.events or ()
    if not events:
        return
    key = f"event-{generation()}"

    def go() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            margin = max(events[chosen].stop - events[chosen].start, LEAST)
            look_at(unit, events[chosen].start - margin, events[chosen].stop + margin)

    st.selectbox(
        "Labelled event",
        range(len(events)),
        index=None,
        placeholder=f"Go to one of {words.count(len(events), 'labelled event')}",
        format_func=lambda k: (
            f"{k + 1} · steps {events[k].start:,} to {events[k].stop - 1:,}"
            + (f" · {events[k].kind}" if events[k].kind else "")
        ),
        key=key,
        on_change=go,
        label_visibility="collapsed",
        width=320,
    )
