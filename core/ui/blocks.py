"""Small pieces that every page uses: empty states, help beside a chart, words for times and sizes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import streamlit as st

PLOT = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def empty_state(
    headline: str, sentence: str, button: str, *, key: str, icon: str, on_click: Callable[[], None] | None = None
) -> bool:
    """One headline, one sentence, one button that does the thing. True in the run after a click."""
    with st.container(border=True, horizontal_alignment="center", key=f"empty-{key}"):
        st.space("small")
        st.subheader(f"{icon} {headline}", text_alignment="center", anchor=False)
        st.markdown(sentence, text_alignment="center", width=560)
        clicked = st.button(button, type="primary", key=key, on_click=on_click)
        st.space("small")
    return clicked


def chart_help(shows: str, read: str, limits: str) -> None:
    """The «?» beside a chart: what it shows, how to read it, where it ends."""
    with st.popover("", icon=":material/help:", type="tertiary", help="About this chart"):
        st.markdown(f"**What it shows.** {shows}\n\n**How to read it.** {read}\n\n**Limits.** {limits}")


def headed(title: str, shows: str, read: str, limits: str) -> None:
    """A chart's title with its help beside it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.subheader(title, anchor=False, width="content")
        chart_help(shows, read, limits)


def plot(figure: go.Figure, *, key: str, alt: str, height: int | None = None) -> None:
    """A chart in the page; ``alt`` says in words what it shows. ``height`` in pixels, None for the figure's own."""
    st.plotly_chart(figure, key=key, height=height or int(figure.layout.height or 320), config=PLOT, alt=alt)


def dark() -> bool:
    """Whether the page is shown in the dark theme, for pictures and charts that the theme does not reach."""
    return st.context.theme.type == "dark"


def duration(seconds: float) -> str:
    """A duration in words: ``8 s``, ``3 min``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{max(round(seconds), 0)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def ago(then: float) -> str:
    """How long ago a POSIX time was: ``just now``, ``5 min ago``, ``3 days ago``."""
    seconds = datetime.now(UTC).timestamp() - then
    if seconds < 45:
        return "just now"
    if seconds < 48 * 3600:
        return f"{duration(seconds)} ago" if seconds < 3600 else f"{round(seconds / 3600)} h ago"
    return f"{round(seconds / 86400)} days ago"


def when(then: float) -> str:
    """A date and time where the viewer is: ``22 Nov 2026, 13:05``. Unlike ``ago`` it stays the same, as the options of
    a select box must: it forgets its choice when their words change."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else None
    return f"{datetime.fromtimestamp(then, zone):%d %b %Y, %H:%M}"


def size(n_bytes: float) -> str:
    """A file size: ``12 KB``, ``3.4 MB``."""
    for unit in ("B", "KB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 10 else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"
