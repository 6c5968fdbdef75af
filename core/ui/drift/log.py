"""The log of a lineage: every candidate with its reasons and figures, promoted, rejected or taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.datasets.wording import percent
from core.store.champions import Succession
from core.ui import blocks, words

ACTIONS = {
    "promoted": ("Promoted", ":material/trophy:", "green"),
    "rejected": ("Rejected", ":material/close:", "gray"),
    "rolled back": ("Rolled back", ":material/undo:", "orange"),
}
NONE = "–"
SHOWN = 20


def show(history: Sequence[Succession], names: Mapping[str, str]) -> None:
    """Newest first; names by id of model."""
    st.subheader("Retraining", anchor=False)
    if not history:
        st.caption("No candidate has been tried yet.")
        return
    for line in history[:SHOWN]:
        _line(line, names)
    if len(history) > SHOWN:
        st.caption(f"And {len(history) - SHOWN} earlier ones.")


def _line(line: Succession, names: Mapping[str, str]) -> None:
    word, icon, colour = ACTIONS[line.action]
    with st.container(border=True, gap="small", key=f"succession-{line.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
            shown = line.challenger or line.champion
            st.markdown(f"**{words.plain(names.get(shown, shown))}**", width="stretch")
            st.caption(f"{words.plain(line.said_by)} · {blocks.ago(line.said_at)}", width="content")
        if line.why:
            st.caption(f"Why: {words.plain(line.why)}")
        if line.verdict:
            st.markdown("\n".join(f"- {words.plain(reason)}" for reason in line.verdict))
        if "champion" in line.figures:
            with st.expander("Figures", icon=":material/table:"):
                st.table(
                    table(line.figures), border="horizontal", hide_index=True, alt="Champion and candidate in figures"
                )


def table(figures: Mapping[str, Any]) -> pd.DataFrame:
    """A row for each thing that was measured, a column for each of the two."""
    rows = []
    for key, what in (("quiet_recent", "False alarms, recent running"), ("quiet_old", "False alarms, old running")):
        rows.append({"On frozen data": what, **{who: _quiet(figures[who][key]) for who in ("champion", "candidate")}})
    for key, what in (
        ("faults_recent", "Injected faults found, recent running"),
        ("faults_old", "Injected faults found, old running"),
        ("labelled", "Labelled faults found"),
    ):
        rows.append({"On frozen data": what, **{who: _found(figures[who][key]) for who in ("champion", "candidate")}})
    return pd.DataFrame(rows).rename(columns={"champion": "Champion", "candidate": "Candidate"})


def _quiet(one: Mapping[str, Any]) -> str:
    return f"{percent(one['rate'], 2)} of {one['steps']:,} steps" if one["steps"] else NONE


def _found(one: Mapping[str, Any]) -> str:
    return f"{one['found']} of {one['faults']}" if one["faults"] else NONE
