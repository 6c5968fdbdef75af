"""All runs of the workspace: filtered, sorted, selected; the choice is in the URL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.store.datasets import DatasetRow
from core.ui import blocks, state, words
from core.ui.compare import parallel, runactions, runrows, sending
from core.ui.compare.runrows import Line
from core.ui.labels import detector

SELECTED = "runs"  # name in the URL: the first digits of model and dataset of each run, «.» between runs
HERE, EVERYWHERE = "This dataset", "All datasets"
SORTS = {"Newest first": None, "Best first": "main", "Fastest training first": "fit_s", "Fastest first": "ms",
         "Least memory first": "mib"}  # fmt: skip


def show(current: DatasetRow | None) -> None:
    """The table with its filters, what can be done with the selected runs, and settings against figures."""
    every = runrows.lines()
    blocks.headed(
        "Runs",
        "Every run of this workspace: one model's scores over one dataset, with figures, settings, time and memory.",
        "«Settings that differ» names what is not the same among the runs of one detector. Select two to six runs over "
        "one dataset to compare them; one to open, repeat, tag or change it.",
        "Figures compare only over the same dataset. Time depends on the machine and on what else it did.",
    )
    gone = runrows.lines(deleted=True)
    runactions.undo(gone)
    shown = _filtered(every, current) if every else []
    if not shown:
        st.caption("No run fits these filters." if every else "Nothing was run yet. Train a detector to see it here.")
        runactions.removed(gone)
        return
    chosen = _table(shown)
    runactions.show(chosen, shown)
    parallel.show(shown)
    sending.show(shown, chosen)
    runactions.removed(gone)


def _filtered(every: Sequence[Line], current: DatasetRow | None) -> list[Line]:
    """Filters and order; all of them are in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="run-filters"):
        where = st.segmented_control(
            "Runs of", [HERE, EVERYWHERE], default=HERE, required=True, key="scope", bind="query-params"
        )
        names = sorted({detector(line.model.detector) for line in every})
        wanted = st.multiselect("Detectors", names, key="detectors", bind="query-params", placeholder="All", width=220)
        tags = sorted({tag for line in every for tag in line.run.tags})
        tagged = st.multiselect("Tags", tags, key="tags", bind="query-params", placeholder="Any", width=180)
        text = st.text_input("Find", key="called", bind="query-params", placeholder="Name or note", width=180)
        order = st.selectbox("Order", list(SORTS), key="order", bind="query-params", width=200)
    found = [
        line
        for line in every
        if (where == EVERYWHERE or current is None or line.dataset.id == current.id)
        and (not wanted or detector(line.model.detector) in wanted)
        and (not tagged or set(tagged) & set(line.run.tags))
        and text.casefold() in f"{line.model.name} {line.run.note}".casefold()
    ]
    return _ordered(found, SORTS[order])


def _ordered(shown: list[Line], by: str | None) -> list[Line]:
    """Newest first, or by a figure; runs that do not have it come last."""
    if by is None:
        return shown

    def rank(line: Line) -> float:
        value = line.metrics.get(runrows.MAIN[line.modality]) if by == "main" else line.cost()[by]
        return float("inf") if value is None else -value if by == "main" else value

    return sorted(shown, key=rank)


def _table(shown: Sequence[Line]) -> list[Line]:
    names = [name_of(line) for line in shown]
    asked = st.query_params.get(SELECTED, "").split(".")
    # Another order or filter is another table: a selection is by place, and would then mean other runs.
    key = hashlib.sha256("".join(names).encode()).hexdigest()[:12]
    frame = runrows.frame(shown)
    event = st.dataframe(
        frame,
        key=f"runs-table-{key}-{st.session_state.get('_runs_generation', 0)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [at for at, name in enumerate(names) if name in asked]}},
        column_config=_columns(),
        placeholder="-",
        alt=f"{words.count(len(shown), 'run')} with model, dataset, settings and figures",
    )
    chosen = [at for at in event.selection.rows if at < len(shown)]
    if chosen:
        st.query_params[SELECTED] = ".".join(names[at] for at in chosen)
    else:
        st.query_params.pop(SELECTED, None)
    return [shown[at] for at in chosen]


def name_of(line: Line) -> str:
    """A run in the URL. Not its id, which changes when the same model scores the same dataset again."""
    return f"{line.model.id[: state.SHORT]}-{line.dataset.id[: state.SHORT]}"


def _columns() -> dict[str, Any]:
    column = st.column_config
    three, two = column.NumberColumn(format="%.3f"), column.NumberColumn(format="%.2f")
    return {
        **dict.fromkeys([*runrows.IMAGE.values(), *runrows.SERIES.values()], three),
        "Model": column.TextColumn(pinned=True),
        "Settings that differ": column.TextColumn(width="large"),
        "Delay, steps": column.NumberColumn(format="%.0f"),
        "Right sensor first": two,
        "Training, s": column.NumberColumn(format="%.1f"),
        "ms an item": column.NumberColumn(format="%.3g", help="Milliseconds an image, or a step of a recording."),
        "Memory, MiB": column.NumberColumn(format="%.0f", help="At most, of the process that trained or scored."),
        "Tags": column.ListColumn(),
        "Note": column.TextColumn(width="medium"),
        "Created": column.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=st.context.timezone),
    }
