"""What a learner kept, what it forgot, and any of it to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core.charts import continualmemory as charts
from core.ui import blocks, words
from core.ui.continual import item, shown
from core.ui.continual.shown import Shown

if TYPE_CHECKING:
    from core.continual.types import MemoryRecord

GROUPS = ("Task", "Class", "Severity")
BANDS = ((0.0, "normal"), (0.4, "up to 0.4"), (0.7, "0.4 to 0.7"), (1.01, "critical, 0.7 and more"))
MOST_ROWS = 500


def show(told: Shown) -> None:
    """The composition over time, the items at a step, and the one that is open."""
    blocks.headed(
        "Memory",
        "The items that a learner holds, by the task that they come from, their class or their severity.",
        "A band that thins out is being forgotten. Rare critical classes should stay; that is what value is for.",
        "One seed, recorded every few steps. Methods have the same budget in bytes: what they keep besides items "
        "leaves less room for items. A method that stores anew under another name is shown by its own ids.",
    )
    known = [name for name in told.here if any(len(one.ids) for one in told.of(name).memory)]
    if not known:
        st.caption("No method of this run keeps samples.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        default = known.index("dynamad") if "dynamad" in known else 0
        method = st.selectbox("Method", known, default, key="memory-method", format_func=shown.title, width=300)
        group = st.segmented_control(
            "By", GROUPS, default=GROUPS[0], required=True, key="group", bind="query-params"
        ) or GROUPS[0]  # fmt: skip
    records = told.of(method).memory
    steps = [one.step for one in records]
    figure = charts.composition(steps, counts(told, records, group), told.starts)
    alt = f"{len(records[-1].ids)} items in the memory of {shown.title(method)} at the end, by {group.lower()}"
    blocks.plot(figure, key="memory-composition", alt=alt)
    last = records[-1]
    st.caption(f"At the end: {words.count(len(last.ids), 'item')} in {blocks.size(last.nbytes)}, all that is kept.")
    _items(told, records)


def _items(told: Shown, records: Sequence[MemoryRecord]) -> None:
    steps = [one.step for one in records]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        step = (
            st.select_slider("At step", steps, value=steps[-1], key="memory-step", width=360) if steps[1:] else steps[0]
        )
        which = st.segmented_control(
            "Items", ("Kept", "Forgotten"), default="Kept", required=True, key="which", bind="query-params"
        ) or "Kept"  # fmt: skip
    table = kept(told, records, step) if which == "Kept" else forgotten(told, records, step)
    if table.empty:
        st.caption("Nothing was forgotten by then." if which == "Forgotten" else "The memory is empty at this step.")
        return
    left, right = st.columns([3, 4], gap="large")
    with left:
        st.caption(f"{words.count(len(table), 'item')}, the worst first. Choose a row to see what was recorded.")
        event = st.dataframe(
            table.head(MOST_ROWS), hide_index=True, on_select="rerun", selection_mode="single-row", height=380,
            key=f"memory-items-{which}-{step}",
        )  # fmt: skip
        rows = event["selection"]["rows"] if event else []
        if rows and rows[0] < len(table):
            st.query_params["item"] = str(table["Item"].iloc[rows[0]])
    with right:
        asked = st.query_params.get("item", "")
        if asked.isdigit():
            item.show(told, int(asked))
        else:
            st.caption("The chosen item appears here.")


def counts(told: Shown, records: Sequence[MemoryRecord], group: str) -> dict[str, list[int]]:
    """Items by group in each record; groups that never held one are left out."""
    found = {
        name: [int(np.sum(_places(told, one, group) == k)) for one in records]
        for k, name in enumerate(_names(told, group))
    }
    return {name: values for name, values in found.items() if any(values)}


def kept(told: Shown, records: Sequence[MemoryRecord], step: int) -> pd.DataFrame:
    """The items at a step, most severe first."""
    record = next(one for one in records if one.step == step)
    table = _table(told, record)
    return table.assign(Utility=np.round(record.utility.astype(float), 3)).sort_values(
        ["Severity", "Item"], ascending=[False, True], ignore_index=True
    )


def forgotten(told: Shown, records: Sequence[MemoryRecord], step: int) -> pd.DataFrame:
    """Items that an earlier record held and the one at ``step`` does not, with the last step at which they were there;
    most severe first."""
    now = next(one for one in records if one.step == step)
    found = [_table(told, one).assign(**{"Last kept at": one.step}) for one in records if one.step < step]
    if not found:
        return pd.DataFrame()
    table = pd.concat(found).drop_duplicates("Item", keep="last")
    gone = table[~table["Item"].isin(now.ids)]
    return gone.sort_values(["Severity", "Item"], ascending=[False, True], ignore_index=True)


def _table(told: Shown, record: MemoryRecord) -> pd.DataFrame:
    from core.continual.types import task_of

    faults = told.run.info.faults
    return pd.DataFrame(
        {
            "Item": record.ids,
            "Task": task_of(record.ids) + 1,
            "Class": [faults[one] for one in record.fault],
            "Severity": np.round(record.severity.astype(float), 3),
        }
    )


def _names(told: Shown, group: str) -> list[str]:
    info = told.run.info
    if group == "Task":
        return [f"{k + 1}. {name}" for k, name in enumerate(info.tasks)]
    return list(info.faults) if group == "Class" else [name for _, name in BANDS]


def _places(told: Shown, record: MemoryRecord, group: str) -> Any:
    """(n,) the group of each item."""
    from core.continual.types import task_of

    if group == "Task":
        return task_of(record.ids)
    if group == "Class":
        return record.fault
    limits = np.array([limit for limit, _ in BANDS], np.float32)
    return np.where(record.fault == 0, 0, np.maximum(np.searchsorted(limits, record.severity, side="right"), 1))
