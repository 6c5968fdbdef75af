"""Several parts side by side: a small picture of each, what it has come to, and all curves over the same axes."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.charts import rust as charts
from core.charts.rustcurve import spark_svgs
from core.charts.rusttime import unit_of
from core.charts.shares import surface
from core.severity.types import PartResult
from core.ui import blocks, words
from core.ui.rust import drawn, wording
from core.ui.rust.outlook import Rules
from core.ui.rust.story import Story

PART = "part"  # name in the URL


def choose(results: Sequence[PartResult]) -> PartResult:
    """The part that the URL names, else the one that has rusted most; a control where there are several."""
    worst = max(results, key=lambda one: one.rust.estimates[-1].value)
    names = [one.part for one in results]
    if len(names) == 1:
        return worst
    chosen = st.selectbox("Part", names, index=names.index(worst.part), key=PART, bind="query-params", width=200)
    return next((one for one in results if one.part == chosen), worst)


def show(story: Story, results: Sequence[PartResult], chosen: Rules, current: str) -> None:
    """A card for each part, those that rusted most first, and their curves."""
    blocks.headed(
        "All parts",
        "Each part at its last time, with its curve; all curves have the same axes, and the dashed line is the limit.",
        "Steeper is faster, higher is more rust. The blue curve below is the part on the stage, the band the mean.",
        "Times count from each part's own first photograph.",
    )
    ordered = sorted(results, key=lambda one: -one.rust.estimates[-1].value)
    curves = [drawn.severity(one.rust, one.part) for one in ordered]
    with st.grid(4, min_column_width=230):
        for result, small in zip(ordered, spark_svgs(curves, limit=chosen.limit), strict=True):
            _card(story, result, small, current)
    if len(results) == 1:
        return
    unit = unit_of(max(one.rust.hours[-1] for one in results))
    mean = drawn.severity(story.fleet, story.fleet.part) if story.fleet else None
    figure = charts.fleet(curves, current, unit, limit=chosen.limit, mean=mean)
    told = "; ".join(f"{one.part} {surface(one.rust.estimates[-1].value)}" for one in results)
    blocks.plot(figure, key="rust-fleet", alt=f"Rusted share of all parts over time. At the end: {told}")


def _card(story: Story, result: PartResult, small: str, current: str) -> None:
    last, look = result.rust.estimates[-1], wording.STATUSES[result.status]
    with st.container(border=True, height="stretch", gap="xsmall"):
        seen = story.picture(result.part, result.rust.hours[-1], None)
        st.image(seen.photo, alt=f"{result.part} at its last time", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{words.plain(result.part)}**", width="stretch")
            st.markdown(look.badge, help=look.says)
        st.metric("Rusted", surface(last.value), label_visibility="collapsed")
        st.image(small, alt=f"Curve of {result.part}, {surface(last.value)} at the end", width="stretch")
        st.button(
            "Show", key=f"rust-card-{result.part}", icon=":material/play_circle:", disabled=result.part == current,
            on_click=_open, args=(result.part,), width="stretch",
        )  # fmt: skip


def _open(part: str) -> None:
    st.session_state[PART] = part
    st.query_params[PART] = part
