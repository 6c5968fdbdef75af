"""Charts that change every second without blinking."""

from __future__ import annotations

import streamlit as st

from core.charts.live import Option


def headed(title: str, shows: str, read: str, limits: str) -> None:
    """A chart's title with its help. One element where ``blocks.headed`` takes four: what is drawn anew every second
    costs the browser by the element."""
    st.subheader(
        title, anchor=False, help=f"**What it shows.** {shows}\n\n**How to read it.** {read}\n\n**Limits.** {limits}"
    )


def draw(option: Option, *, key: str, alt: str, height: int) -> None:
    """An ECharts chart that keeps its place while its data change; ``alt`` says in words what it shows."""
    st.echarts_chart(option, key=key, alt=alt, height=height)
