"""The page put together: the timeline, the stretch, and behind tabs what else there is to ask."""

from __future__ import annotations

import streamlit as st

from core.datasets.series import Event
from core.ui import errors, words
from core.ui.dataset.series import view
from core.ui.sensors import (
    accuracy,
    answers,
    causes,
    chosen,
    exports,
    gate,
    latent,
    likeness,
    signals,
    timeline,
    whatif,
)

VIEWS = ("Causes", "What if", "Nearest normal", "Code", "How good")


def show() -> None:
    """The run of the current model over the current recordings, or what is missing for it."""
    st.title("When did it start, and which sensor caused it?", anchor=False)
    judged = gate.opened()
    if judged is None:
        return
    scored, limit = timeline.controls(judged)
    alarms = scored.alarms(limit)
    now = chosen.of(scored, alarms)
    over_time = timeline.show(scored, limit, now)
    chosen.controls(now, alarms)
    events = now.events()
    if events:
        told = [_labelled(now, event) for event in events[:3]]
        st.caption(f"Labelled here: {words.plain('; '.join(told))}.")
    quick = causes.at_once(now)
    answer = answers.read(answers.job(now))
    order = answer.order() if answer is not None else quick[0].order.tolist()
    why, if_tab, nearest, code, good = st.tabs(VIEWS, key="view", bind="query-params", on_change="rerun")
    if why.open:
        with why:
            left, right = st.columns([3, 2], gap="large")
            with right:
                by_sensor = causes.show(now, quick, answer)
            with left:
                readings = signals.show(now, order, answer)
            if answer is not None:
                causes.details(answer)
            colours = signals.heatmap(now, order)
            exports.show(now, quick, answer, [over_time, by_sensor, readings, colours])
    if if_tab.open:
        with if_tab, errors.shown():
            whatif.show(now, order, limit)
    if nearest.open:
        with nearest:
            likeness.show(now, answer)
    if code.open:
        with code:
            latent.show(now, answer)
    if good.open:
        with good:
            accuracy.show(scored)


def _labelled(now: chosen.Chosen, event: Event) -> str:
    when = view.span(now.scored.judged.data, now.scored.unit, event.start, event.stop)
    steps = f"{event.kind or 'anomalous'} from step {event.start:,} to {event.stop - 1:,}"
    return f"{steps} ({when})" if when else steps
