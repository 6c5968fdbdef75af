"""What a person chooses for an analysis: measures, the one that grades, and what to do at each grade."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.severity.grades import Actions, read_actions
from core.severity.settings import RustSettings
from core.ui.rust import measures


def form(now: RustSettings, *, key: str) -> RustSettings:
    """The inputs, at first with what ``now`` says; the settings as they are chosen."""
    known = measures.titles()
    usual = tuple(name for name, info in known.items() if info.default_on)
    chosen = st.multiselect(
        "Measures", list(known), default=[name for name in now.measures or usual if name in known],
        key=f"{key}-measures", format_func=lambda name: known[name].title,
        help="Each is drawn with a curve of its own; fewer are quicker.",
    )  # fmt: skip
    areas = [name for name in chosen if known[name].is_area] or [now.rust_measure]
    leading = st.selectbox(
        "Grades and forecast follow", areas, key=f"{key}-leading", width=320,
        index=areas.index(now.rust_measure) if now.rust_measure in areas else 0,
        format_func=lambda name: known[name].title if name in known else name,
    )  # fmt: skip
    taken = None if set(chosen) == set(usual) or not chosen else tuple(name for name in known if name in chosen)
    return now.model_copy(
        update={"measures": taken, "rust_measure": leading, "actions": _actions(now.actions, key=key)}
    )


def _actions(now: Actions | None, *, key: str) -> Actions | None:
    """The editable table of what to do at Ri 0 to Ri 5; None where it is as it came."""
    usual = read_actions()
    with st.expander("What to do at each grade", icon=":material/checklist:"):
        edited = st.data_editor(
            pd.DataFrame({"Grade": [f"Ri {ri}" for ri in range(6)], "Action": list(now or usual)}),
            hide_index=True, disabled=["Grade"], key=f"{key}-actions",
            column_config={"Action": st.column_config.TextColumn(required=True, max_chars=120)},
        )  # fmt: skip
    said = tuple(str(action).strip() or usual[ri] for ri, action in enumerate(edited["Action"]))
    found: Actions = (said[0], said[1], said[2], said[3], said[4], said[5])
    return None if found == usual else found
