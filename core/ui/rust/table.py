"""The photographs before they are analysed: which part, when and from which side, in a table that can be edited."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets import images
from core.datasets.wording import count
from core.errors import UserError
from core.severity.photos import PhotoRow, Photos, from_rows

THUMB = 72  # pixels


def edited(folder: Path, rows: tuple[PhotoRow, ...]) -> tuple[Photos, tuple[PhotoRow, ...]]:
    """The table of a folder's photographs: they, and its rows, as it has them now. One without hours is left out.

    UserError, a sentence, where it contradicts itself.
    """
    start = _frame(folder, rows)
    now = st.data_editor(
        start,
        hide_index=True,
        disabled=["Photograph", "File"],
        height=min(48 * len(start) + 40, 440),
        row_height=48,
        key=f"rust-table-{folder.name}",
        column_config={
            "Photograph": st.column_config.ImageColumn(width="small"),
            "Part": st.column_config.TextColumn(required=True, help="What the photograph shows"),
            "Hours": st.column_config.NumberColumn(
                min_value=0.0,
                format="%.4g",
                help="Hours since the first photograph: a day is 24, a week 168. Without hours it is left out.",
            ),
            "View": st.column_config.TextColumn(help="Tells photographs of the same time apart"),
        },
        alt=f"{count(len(start), 'photograph')} with part, time and view",
    )
    lines = tuple(_row(line) for line in now.to_dict("records"))
    untimed = int(now["Hours"].isna().sum())
    if untimed == len(lines):
        raise UserError("No photograph has a time", "", "Write the hours since the first photograph into the table")
    if untimed:
        st.warning(f"{count(untimed, 'photograph')} without hours will be left out.", icon=":material/schedule:")
    return from_rows(folder, lines), lines


def _row(line: Mapping[Hashable, Any]) -> PhotoRow:
    hours = None if pd.isna(line["Hours"]) else float(line["Hours"])
    return PhotoRow(str(line["File"]), str(line["Part"] or ""), hours, str(line["View"] or ""))


@st.cache_data(max_entries=4, show_spinner="Reading the photographs")
def _frame(folder: Path, rows: tuple[PhotoRow, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Photograph": [_thumbnail(folder / row.file) for row in rows],
            "Part": [row.part for row in rows],
            "Hours": pd.Series([row.hours for row in rows], dtype=float),
            "View": [row.view for row in rows],
            "File": [row.file for row in rows],
        }
    )


def _thumbnail(path: Path) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(images.thumbnail(path, THUMB)).decode()
