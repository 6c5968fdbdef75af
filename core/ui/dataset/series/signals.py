"""The signals themselves: sensors of one recording over time with what is labelled in them, or their spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.charts import series as charts
from core.charts.csvtable import to_csv
from core.charts.signals import decimate, torn
from core.datasets.series import SeriesSet, SeriesUnit
from core.store.datasets import DatasetRow
from core.ui import blocks, rooms, words
from core.ui.dataset.series import facts, waves
from core.ui.dataset.series.view import View, axis, controls, forget, generation, look_at, of, title

SENSORS = 4  # shown at first
POINTS = 1500  # of a trace
_SHOWN = "_signals_of"  # the dataset whose sensors are chosen


def show(row: DatasetRow) -> None:
    """The choice of a recording, of sensors and of a stretch; then the chosen view of them."""
    data = rooms.datasets().series(row.id)
    left, right = st.columns([1, 3])
    with left:
        unit = _recording(data)
    with right:
        chosen = _sensors(data, unit)
    if not chosen:
        st.caption("Choose a sensor to see its signal.")
        return
    how = waves.choice(data)
    view = of(unit)
    controls(view)
    if how != waves.SIGNAL:
        waves.show(row.id, data, view, chosen[0], how)
        return
    _figure(row.id, data, view, chosen)
    _download(row, data, view, chosen)


def _recording(data: SeriesSet) -> SeriesUnit:
    """The recording of the URL; at first one with labelled events, so that there is something to see."""
    names = [unit.name for unit in data.units]
    first = next((unit.name for unit in data.units if unit.events), facts.longest(data).name)
    if st.query_params.get("recording") not in (None, *names):
        del st.query_params["recording"]  # of another dataset
    name = st.selectbox(
        "Recording", names, index=names.index(first), key="recording", bind="query-params", on_change=forget
    )
    return data.by_name[name]


def _sensors(data: SeriesSet, unit: SeriesUnit) -> list[int]:
    """Columns of the sensors to show; at first the culprits of the first event, then others that move."""
    names = [sensor.name for sensor in data.sensors]
    still = {sensor.name for sensor in facts.of(data.content_id).sensors if sensor.constant}
    culprits = next((event.sensors for event in unit.events or () if event.sensors), ())
    order = [*culprits, *(index for index in (*data.signals, *data.conditions) if names[index] not in still)]
    if st.session_state.get(_SHOWN) != data.content_id:  # names of another dataset's sensors would leave none chosen
        asked = [name for name in st.query_params.get_all("sensors") if name in names]
        st.session_state["sensors"] = asked or [names[k] for k in dict.fromkeys(order)][:SENSORS] or names[:1]
        st.session_state[_SHOWN] = data.content_id
    chosen = st.multiselect("Sensors", names, key="sensors", bind="query-params")
    return [names.index(name) for name in chosen]


def _figure(dataset_id: str, data: SeriesSet, view: View, chosen: list[int]) -> None:
    events, times = view.events(), view.unit.time
    found = _traces(dataset_id, view.unit.name, view.start, view.stop, tuple(chosen))
    edges = [axis(data, times[[event.start, event.stop - 1]]) for event in events[: charts.MOST_SPANS]]
    spans = [
        charts.Span(first, last, event.kind or "labelled anomalous", tuple(data.sensors[k].name for k in event.sensors))
        for event, (first, last) in zip(events, edges, strict=False)
    ]
    traces = [
        charts.Trace(data.sensors[k].name, data.sensors[k].unit, axis(data, time), values)
        for k, (time, values) in zip(chosen, found, strict=True)
    ]
    healthy = view.unit.healthy
    until = axis(data, times[[healthy]])[0] if healthy is not None and view.start < healthy < view.stop else None
    figure = charts.signals(traces, spans, x=title(data), healthy_until=until)
    key = f"signals-{generation()}"
    blocks.headed(
        f"«{words.plain(view.unit.name)}»",
        "The chosen sensors over time. Labelled stretches are shaded vermillion, darker in the rows of the sensors "
        "that are said to be at fault.",
        "Drag over a stretch to look at it closely.",
        f"Of each sensor some {POINTS:,} points are drawn, the least and the largest of each piece of time, so that no "
        "peak is lost; the download has every reading.",
    )
    st.plotly_chart(
        figure,
        key=key,
        height=int(figure.layout.height),
        config=blocks.PLOT,
        on_select=lambda: _brushed(data, view.unit, key),
        selection_mode="box",
        alt=f"{len(traces)} sensors of {view.unit.name} over time, {len(events)} labelled events in view",
    )
    if len(events) > charts.MOST_SPANS:
        st.caption(f"The first {charts.MOST_SPANS} of {len(events):,} labelled events in view are shaded.")


def _brushed(data: SeriesSet, unit: SeriesUnit, key: str) -> None:
    """Look at the stretch that was dragged over."""
    boxes: list[dict[str, Any]] = st.session_state[key]["selection"].get("box", [])
    if not boxes:
        return
    edges = sorted(_position(data, unit, edge) for edge in boxes[0]["x"])
    look_at(unit, edges[0], edges[-1] + 1)


def _position(data: SeriesSet, unit: SeriesUnit, x: Any) -> int:
    """The step at a place on the time axis."""
    if data.time_unit == "epoch":
        x = np.datetime64(str(x), "us").astype(np.int64) / 1e6
    return int(np.searchsorted(unit.time, float(x)))


@st.cache_data(max_entries=64, show_spinner=False)
def _traces(dataset_id: str, name: str, start: int, stop: int, columns: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Time and values of few points for each column."""
    unit = rooms.datasets().series(dataset_id).by_name[name]
    time = np.asarray(unit.time[start:stop])
    return [decimate(*torn(time, np.asarray(unit.values[start:stop, column])), POINTS) for column in columns]


def _download(row: DatasetRow, data: SeriesSet, view: View, chosen: list[int]) -> None:
    def content() -> bytes:
        values = np.asarray(view.unit.values[view.start : view.stop])[:, chosen]
        block = values.astype(object)
        block[np.isnan(values)] = None
        time = axis(data, view.unit.time[view.start : view.stop])
        rows = ([str(at) if data.time_unit == "epoch" else at, *row] for at, row in zip(time, block, strict=True))
        return to_csv([title(data), *(data.sensors[k].name for k in chosen)], rows)

    st.download_button(
        "Download what is shown as CSV", content, f"{row.name}-{view.unit.name}.csv".replace("/", "-"), "text/csv",
        key="download-signals", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
