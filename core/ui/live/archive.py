"""Units that were seen to their end."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from core.live.exports import units_csv
from core.ui import blocks, words
from core.ui.live import room

SHOWN = 200


def show() -> None:
    """A table, newest first, and all of it as CSV. Nothing is drawn where no unit has ended yet."""
    rows = room.live().table.units(SHOWN)
    if not rows:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            blocks.headed(
                "Completed units",
                "Units that were watched to their end; they stay when the feed is reset or started anew. Of a "
                "recording that a replay plays again and again the last round stands here.",
                "Lead time runs from the start of the first alarm to the failure, where the unit failed. Peaks are on "
                "the calibrated axis.",
                "The first alarm may be a false one: look at the alarms of the unit before you trust a lead time.",
            )
        st.download_button(
            "CSV", lambda: units_csv(room.live().table.units()), "completed-units.csv", "text/csv",
            icon=":material/download:", on_click="ignore", key="live-units-csv",
        )  # fmt: skip
    frame = pd.DataFrame(
        {
            "unit": [row["unit"] for row in rows],
            "source": [row["source"] for row in rows],
            "ended": [datetime.fromtimestamp(row["finished_at"], UTC) for row in rows],
            "steps": [row["steps"] for row in rows],
            "alarms": [row["alarms"] for row in rows],
            "health": [row["health"] for row in rows],
            "lowest health": [row["health_lowest"] for row in rows],
            "trend": [row["trend"] for row in rows],
            "highest score": [max(row["peaks"].values()) for row in rows],
        }
    )
    if any(row["failed"] for row in rows):  # the others are no runs to failure: nothing to say
        frame.insert(4, "failed", [row["failed"] for row in rows])
        frame.insert(5, "lead time", [row["lead_time"] for row in rows])
    st.dataframe(
        frame,
        hide_index=True,
        key="live-units",
        column_config={
            "ended": st.column_config.DatetimeColumn(format="distance"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "health": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f"),
            "lowest health": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f"),
            "highest score": st.column_config.NumberColumn(format="%.1f"),
        },
        alt=f"{words.count(len(rows), 'completed unit')}, newest first",
    )
