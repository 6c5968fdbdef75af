"""The line over everything: how many parts got which verdict, and how many of those verdicts are known to be wrong."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.ui import words
from core.ui.inspect.scored import Scored, counted
from core.ui.verdicts import LOOKS


def show(scored: Scored, frame: pd.DataFrame) -> None:
    """``frame`` is the whole ``scored.table``, unfiltered."""
    with st.grid(5, min_column_width=150, key="summary"):
        for verdict, look in LOOKS.items():
            n = int((frame["verdict"] == verdict).sum())
            st.metric(
                f":{look.colour}[{look.icon}] {look.word}", f"{n:,}", help=f"{words.share(n, len(frame))} scored parts"
            )
        known = counted(frame)
        good, bad = int((known["truth"] == "good").sum()), int((known["truth"] == "bad").sum())
        _wrong("Good, not accepted", "false positive", frame, good, "good parts that are reviewed or rejected")
        _wrong("Bad, accepted", "false negative", frame, bad, "bad parts that are accepted")


def _wrong(label: str, outcome: str, frame: pd.DataFrame, total: int, meaning: str) -> None:
    n = int((frame["outcome"] == outcome).sum())
    value = f"{n:,} of {total:,}" if total else "unknown"
    st.metric(
        label, value, help=f"{outcome.capitalize()}s: {meaning}" + ("" if total else "; no part has such a label")
    )
