"""What the limits mean for a line: parts a day, costs with the user's own weights, and limits suggested from labels."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.metrics.cost import CostWeights, cheapest
from core.metrics.verdicts import expected_per_day, shares, verdict_table
from core.ui import blocks, words
from core.ui.inspect import limits
from core.ui.inspect.scored import Scored
from core.ui.verdicts import Limits, bound


def show(scored: Scored, known: pd.DataFrame, now: Limits) -> None:
    """``known`` are the parts that the model has not learned from."""
    blocks.headed(
        "A day at these limits",
        "What to expect of a line with this many parts and this share of bad ones.",
        "Good parts lie above each limit as often as the calibration promises. Bad parts follow the labelled bad parts "
        "of this run.",
        "The line's bad parts may be easier or harder to see than those that were photographed here.",
    )
    with st.container(horizontal=True):
        parts = _number("Parts a day", "parts", 1000, 1, 10_000_000, 100)
        rate = _number("Assumed bad parts, %", "defects", 1.0, 0.0, 100.0, 0.1) / 100
    bad = shares(verdict_table(known["verdict"], known["truth"].tolist())[:, 1])
    day = expected_per_day(now.good_shares(scored.calibration), bad, parts, rate)
    with st.grid(3, min_column_width=130):
        st.metric(
            "False alarms",
            _per_day(day.false_alarms),
            help=f"Good parts that are rejected, {bound(scored.calibration, now.reject)}",
        )
        st.metric("Reviews", _per_day(day.reviews), help="Parts that a person looks at")
        st.metric("Missed", _per_day(day.missed), help="Bad parts that are accepted")
    with st.expander("Costs", icon=":material/payments:", key="costs"):
        weights = _weights()
        if day.missed is None or day.reviews is None or day.false_alarms is None:
            st.caption("Costs can be told once some bad parts are labelled.")
        else:
            total = day.missed * weights.miss + day.false_alarms * weights.false_alarm + day.reviews * weights.review
            st.markdown(f"Expected: **{total:,.0f} a day**, {total / parts:.3g} a part, in your currency.")
        _suggest(scored, known, weights, rate)


def _number(label: str, key: str, value: float, low: float, high: float, step: float) -> float:
    found = st.number_input(
        label, type(value)(low), type(value)(high), value, type(value)(step), key=f"cost-{key}", persist_state="session"
    )
    return value if found is None else found


def _per_day(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _weights() -> CostWeights:
    with st.grid(4, min_column_width=120):
        return CostWeights(
            _number("A missed part", "miss", 100.0, 0.0, 1e9, 10.0),
            _number("A false alarm", "alarm", 5.0, 0.0, 1e9, 1.0),
            _number("A minute of review", "minute", 1.0, 0.0, 1e9, 0.5),
            _number("Minutes a review", "minutes", 0.5, 0.0, 1e4, 0.5),
        )


def _suggest(scored: Scored, known: pd.DataFrame, weights: CostWeights, rate: float) -> None:
    """The cheapest limits on the parts that the user judged, and only on those."""
    own = known[known["yours"].isin(["good", "bad"])]
    good, bad = int((own["yours"] == "good").sum()), int((own["yours"] == "bad").sum())
    st.button(
        "Suggest limits from my labels", icon=":material/lightbulb:", key="suggest", disabled=not (good and bad),
        on_click=_put_cheapest, args=(scored, own, weights, rate),
    )  # fmt: skip
    if not (good and bad):
        st.caption(
            f"Needs parts that you called good and parts that you called bad; you have {good} and {bad}. "
            "The dataset's own labels are never used: they are what the figures are measured on."
        )
        return
    st.caption(
        f"Uses the {words.count(good, 'part')} that you called good and the {bad} that you called bad, nothing else. "
        "At the limits suggested, the verdicts on these parts say little about new ones."
        + (" So few labels make a rough guess." if min(good, bad) < 10 else "")
    )


def _put_cheapest(scored: Scored, own: pd.DataFrame, weights: CostWeights, rate: float) -> None:
    policy = cheapest(own["score"], own["yours"] == "bad", weights, rate)
    limits.put(
        scored, Limits(policy.accept, policy.reject), f"suggested from {words.count(len(own), 'label')} of yours"
    )
