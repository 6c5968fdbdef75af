"""What is to be measured: where the data lie, which detectors, how many categories."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.compare.papers.tables import Table, chosen
from core.detectors import registry
from core.detectors.base import MAX_SEED
from core.errors import UserError
from core.ui import errors, rooms, state, words
from core.ui.dataset import uploads
from core.ui.labels import labels
from core.ui.papers import sending

A_FOLDER, A_DATASET = "A folder on the server", "A dataset of the workspace"


def form(table: Table) -> None:
    """The inputs, and the button that starts the run."""
    with st.container(border=True, key="papers-setup"), errors.shown():
        st.subheader(f"Measure {words.plain(table.title)}", anchor=False)
        st.caption(f"Layout: {words.plain(table.layout)}. To be had from: {words.plain(table.data)}")
        source = _source(table)
        usual = [one.label for one in table.methods]
        others = [name for name in registry.of(table.modality) if name not in usual]
        methods = st.multiselect(
            "Detectors", [*usual, *others], default=usual, key=f"papers-methods-{table.name}",
            accept_new_options=True,
            help="As on the command line: a name, a preset behind a colon, settings behind commas: "
            "`patchcore:paper`, `patchcore,bank_size=4000`.",
        )  # fmt: skip
        left, right = st.columns(2)
        limit = left.number_input(
            "Categories at most", 1, len(table.categories), len(table.categories), key=f"papers-limit-{table.name}",
            help="Machines, channels or subsets of recordings; in the order of the table.",
        )  # fmt: skip
        seed = right.number_input("Seed", 0, MAX_SEED, key="papers-seed", value=0)
        if not methods:
            raise UserError("No detector is chosen", "", "Choose one at least")
        chosen(table, tuple(methods))
        ready = source is not None
        if st.button(
            "Measure", type="primary", icon=":material/play_arrow:", key="papers-go", disabled=not ready,
            help=None if ready else "Name the data above first",
        ):  # fmt: skip
            whole = limit == len(table.categories)
            spec = {"benchmark": table.name, "methods": methods, "limit": None if whole else limit, "seed": seed}
            sending.start(spec | (source or {}), f"Papers' table: {table.title}")
        st.caption("It goes on when you close the page. What was measured before is not measured again.")


def _source(table: Table) -> dict[str, Any] | None:
    """Where the data are; None while nothing is named."""
    rows = [row for row in rooms.datasets().list() if row.modality == table.modality]
    kinds = [A_FOLDER, A_DATASET] if rows else [A_FOLDER]
    kind = st.segmented_control("Data", kinds, default=A_FOLDER, required=True, key="papers-source")
    if kind == A_DATASET:
        names = labels({row.id: row.name for row in rows})
        current = state.dataset()
        first = current.id if current is not None and current.id in names else rows[0].id
        place = list(names).index(first)
        return {"dataset_id": st.selectbox("Dataset", names, place, names.__getitem__, key="papers-dataset")}
    typed = st.text_input(
        "Folder", placeholder=str(uploads.roots()[0] / table.name), key="papers-folder",
        help=f"Below {', '.join(f'`{root}`' for root in uploads.roots())}. Nothing is changed there.",
    )  # fmt: skip
    return {"path": str(uploads.allowed_path(typed))} if typed else None
