"""One part for the room: the stage, and beside it what follows from the chosen time. Only this part is drawn anew when
the slider moves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.charts import rust as charts
from core.severity.types import PartResult
from core.ui import blocks, words
from core.ui.rust import drawn, stage, wording
from core.ui.rust.outlook import Rules
from core.ui.rust.story import Story

TIME, LAYER, SWIPE = "time", "over", "swipe"  # names in the URL


def show(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> None:
    """The scene of a part seen from ``view``, with the layers of ``measure``."""
    st.fragment(_scene, key="rust-scene")(story, result, chosen, view, measure)


def at(result: PartResult) -> int:
    """Number of the time that the URL names, the last one where it names none that is there."""
    asked = st.query_params.get(TIME, "")
    known = [f"{hours:g}" for hours in result.rust.hours]
    return known.index(asked) if asked in known else len(known) - 1


def _scene(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> None:
    left, right = st.columns([1, 1], gap="large")
    with left:
        _stage(story, result, chosen, view, measure)
    with right:
        _facts(story, result, chosen, at(result))


def _stage(story: Story, result: PartResult, chosen: Rules, view: str, measure: str) -> None:
    key = f"stage-{story.id}-{result.part}-{view}"
    unit, moments = drawn.unit(result), []
    for hours, estimate in zip(result.rust.hours, result.rust.estimates, strict=True):
        seen = story.picture(result.part, hours, view)
        moments.append(
            stage.Moment(
                when=unit.at(hours).capitalize(),
                told=f"{wording.percent(estimate.value)} rusted",
                over=estimate.value >= chosen.limit,
                alt=f"{result.part}, {unit.at(hours)}",
                photo=seen.photo,
                rust=seen.rust(measure),
                heat=seen.heat(measure),
            )
        )
    stage.show(
        moments,
        story.picture(result.part, result.rust.hours[-1], view).size,
        identity=f"{story.id}-{result.part}-{view}-{measure}-{chosen.limit:g}",
        start=at(result),
        layer=st.query_params.get(LAYER, "none"),
        swipe=SWIPE in st.query_params,
        on_time=lambda: _keep_time(key, result),
        on_look=lambda: _keep_look(key),
        key=key,
    )
    remarks = story.picture(result.part, result.rust.hours[at(result)], view).remarks
    if remarks:
        st.caption(f":material/info: {words.plain(' '.join(remarks))}")


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


def _facts(story: Story, result: PartResult, chosen: Rules, now: int) -> None:
    """The state in words, the curve so far, the health, the rules that are broken; at the end the forecast."""
    unit, look = drawn.unit(result), wording.STATUSES[result.status]
    grades, estimate = result.grades[now], result.rust.estimates[now]
    last = now == len(result.rust.hours) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(wording.grade_words(grades), anchor=False, width="content")
        if last:
            st.markdown(look.badge, help=look.says)
    st.markdown(f"**{wording.grade_line(grades)}** · 95 % interval {wording.interval(estimate)}")
    forecast = result.forecast
    figure = drawn.progression(story.id, result.part, chosen.limit, forecast.horizon_hours, now, result)
    told = wording.forecast_words(result, unit)
    blocks.plot(figure, key="rust-curve", alt=f"Rusted share up to {unit.at(result.rust.hours[now])}. {told}")
    gauge, rules = st.columns([2, 3], vertical_alignment="center")
    with gauge:
        health = wording.health(estimate.value, chosen.limit)
        blocks.plot(charts.gauge(health), key="rust-gauge", alt=f"Health {health:.0%}")
        st.caption("Health: 100 % without rust, 0 % at the limit", text_alignment="center")
    with rules:
        for alert in wording.alerts(result, now, chosen.limit, chosen.rate, unit):
            colour = "orange" if alert.certain else "yellow"
            st.markdown(f":{colour}[:material/notification_important: **{words.plain(alert.sentence)}**]")
        if last:
            st.subheader(f":material/event: {words.plain(told)}", anchor=False)
            rate = wording.rate_words(result)
            more = [wording.interval_words(result, unit), f"Growth now: {rate}." if rate else ""]
            st.caption("  \n".join(words.plain(line) for line in more if line))
        st.markdown(f":material/build: **{words.plain(grades.action)}**")
