"""The lower half of the page: signals, sensors, recordings, what was left out; only the chosen one is drawn."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.charts.csvtable import to_csv
from core.store.datasets import DatasetRow
from core.ui import rooms, words
from core.ui.dataset.series import facts, signals


def show(row: DatasetRow) -> None:
    """A choice of views."""
    views = {"Signals": signals.show, "Sensors": _sensors, "Recordings": _recordings, "Left out": _rejected}
    chosen = st.segmented_control(
        "Show", list(views), default="Signals", required=True, key="section", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    views[chosen](row)


def _sensors(row: DatasetRow) -> None:
    found = facts.of(row.id).sensors
    name, lines = facts.sparklines(row.id)
    frame = pd.DataFrame(
        {
            "Sensor": [sensor.name for sensor in found],
            "Unit": [sensor.unit or "" for sensor in found],
            "Role": [sensor.role for sensor in found],
            "Signal": lines,
            "Missing": [100 * sensor.missing for sensor in found],
            "Constant": [
                "always" if sensor.constant else "in training" if sensor.constant_in_training else ""
                for sensor in found
            ],
            "Least": [sensor.low for sensor in found],
            "Median": [sensor.median for sensor in found],
            "Largest": [sensor.high for sensor in found],
        }
    )
    column = st.column_config
    st.caption(f"Signals are those of «{words.plain(name)}», the longest training recording, in few points.")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "Role": column.TextColumn(help="A condition says what the machine was asked to do; it is never judged."),
            "Signal": column.LineChartColumn(width="medium"),
            "Missing": column.NumberColumn(format="%.2f %%", help="Share of steps without a reading."),
            "Constant": column.TextColumn(help="A sensor that never moves tells nothing; any later move surprises."),
            **{key: column.NumberColumn(format="%.4g") for key in ("Least", "Median", "Largest")},
        },
        height="content" if len(frame) <= 20 else 640,
        alt=f"{len(frame)} sensors with unit, role, missing readings and range",
    )
    _download(frame.drop(columns="Signal"), f"{row.name}-sensors.csv", "sensors")


def _recordings(row: DatasetRow) -> None:
    frame = _table(row.id)
    st.dataframe(
        frame,
        hide_index=True,
        placeholder="-",
        column_config={
            "Steps": st.column_config.NumberColumn(format="localized"),
            "Stands for normal": st.column_config.NumberColumn(
                format="localized", help="The first so many steps, where there are no labels."
            ),
        },
        alt=f"{len(frame)} recordings with machine, split, steps and labels",
    )
    _download(frame, f"{row.name}-recordings.csv", "recordings")


@st.cache_data(max_entries=8, show_spinner=False)
def _table(dataset_id: str) -> pd.DataFrame:
    """One line for each recording."""
    data = rooms.datasets().series(dataset_id)
    return pd.DataFrame(
        [
            {
                "Recording": unit.name,
                "Machine": unit.machine,
                "Split": unit.split,
                "Steps": len(unit),
                "Labelled anomalous": None if (labels := unit.labels()) is None else int(labels.sum()),
                "Events": None if unit.events is None else len(unit.events),
                "Stands for normal": unit.healthy,
                "Ends in failure": unit.failed,
            }
            for unit in data.units
        ]
    )


def _rejected(row: DatasetRow) -> None:
    rejected = rooms.datasets().series(row.id).rejected
    if not rejected:
        st.markdown(":green[:material/check_circle:] Every file was read.")
        return
    frame = pd.DataFrame({"File": [file.name for file in rejected], "Reason": [file.reason for file in rejected]})
    st.dataframe(frame, hide_index=True, alt=f"{len(frame)} files that were left out, with the reason for each")
    _download(frame, f"{row.name}-left-out.csv", "rejected")


def _download(frame: pd.DataFrame, name: str, key: str) -> None:
    rows = frame.astype(object).where(frame.notna(), None)
    st.download_button(
        "Download as CSV", lambda: to_csv(list(rows), rows.itertuples(index=False)), name, "text/csv",
        key=f"download-{key}", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
