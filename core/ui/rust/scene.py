"""One part for the room: the stage with what follows from each time, and which time is looked at, in the URL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from core.charts.rustcurve import curve_svg, gauge_svg
from core.charts.shares import surface
from core.datasets.wording import percent
from core.severity import rules
from core.severity.types import PartResult
from core.ui.rust import drawn, stage, wording
from core.ui.rust.outlook import Rules
from core.ui.rust.story import Story

TIME, LAYER, SWIPE = "time", "over", "swipe"  # names in the URL


def show(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> None:
    """The stage of a part seen from ``view``, with the layers of ``measure``.

    A fragment: what is chosen on the stage is put into the URL, and nothing else is drawn anew.
    """
    st.fragment(_scene, key="rust-scene")(story, result, chosen, view, measure)


def at(result: PartResult) -> int:
    """Number of the time that the URL names, the last one where it names none that is there."""
    asked = st.query_params.get(TIME, "")
    known = [f"{hours:g}" for hours in result.rust.hours]
    return known.index(asked) if asked in known else len(known) - 1


def _scene(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> None:
    key = f"stage-{story.id}-{result.part}-{view}"
    stage.show(
        _moments(f"{story.id}-{result.part}", view, measure, chosen, story, result),
        story.picture(result.part, result.rust.hours[-1], view).size,
        identity=f"{story.id}-{result.part}-{view}-{measure}-{chosen}",
        start=at(result),
        layer=st.query_params.get(LAYER, "none"),
        swipe=SWIPE in st.query_params,
        on_time=lambda: _keep_time(key, result),
        on_look=lambda: _keep_look(key),
        key=key,
    )


def _keep_time(key: str, result: PartResult) -> None:
    number: Any = st.session_state[key].get("time")
    if isinstance(number, int) and 0 <= number < len(result.rust.hours):
        st.query_params[TIME] = f"{result.rust.hours[number]:g}"


def _keep_look(key: str) -> None:
    look: Any = st.session_state[key].get("look") or {}
    layer, swipe = look.get("layer"), look.get("swipe")
    for name, value in ((LAYER, layer if layer in stage.LAYERS[1:] else None), (SWIPE, "1" if swipe else None)):
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)


@st.cache_resource(max_entries=64, show_spinner=False)
def _moments(
    identity: str, view: str, measure: str, chosen: Rules, _story: Story, _result: PartResult
) -> list[stage.Moment]:
    unit, found = drawn.unit(_result), []
    for number, (hours, estimate) in enumerate(zip(_result.rust.hours, _result.rust.estimates, strict=True)):
        seen = _story.picture(_result.part, hours, view)
        found.append(
            stage.Moment(
                when=unit.at(hours).capitalize(),
                told=f"{surface(estimate.value)} rusted",
                over=estimate.value >= chosen.limit,
                alt=f"{_result.part}, {unit.at(hours)}",
                photo=seen.photo,
                rust=seen.rust(measure),
                heat=seen.heat(measure),
                note=" ".join(seen.remarks),
                facts=_facts(_result, chosen, number),
            )
        )
    return found


def _facts(result: PartResult, chosen: Rules, now: int) -> stage.Facts:
    """The state in words, the curve so far, the health, the rules that are broken; at the end status and forecast."""
    unit, look, last = drawn.unit(result), wording.STATUSES[result.status], len(result.rust.hours) - 1
    grades, estimate = result.grades[now], result.rust.estimates[now]
    health = wording.health(estimate.value, chosen.limit)
    curve = curve_svg(
        drawn.severity(result.rust, result.part), unit, upto=now, limit=chosen.limit,
        horizon=result.forecast.horizon_hours, crossing=drawn.crossing(result), fan=drawn.fan(result),
    )  # fmt: skip
    told = stage.Facts(
        words=wording.grade_words(grades),
        line=f"{wording.grade_line(grades)} · 95\u00a0% interval {wording.interval(estimate)}",
        curve=curve,
        gauge=gauge_svg(health),
        health=f"Health {percent(health, 0)}",
        alerts=[(one.certain, one.sentence) for one in rules.alerts(result.rust, now, chosen.limit, chosen.rate)],
        action=f"Suggested: {grades.action}",
    )
    if now < last:
        return told
    rate = wording.rate_words(result)
    sure = [wording.interval_words(result, unit), f"Growth now: {rate}" if rate else ""]
    return replace(
        told, forecast=wording.forecast_words(result, unit), sure="\n".join(filter(None, sure)),
        status=result.status, status_word=look.word, status_says=look.says,
    )  # fmt: skip
