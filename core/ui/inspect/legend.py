"""The scale of the heatmap: the same for every part of a model, and said so."""

from __future__ import annotations

import streamlit as st

from core.charts.overlays import SATURATED, scale_css
from core.datasets.wording import percent
from core.ui import words
from core.ui.inspect.scored import MAP_RATE, Scored
from core.ui.verdicts import bound


def show(scored: Scored, category: str) -> None:
    """A bar from the usual pixel of a good part to where the colours end, with the limit marked on it."""
    median, limit = scored.colours(category)
    end = median + SATURATED * (limit - median)
    at = 100 / SATURATED
    st.html(
        f'<div style="background:{scale_css()};height:10px;border-radius:3px;border:1px solid rgba(128,128,128,.5)">'
        '</div><div style="position:relative;height:1.3em;font-size:12px">'
        f"<span>{words.score(median)} usual</span>"
        f'<span style="position:absolute;left:{at:.1f}%">▲ {words.score(limit)} limit</span>'
        f'<span style="position:absolute;right:0">{words.score(end)}</span></div>'
    )
    rate = percent(scored.calibration.reachable(MAP_RATE))
    how = bound(scored.calibration).capitalize()
    fixed = f"«{words.plain(category)}»" if category in scored.calibration.known else "this model"
    st.caption(f"Colours are fixed for {fixed}. {how} {rate} of good parts have a pixel over the limit.")
