"""What the single columns of a table mean: sensors, conditions, or nothing that matters; as a table to be edited."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

import pandas as pd
import streamlit as st

from core.datasets.mapping import TableMapping
from core.datasets.recordings.dialect import is_number, unique

ROLES = ("sensor", "condition", "leave out")
ABOVE = "chosen above"  # as time, machine or label
COLUMN, ROLE, EXAMPLES = "Column", "Meaning", "First values"
_ROWS, _MANY = 20, 12


def table(start: TableMapping, seen: pd.DataFrame, *, key: str) -> dict[str, str]:
    """The role of each column, by name. ``seen`` are the first rows as text."""
    columns = [str(column) for column in seen]
    rows = pd.DataFrame(
        {
            COLUMN: columns,
            ROLE: _roles(start, seen),
            EXAMPLES: [", ".join(seen[column].head(3)) for column in seen],
        }
    )
    edited = st.data_editor(
        rows,
        hide_index=True,
        disabled=[COLUMN, EXAMPLES],
        height="content" if len(rows) <= _MANY else 420,
        column_config={
            ROLE: st.column_config.SelectboxColumn(
                options=[*ROLES, ABOVE],
                required=True,
                help="A condition says what the machine was asked to do: sensors are judged in its light. What "
                "was chosen above as time, machine or label is no sensor.",
            )
        },
        key=f"meanings-{key}",
    )
    return dict(zip(edited[COLUMN], edited[ROLE], strict=True))


def reread(path: Path, separator: str) -> pd.DataFrame:
    """The first rows of a text table as another separator cuts them, all as text."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = [row for row in islice(csv.reader(file, delimiter=separator), _ROWS + 1) if row]
    names = unique(tuple(rows[0]))
    width = len(names)
    return pd.DataFrame([(row + [""] * width)[:width] for row in rows[1:]], columns=pd.Index(names), dtype="string")


def _roles(start: TableMapping, seen: pd.DataFrame) -> list[str]:
    """As the mapping says. Where another separator gave other columns, those that hold numbers are sensors."""
    if not {*start.sensors} & {*seen}:
        return ["sensor" if seen[column].head(3).map(is_number).all() else "leave out" for column in seen]
    told = dict.fromkeys(filter(None, (start.time, start.unit, start.label)), ABOVE)
    told |= dict.fromkeys(start.sensors, "sensor") | dict.fromkeys(start.conditions, "condition")
    return [told.get(str(column), "leave out") for column in seen]
