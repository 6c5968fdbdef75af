"""What if a sensor had read otherwise? The one view that loads the detector into the server, when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.charts import causes as charts
from core.ui import blocks, errors, rooms
from core.ui.dataset.series import view
from core.ui.sensors.chosen import Chosen, Where

if TYPE_CHECKING:
    from core.explain.whatif import Change

CHANGES: dict[str, Change] = {
    "reads what the others let expect": "expected",
    "reads its usual value": "usual",
    "is shifted": "shift",
    "is frozen": "freeze",
}
LONGEST = 5000  # steps rescored while somebody waits
_TRIED = "_what_if"


def show(chosen: Chosen, order: list[int], limit: float) -> None:
    """The choice of sensors and of a change, and the surprise before and after."""
    blocks.headed(
        "What if?",
        "The stretch is scored again with some readings replaced, exactly as the detector would have.",
        "If the alarm goes away when a sensor reads what it should, that sensor explains it.",
        f"At most {LONGEST:,} steps. What the others let expect is a linear regression on normal running. Readings "
        "before the stretch stay as they were, and a detector that looks back still sees them in its first steps: "
        "begin the stretch where the fault begins.",
    )
    if chosen.n > LONGEST:
        st.caption(f"Choose a stretch of at most {LONGEST:,} steps.")
        return
    names = chosen.scored.judged.sensors
    with st.form("what-if", border=False):
        columns = st.columns([4, 3, 2], vertical_alignment="bottom")
        sensors = columns[0].multiselect("Sensors", names, default=[names[order[0]]], key="what-if-sensors")
        change = columns[1].selectbox("Each", list(CHANGES), key="what-if-change")
        by = columns[2].number_input("By, where shifted (usual spreads)", -20.0, 20.0, 2.0, 0.5, key="what-if-by")
        if st.form_submit_button("Score again", icon=":material/science:", key="what-if-go"):
            edits = tuple((names.index(name), CHANGES[change], float(by)) for name in sensors)
            st.session_state[_TRIED] = (chosen.where, edits)
    where, edits = st.session_state.get(_TRIED, (None, ()))
    if where != chosen.where or not edits:
        st.caption("Choose what to change and score again.")
        return
    with errors.shown(), st.spinner("Loading the detector and scoring"):
        _result(chosen, edits, limit)


def _result(chosen: Chosen, edits: tuple[tuple[int, Change, float], ...], limit: float) -> None:
    scored = chosen.scored
    before, after = _rescored(chosen.where, edits, scored.judged.model.id, scored.judged.dataset_id)
    worst, now = float(before.max()), float(after.max())
    verdict = "no alarm is left" if now <= limit else f"{int((after > limit).sum())} of {len(after)} steps still alarm"
    st.markdown(f"The highest surprise goes from **{worst:.2f}** to **{now:.2f}**: {verdict}.")
    x = view.axis(scored.judged.data, scored.unit.time[chosen.start : chosen.stop])
    figure = charts.before_and_after(x, before, after, limit=limit, title=view.title(scored.judged.data))
    blocks.plot(figure, key="what-if-chart", alt=f"Surprise before and after: highest {worst:.2f}, then {now:.2f}")


@st.cache_data(max_entries=32, show_spinner=False)
def _rescored(
    where: Where,
    edits: tuple[tuple[int, Change, float], ...],
    model_id: str,
    dataset_id: str,
) -> tuple[Any, Any]:
    from core.explain.whatif import Edit, what_if

    _, unit, mode, start, stop = where
    model, data = _model(model_id, dataset_id)
    reference = _reference(model_id, dataset_id, data.by_name[unit].machine)
    found = what_if(
        model, data.by_name[unit], start, stop, [Edit(*one) for one in edits], mode=mode, reference=reference
    )
    return np.asarray(found.surprise_before), np.asarray(found.surprise_after)


@st.cache_resource(max_entries=2, show_spinner=False)
def _model(model_id: str, dataset_id: str) -> tuple[Any, Any]:
    from core.store.seriesmodel import load_series_model

    model, _ = load_series_model(rooms.models().folder(model_id))
    return model, model.prepared(rooms.datasets().series(dataset_id))


@st.cache_resource(max_entries=4, show_spinner=False)
def _reference(model_id: str, dataset_id: str, machine: str) -> Any:
    from core.explain.reference import Reference

    model, data = _model(model_id, dataset_id)
    return Reference.of(model, data, machine)
