"""Charts that change every second without blinking."""

from __future__ import annotations

import streamlit as st

from core.charts.live import Option


def draw(option: Option, *, key: str, alt: str, height: int) -> None:
    """An ECharts chart that keeps its place while its data change; ``alt`` says in words what it shows."""
    st.echarts_chart(option, key=key, alt=alt, height=height)
