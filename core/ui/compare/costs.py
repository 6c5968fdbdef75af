"""What a miss and a false alarm cost, with the user's own weights: at each detector's own limit and at any other."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import curves
from core.metrics.cost import CostWeights
from core.ui import blocks, errors, words
from core.ui.compare.told import Told

# What people assume before they have said anything; a miss is usually the dearer by far.
MISS, ALARM, DEFECTS = 100.0, 5.0, 1.0
_SAID = "_compare_costs"


def show(told: Told) -> None:
    """The weights, a table at the detectors' own limits, the curve over all limits."""
    if not told.has_truth:
        st.caption("Costs need good and anomalous parts among those that are counted.")
        return
    blocks.headed(
        "Costs",
        "The expected cost of a part over that of judging every part wrongly, for every share of good parts that one "
        "is willing to flag. 0 is perfect.",
        "A marker is the detector at its own limit, which has seen none of these parts: that is what you may expect. "
        "The lowest point of a line is hindsight: its limit was chosen on the parts that it is judged on.",
        "Anomalous parts on your line may be easier or harder to see than those counted here.",
    )
    with st.container(horizontal=True, gap="small"):
        miss = _number("A missed part costs", "miss", MISS, 1e9)
        alarm = _number("A false alarm costs", "alarm", ALARM, 1e9)
        share = _number("Anomalous parts on the line, %", "defects", DEFECTS, 100.0) / 100
    with errors.shown():
        weights = CostWeights(miss, alarm)
        _drawn(told, weights, share)
        st.session_state[_SAID] = (weights, share)


def said() -> tuple[CostWeights | None, float]:
    """The weights and the share of anomalous parts that the user has looked at costs with; None before that."""
    found: tuple[CostWeights | None, float] = st.session_state.get(_SAID, (None, DEFECTS / 100))
    return found


def _number(label: str, key: str, value: float, most: float) -> float:
    found = st.number_input(label, 0.0, most, value, key=key, bind="query-params", width=220)
    return value if found is None else float(found)


def _drawn(told: Told, weights: CostWeights, share: float) -> None:
    drawn = _costs(told.key, (weights.miss, weights.false_alarm), share, told)
    if drawn is None:
        return
    names = told.now.names
    best = min(range(len(drawn)), key=lambda place: drawn[place].at_limit)
    unit = share * weights.miss + (1 - share) * weights.false_alarm
    idle = min(drawn[0].curve.accept_all, drawn[0].curve.reject_all) * unit
    what = "accepting everything" if drawn[0].curve.accept_all <= drawn[0].curve.reject_all else "rejecting everything"
    cost = drawn[best].at_limit * unit
    st.markdown(
        f"Cheapest at its own limit: **{words.plain(names[best])}**, {words.amount(cost)} a part in your currency. "
        f"Not looking at all ({what}) costs {words.amount(idle)}"
        + (": **at these costs no detector here is worth its alarms.**" if idle <= cost else ".")
    )
    blocks.plot(
        _figure(told.key, (weights.miss, weights.false_alarm), share, told),
        key="compare-costs",
        alt="; ".join(
            f"{name} {words.amount(one.at_limit * unit)} a part" for name, one in zip(names, drawn, strict=True)
        ),
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _costs(key: object, weights: tuple[float, float], share: float, _told: Told) -> list[curves.Costs] | None:
    return curves.costs(_told.images, CostWeights(*weights), share, _told.now.rate)


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, weights: tuple[float, float], share: float, _told: Told) -> go.Figure:
    drawn = _costs(key, weights, share, _told) or []
    lines = [
        versus.Line(name, one.curve.false_alarms, one.curve.cost, (one.false_alarms, one.at_limit))
        for name, one in zip(_told.now.names, drawn, strict=True)
    ]
    idle = min(drawn[0].curve.accept_all, drawn[0].curve.reject_all)
    figure = versus.overlaid(
        lines, "share of good parts flagged", "normalised expected cost", chance=([0, 1], [idle, idle]), unit=False
    )
    figure.data[-1].name = "not looking"
    # Where limits are set in earnest; a double click shows all of it.
    figure.update_xaxes(range=[-0.005, min(1.0, max(0.2, *(1.6 * one.false_alarms for one in drawn)))])
    figure.update_yaxes(range=[0, 1.15 * max(idle, *(one.at_limit for one in drawn))])
    return figure
