"""The moment: health, gauges, the scores' course, readings, causes."""

from __future__ import annotations

import streamlit as st

from core.charts import live as charts
from core.datasets.wording import percent
from core.live.blocks import kept_units
from core.live.exports import steps_csv
from core.live.table import FeedRow
from core.streaming import words as said
from core.ui import words
from core.ui.live import room
from core.ui.live.draw import draw, headed
from core.ui.live.view import View, look

WINDOWS = {"300 steps": 300, "1,000 steps": 1000, "5,000 steps": 5000}
LATEST = "latest"
AXIS = (
    "One axis serves all detectors: how surprising a step is among normal steps that they never learned from. "
    "At 3, one normal step in 1,000 is as surprising."
)


def show(feed: FeedRow) -> None:
    """Everything of one unit's last steps."""
    wanted, last = _choice()
    view = look(room.live().table, feed, wanted, last)
    if view is None:
        st.caption("The charts appear with the first step.")
        return
    _figures(view)
    left, right = st.columns([5, 4], gap="large")
    with left:
        _gauges(view)
    with right:
        _causes(view)
    _timeline(view)
    _feed(view)


def _choice() -> tuple[str | None, int]:
    """Which unit, and how many steps of it."""
    units = kept_units(room.live().table)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        window = st.segmented_control(
            "Show the last", list(WINDOWS), default="1,000 steps", key="window", bind="query-params", required=True
        )
        unit = LATEST
        if len(units) > 1:
            unit = st.selectbox("Unit", [LATEST, *units], key="unit", bind="query-params", width=260)
    return (None if unit == LATEST else unit), WINDOWS.get(window or "", 1000)


def _figures(view: View) -> None:
    steps, unit = view.steps, view.unit or {}
    decides = view.voices.index(view.decides)
    score, limit = float(steps.surprise[-1, decides]), float(steps.limits[-1, decides])
    trend = unit.get("trend")
    with st.grid(4, min_column_width=190):
        st.metric("Unit", words.short(view.name), border=True, help=f"Machine {words.plain(str(steps.machine[-1]))}",
                  delta=f"step {int(steps.step[-1]) + 1:,}", delta_color="off", delta_arrow="off")  # fmt: skip
        st.metric(
            "Health", f"{float(steps.health[-1]):.0f} of 100", border=True,
            delta=said.trend(trend).split(" (")[0] if trend else "ended", delta_color="off", delta_arrow="off",
            help="100 at usual, 50 where the smoothed surprise of the ensemble stands at the limit, 25 at twice that "
            "distance: 100 · 2^(−max(e − 0.434, 0) / (limit − 0.434)), e smoothed with a half-life of "
            f"{view.feed.spec['half_life']} steps. Trend: Theil-Sen slope of its means, told where its 95\u00a0% "
            "interval leaves out 0.",
        )  # fmt: skip
        st.metric(
            f"{room.title(view.decides)} now", f"{score:.2f}", border=True, delta=said.rarity(score), delta_color="off",
            delta_arrow="off", help=AXIS,
        )  # fmt: skip
        alarmed = next((one for one in view.alarms if one["open"]), None)
        st.metric(
            "Alarm", "yes" if score > limit else "open" if alarmed else "none", border=True,
            delta=f"since step {alarmed['start']:,}" if alarmed else words.count(len(view.alarms), "alarm") + " so far",
            delta_color="off", delta_arrow="off",
            help=f"{room.title(view.decides)} above its limit. An alarm stays open until {view.feed.spec['gap']} quiet "
            "steps have followed.",
        )  # fmt: skip


def _gauges(view: View) -> None:
    headed(
        "How unusual is it now?",
        "Every detector's score of the newest step, and the ensemble's.",
        f"{AXIS} A bar beyond the grey line is above the limit and hatched; the diamond is the highest of the steps "
        "shown. The ensemble is the surprise that most detectors reach, less log10(k/m) for m of k detectors (Rüger "
        "1978): its false-alarm rate is promised however the detectors depend on each other.",
        "The promise holds as far as this machine's normal steps are like those of the calibration.",
    )
    voices = view.gauges()
    now = ", ".join(f"{voice.name} {voice.score:.1f} of {voice.limit:.1f}" for voice in voices)
    draw(
        charts.gauges(voices), key="live-gauges", alt=f"Scores now against their limits: {now}",
        height=charts.gauges_height(len(voices)),
    )  # fmt: skip


def _causes(view: View) -> None:
    headed(
        "Which sensors make it so?",
        "Each sensor's share of the blame for the last 32 steps, as the detectors' own parts have it.",
        "Each detector's parts are made shares of 1; the bars are the mean of the detectors. They are grey while "
        "nothing is unusual.",
        "A fault in one sensor also shows in those that depend on it. The Sensors page probes deeper.",
    )
    causes = (view.unit or {}).get("causes", [])
    if not causes:
        st.caption("The unit has ended; its alarms below tell their causes.")
        return
    shares = [(cause["sensor"], cause["share"]) for cause in causes]
    alt = ", ".join(f"{name} {percent(share, 0)}" for name, share in shares)
    height = charts.causes_height(len(shares))
    option = charts.causes(shares, faint=not view.unusual)
    draw(option, key="live-causes", alt=f"Share of the blame: {alt}", height=height)
    if view.unusual:
        st.caption(f"{words.plain(said.cause(causes[0]))}. {words.plain(said.agreement(causes))}")
    else:
        st.caption("Nothing is unusual now: somebody is always first, and the order says little.")


def _timeline(view: View) -> None:
    headed(
        "Scores and health",
        "The score of every detector and of the ensemble, with the limit that decides alarms; below, the health.",
        "The solid line decides. Shaded stretches are alarms. A grey bar at the top marks what a replayed dataset "
        "itself calls anomalous; no detector has seen it.",
        f"Scores above {charts.MOST_TOP:.0f} are drawn at the edge. Long windows keep the least and largest of each "
        "stretch, so that no peak is lost.",
    )
    option = charts.timeline(
        view.axis, view.scores(), view.limit(), view.steps.health, view.spans(), view.labelled(),
        main=room.title(view.decides),
    )  # fmt: skip
    alt = f"Scores of {len(view.voices)} voices and health over the last {len(view.steps):,} steps of {view.name}"
    draw(option, key="live-timeline", alt=alt, height=charts.TIMELINE)


def _feed(view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width="stretch"):
            headed(
                "Readings",
                "What the sensors read, over the same steps.",
                "Without a choice the sensors that the last alarm blames are drawn. Where an alarm blames a sensor, "
                "its row is shaded.",
                "Gaps are steps without a reading.",
            )
        chosen = st.multiselect(
            "Sensors", view.sensors, key="live-sensors", placeholder="Those that the last alarm blames", width=420,
            label_visibility="collapsed", max_selections=8,
        )  # fmt: skip
        st.download_button(
            "CSV", lambda: _csv(view), f"{view.name}-steps.csv".replace("/", "_"), "text/csv",
            icon=":material/download:", on_click="ignore", key="live-steps-csv",
            help="The steps shown: readings, scores, limits, health",
        )  # fmt: skip
    units = view.feed.status.get("units_of", {})
    names = [name for name in chosen if name in view.sensors] or view.blamed()
    readings = [(name, units.get(name), view.steps.readings[:, view.sensors.index(name)]) for name in names]
    alt = f"Readings of {', '.join(names)} over the last {len(view.steps):,} steps"
    height = charts.feed_height(len(names))
    draw(charts.feed(view.axis, readings, view.spans()), key="live-feed", alt=alt, height=height)


def _csv(view: View) -> bytes:
    return steps_csv(view.steps, view.sensors, view.voices[:-1])
