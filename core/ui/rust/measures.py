"""The measures side by side: each with its curve and a sentence, switched on and off; where they disagree, and why."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.charts import rust as charts
from core.charts.shares import surface
from core.datasets.wording import percent
from core.severity.measures.base import MeasureInfo
from core.severity.measures.registry import infos
from core.severity.types import PartResult
from core.ui import blocks, words
from core.ui.rust import drawn


def titles() -> dict[str, MeasureInfo]:
    """How the measures are called and explained, by name."""
    return {info.name: info for info in infos()}


def show(result: PartResult, told: Sequence[str]) -> None:
    """The measures that this analysis took of a part; ``told`` are sentences on how they contradict each other."""
    known = titles()
    taken = [name for name in known if name in result.curves]
    blocks.headed(
        "What each measure sees",
        "Several ways to see rust, each with a curve and a scale of its own. The bold one gives grades and forecast.",
        "Where all rise, rust is certain. Where one is flat, read its sentence: it may be blind to this part.",
        "Measures have different units; their heights cannot be compared, their shapes can.",
    )
    for remark in told:
        st.info(words.plain(remark), icon=":material/compare_arrows:")
    with st.container(horizontal=True, gap="medium"):
        on = [name for name in taken if st.toggle(known[name].title, True, key=f"measure-{name}",
                                                  persist_state="session", help=known[name].sentence)]  # fmt: skip
    if not on:
        st.caption("All measures are switched off.")
        return
    curves = {known[name].title: drawn.severity(result.curves[name], name) for name in on}
    figure = charts.measures(curves, drawn.unit(result), upto=len(result.rust.hours) - 1)
    ends = "; ".join(f"{title} {percent(curve.share[-1])}" for title, curve in curves.items())
    blocks.plot(figure, key="rust-measures", alt=f"One panel for each measure. At the last time: {ends}")
    for name in on:
        curve, lead = result.curves[name], " · **gives grades and forecast**" if name == result.rust.measure else ""
        first, last = curve.estimates[0], curve.estimates[-1]
        st.markdown(
            f"**{known[name].title}** {surface(first.value)} → {surface(last.value)}{lead}  \n"
            f":small[{words.plain(known[name].sentence)}]"
        )
