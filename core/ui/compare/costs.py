"""What a miss and a false alarm cost, with the user's own weights: at each detector's own limit and at any other."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import curves
from core.datasets.wording import percent
from core.metrics.cost import CostWeights
from core.store.comparison import StoredComparison
from core.ui import blocks, errors, words
from core.ui.compare import told as telling
from core.ui.compare.told import Told

# What people assume before they have said anything; a miss is usually the dearer by far.
MISS, ALARM, DEFECTS = 100.0, 5.0, 1.0
_SAID = "_compare_costs"


@dataclass(frozen=True)
class Said:
    """What the user looked at costs with: the weights and how common anomalies are, as a share of the parts or as a
    number in 10,000 steps."""

    weights: CostWeights
    anomalies: float


def show(told: Told, study: StoredComparison | None) -> None:
    """The weights, a sentence about the detectors' own limits, the curve over all limits."""
    if not told.has_truth:
        what = "good and anomalous parts" if told.over_images else "labelled anomalies and normal steps"
        st.caption(f"Costs need {what} among those that are counted.")
        return
    if not told.over_images and study is None:
        st.caption("What each limit would have cost comes with «Compare by resampling» above.")
        return
    _headed(told)
    with st.container(horizontal=True, gap="small"):
        if told.over_images:
            weights = (_number("A missed part costs", "miss", MISS, 1e9),
                       _number("A false alarm costs", "alarm", ALARM, 1e9))  # fmt: skip
            anomalies = _number("Anomalous parts on the line, %", "defects", DEFECTS, 100.0) / 100
        else:
            from core.compare.seriescurves import common

            weights = (_number("A missed anomaly costs", "miss", MISS, 1e9),
                       _number("A false call-out costs", "alarm", ALARM, 1e9))  # fmt: skip
            usual = float(f"{common(told.recordings):.2g}")
            anomalies = _number("Anomalies in 10,000 steps", "anomalies", usual, 1e4)
    with errors.shown():
        said = Said(CostWeights(*weights), anomalies)
        _drawn(told, said, study)
        st.session_state[_SAID] = (told.now.dataset.modality, said)


def said(told: Told) -> Said | None:
    """What the user has looked at costs of such data with; None before that."""
    modality, found = st.session_state.get(_SAID, ("", None))
    return found if modality == told.now.dataset.modality else None


def _headed(told: Told) -> None:
    own = "has seen none of these parts" if told.over_images else "has seen none of these labels"
    blocks.headed(
        "Costs",
        "The expected cost of a part over that of judging every part wrongly, for every share of good parts that one "
        "is willing to flag. 0 is perfect."
        if told.over_images
        else "What is missed and what people are called out for in vain, for every number of false call-outs that one "
        "is willing to bear. 0 is perfect, 1 is every anomaly missed and somebody called out all the time. After an "
        "alarm the machine is looked at for 100 steps: what alarms in them is the same call-out, and it is false where "
        "none of its alarmed steps is labelled anomalous.",
        f"A marker is the detector at its own limit, which {own}: that is what you may expect. The lowest point of a "
        "line is hindsight: its limit was chosen on the data that it is judged on.",
        "Anomalous parts on your line may be easier or harder to see than those counted here."
        if told.over_images
        else "An anomaly counts as found by one alarmed step in it, however late. Yours may be easier or harder to see "
        "than those labelled here.",
    )


def _number(label: str, key: str, value: float, most: float) -> float:
    found = st.number_input(label, 0.0, most, value, key=key, bind="query-params", width=220)
    return value if found is None else float(found)


def _drawn(told: Told, said: Said, study: StoredComparison | None) -> None:
    drawn = _costs(told.key, study.id if study else "", said, told, study)
    if not drawn:
        return
    names = told.now.names
    best = min(range(len(drawn)), key=lambda place: drawn[place].at_limit)
    unit, per = _unit(told, said)
    idle = drawn[0].curve.blind * unit
    what = "accepting everything" if drawn[0].curve.accept_all <= drawn[0].curve.reject_all else "rejecting everything"
    if not told.over_images:
        what = "never alarming" if what == "accepting everything" else "calling people out all the time"
    cost, won = drawn[best].at_limit * unit, drawn[best]
    missed = "" if told.over_images else f" (it misses {percent(won.missed, 0)} of the anomalies)"
    st.markdown(
        f"Cheapest at its own limit: **{words.plain(names[best])}**, {words.amount(cost)} {per} in your currency"
        f"{missed}. "
        f"Without any detector, {what} is cheapest and costs {words.amount(idle)}"
        + (": **at these costs no detector here is worth its alarms.**" if idle <= cost else ".")
    )
    blocks.plot(
        _figure(told.key, study.id if study else "", said, told, study),
        key="compare-costs",
        alt="; ".join(
            f"{name} {words.amount(one.at_limit * unit)} {per}" for name, one in zip(names, drawn, strict=True)
        ),
    )


def _unit(told: Told, said: Said) -> tuple[float, str]:
    """What a cost of 1 is in money, and for how much work."""
    if told.over_images:
        share = said.anomalies
        return share * said.weights.miss + (1 - share) * said.weights.false_alarm, "a part"
    from core.compare.seriescurves import PER, worst

    return worst(said.weights, said.anomalies), f"in {PER:,} steps"


@st.cache_resource(max_entries=32, show_spinner=False)
def _costs(
    key: object, study_id: str, said: Said, _told: Told, _study: StoredComparison | None
) -> list[curves.Costs] | None:
    if _told.over_images or _study is None:
        return curves.costs(_told.images, said.weights, said.anomalies, _told.now.rate)
    from core.compare.seriescurves import series_costs

    return series_costs(telling.curves(_told, _study), said.weights, said.anomalies, _told.now.rate)


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, study_id: str, said: Said, _told: Told, _study: StoredComparison | None) -> go.Figure:
    drawn = _costs(key, study_id, said, _told, _study) or []
    scale, title = 1.0, "share of good parts flagged"
    if not _told.over_images:
        from core.compare.seriescurves import PER
        from core.metrics.series.callouts import HOLD

        scale, title = PER / HOLD, f"false call-outs in {PER:,} normal steps"
    lines = [
        versus.Line(name, scale * one.curve.false_alarms, one.curve.cost, (scale * one.false_alarms, one.at_limit))
        for name, one in zip(_told.now.names, drawn, strict=True)
    ]
    idle = drawn[0].curve.blind
    figure = versus.overlaid(lines, title, "normalised expected cost", chance=([0, scale], [idle, idle]), unit=False)
    figure.data[-1].name = "without a detector"
    # Where limits are set in earnest; a double click shows all of it.
    reach = scale * curves.in_view(drawn)
    figure.update_xaxes(range=[-0.005 * scale, reach])
    figure.update_yaxes(range=[0, 1.15 * max(idle, *(one.at_limit for one in drawn))])
    return figure
