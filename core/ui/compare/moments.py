"""The moments on which detectors of recordings disagree most, with what each said and the signal beneath."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.charts import versusparts
from core.compare.seriesfigures import Moment
from core.ui import blocks, nav, rooms, state, words
from core.ui.compare import told as telling
from core.ui.compare.told import Told
from core.ui.dataset.series import view

PER_PAGE = 3
KINDS = ("All", "Labelled anomalous", "Normal", "Not labelled")
AROUND = 1.0  # of the moment's length, drawn before and after it
LEAST = 40  # steps drawn on either side
NAME = 34  # letters of a recording's name that fit beside what is said of it


def show(told: Told) -> None:
    """Which disagreements, then a page of them."""
    blocks.headed(
        "Where they disagree",
        "Stretches in which one detector alarms and another does not, those with the widest gap first: every "
        "detector's surprise (-log₁₀ p) over time, and below it the sensor that spoke most for the alarm.",
        "Above the dashed line a detector alarms. Shaded: labelled anomalous. «Look closer» opens the stretch on the "
        "Sensors page.",
        "Alarms within 100 steps of each other are one stretch. Where all alarm in a stretch, if not at the same "
        "steps, they agree.",
    )
    kind = st.segmented_control(
        "Stretches", KINDS, default="All", required=True, key="stretches", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    rows = [row for row in telling.moments(told) if _fits(row, kind or "All")]
    if not rows:
        st.caption("No stretch of this kind: on these they agree.")
        return
    pages = -(-len(rows) // PER_PAGE)
    slot = st.container(gap="small", key="moments")
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        page = min(st.pagination(pages, key="at", bind="query-params"), pages) if pages > 1 else 1
        st.caption(words.count(len(rows), "stretch", "stretches"), width="content")
    with slot:
        for row in rows[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _moment(told, row)


def _fits(row: Moment, kind: str) -> bool:
    share = row.anomalous
    return {
        "All": True,
        "Labelled anomalous": bool(share),
        "Normal": share == 0,
        "Not labelled": share is None,
    }[kind]


def _moment(told: Told, row: Moment) -> None:
    names, looks = told.now.brief, told.now.looks
    alarmed = [
        f"{look.sign} {words.plain(name)}" for name, look, yes in zip(names, looks, row.alarmed, strict=True) if yes
    ]
    truth = "not labelled" if row.anomalous is None else "anomalous" if row.anomalous else "normal"
    with st.container(border=True, gap="xsmall", key=f"moment-{row.unit}-{row.start}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{words.plain(_recording(row.unit))}**, {_steps(row)} · {truth} · "
                f"only {', '.join(alarmed)} {'alarms' if len(alarmed) == 1 else 'alarm'}",
                width="stretch",
            )
            if st.button("Look closer", icon=":material/zoom_in:", type="tertiary", key=f"look-{row.unit}-{row.start}"):
                alarm = row.alarmed.index(True)
                state.choose(dataset_id=told.now.dataset.id, model_id=told.now.models[alarm].id)
                stop = max(row.stop - 1, row.start + view.LEAST)
                nav.open_page("sensors", {"recording": row.unit, view.PARAM: f"{row.start}-{stop}"})
        figure = _figure(told.key, row.unit, row.start, row, told)
        key = f"moment-chart-{row.unit}-{row.start}"
        blocks.plot(figure, key=key, alt=f"Surprise of {', '.join(names)} around step {row.peak} of {row.unit}")


def _recording(name: str) -> str:
    """The whole name where it fits: often the folder tells the machine, and every file in them is called «test»."""
    return name if len(name) <= NAME else words.short(name, NAME)


def _steps(row: Moment) -> str:
    return f"step {row.start:,}" if row.stop - row.start == 1 else f"steps {row.start:,} to {row.stop - 1:,}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(key: object, unit: str, start: int, _row: Moment, _told: Told) -> go.Figure:
    side, data = _told.recordings, rooms.datasets().series(_told.now.dataset.id)
    span = next(one for one in side.units if one.name == unit)
    margin = max(int(AROUND * (_row.stop - _row.start)), LEAST)
    first, last = max(span.start + _row.start - margin, span.start), min(span.start + _row.stop + margin, span.stop)
    time, shown = side.time[first:last], side.surprise[_told.now.mode][:, first:last]
    sensor, readings = _loudest(_told, _row, time)
    return versusparts.moment(
        view.axis(data, time),
        [(name, one) for name, one in zip(_told.now.brief, shown, strict=True)],
        limit=-math.log10(_told.now.rate),
        anomalous=side.anomalous[first:last],
        signal=None if readings is None else (sensor, view.axis(data, readings[0]), readings[1]),
        x_title=view.title(data),
    )


def _loudest(told: Told, row: Moment, time: np.ndarray) -> tuple[str, tuple[np.ndarray, np.ndarray] | None]:
    """The sensor with the largest part at the peak, of the most surprised detector, and its readings over the time."""
    place = int(np.argmax(row.surprise))
    run = told.recordings.contestants[place].run
    parts = np.asarray(run.parts(row.unit, told.now.mode)[row.peak])
    name = run.info.sensors[int(np.argmax(parts))]
    data = rooms.datasets().series(told.now.dataset.id)
    columns = [sensor.name for sensor in data.sensors]
    if name not in columns:  # a feature that was cut from a raw signal
        return name, None
    own = data.by_name[row.unit]
    at = slice(int(np.searchsorted(own.time, time[0], "left")), int(np.searchsorted(own.time, time[-1], "right")))
    return name, (np.asarray(own.time[at]), np.asarray(own.values[at, columns.index(name)]))
