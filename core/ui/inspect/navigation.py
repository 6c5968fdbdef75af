"""Which part is open, in the URL, and the ways from one part to another."""

from __future__ import annotations

import pandas as pd
import streamlit as st

PARAM = "part"


def open_part(name: str) -> None:
    st.query_params[PARAM] = name


def close() -> None:
    st.query_params.pop(PARAM, None)


def asked() -> str | None:
    """The part that the URL names, whether there is one of that name or not."""
    return st.query_params.get(PARAM)


def place(rows: pd.DataFrame, name: str) -> int | None:
    """Where a part is among the filtered rows; None where the filters leave it out."""
    found = rows.index[rows["item"] == name]
    return int(found[0]) if len(found) else None


def neighbours(rows: pd.DataFrame, name: str) -> tuple[str | None, str | None]:
    """The previous and the next part; a part that the filters leave out lies before the first."""
    items, at = rows["item"].tolist(), place(rows, name)
    if at is None:
        return None, items[0] if items else None
    return items[at - 1] if at > 0 else None, items[at + 1] if at + 1 < len(items) else None


def next_with(frame: pd.DataFrame, name: str, outcome: str) -> str | None:
    """The next part with an outcome after this one in the order of all scores, round to the start; None: no other."""
    at = place(frame, name) or 0
    turned = pd.concat([frame.iloc[at + 1 :], frame.iloc[:at]])
    hits = turned["item"][turned["outcome"] == outcome]
    return str(hits.iloc[0]) if len(hits) else None
