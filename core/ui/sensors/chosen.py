"""The stretch that is looked at: from the URL, else the worst alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.datasets.series import Event
from core.detectors.series.calibration import Mode
from core.metrics.series.stretches import Stretches
from core.ui.dataset.series import view
from core.ui.sensors.judged import Scored

Where = tuple[str, str, Mode, int, int]  # run, recording, mode, start, stop
AROUND = 25  # steps shown where there is no alarm at all, before and after the most surprising one


@dataclass(frozen=True)
class Chosen:
    """Steps ``start`` to ``stop - 1`` of a scored recording. ``asked``: the URL names them."""

    scored: Scored
    start: int
    stop: int
    asked: bool

    @property
    def where(self) -> Where:
        """What names it among all stretches of all runs."""
        scored = self.scored
        return scored.judged.run_id, scored.unit.name, scored.mode, self.start, self.stop

    @property
    def n(self) -> int:
        return self.stop - self.start

    def events(self) -> list[Event]:
        """Labelled ones that share a step with it."""
        return [one for one in self.scored.unit.events or () if one.start < self.stop and one.stop > self.start]

    def around(self) -> tuple[int, int]:
        """Where to draw: as much again on either side."""
        margin = max(self.n, AROUND)
        return max(self.start - margin, 0), min(self.stop + margin, len(self.scored.unit))


def of(scored: Scored, alarms: Stretches) -> Chosen:
    """What the URL asks for; else the alarm with the most surprising step, else what is around that step."""
    found = view.of(scored.unit)
    if not found.whole:
        return Chosen(scored, found.start, found.stop, True)
    if view.PARAM in st.query_params:
        view.forget()
    peak = int(np.argmax(scored.surprise))
    for start, stop in alarms:
        if start <= peak < stop:
            return Chosen(scored, int(start), int(stop), False)
    return Chosen(scored, max(peak - AROUND, 0), min(peak + AROUND, len(scored.unit)), False)


def brushed(scored: Scored, key: str) -> None:
    """Look at the stretch that was dragged over in the chart of this key."""
    boxes: list[dict[str, Any]] = st.session_state[key]["selection"].get("box", [])
    if boxes:
        edges = sorted(_step(scored, edge) for edge in boxes[0]["x"])
        view.look_at(scored.unit, edges[0], min(edges[-1] + 1, len(scored.unit)))


def controls(chosen: Chosen, alarms: Stretches) -> None:
    """The stretch in numbers, and the ways to the alarms before and after it."""
    unit, generation = chosen.scored.unit, view.generation()
    before, after = alarms[alarms[:, 1] <= chosen.start], alarms[alarms[:, 0] >= chosen.stop]
    place = np.flatnonzero((alarms[:, 0] < chosen.stop) & (alarms[:, 1] > chosen.start))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="alarm-controls"):
        _step_to("Previous alarm", ":material/skip_previous:", chosen, before[-1:] if len(before) else before)
        _step_to("Next alarm", ":material/skip_next:", chosen, after[:1])
        start_key, stop_key = f"from-{generation}", f"to-{generation}"

        def typed() -> None:
            start, stop = st.session_state[start_key], st.session_state[stop_key]
            view.look_at(unit, min(start, stop), max(start, stop) + 1)

        last = len(unit) - 1
        st.number_input("From step", 0, last, chosen.start, key=start_key, on_change=typed, width=140)
        st.number_input("To step", 0, last, chosen.stop - 1, key=stop_key, on_change=typed, width=140)
        where = f"alarm {place[0] + 1} of {len(alarms)}" if len(place) else f"none of the {len(alarms)} alarms"
        when = view.span(chosen.scored.judged.data, unit, chosen.start, chosen.stop)
        long = f"{chosen.n:,} steps ({when})" if when else f"{chosen.n:,} steps"
        st.caption(f"{long}, {where}" if len(alarms) else f"{long}; no step is above the limit")


def _step_to(label: str, icon: str, chosen: Chosen, target: Stretches) -> None:
    where = (int(target[0, 0]), int(target[0, 1])) if len(target) else (0, 0)
    st.button(
        label, icon=icon, disabled=not len(target), on_click=view.look_at, args=(chosen.scored.unit, *where),
        key=label.lower().replace(" ", "-"),
    )  # fmt: skip


def _step(scored: Scored, x: Any) -> int:
    """The step at a place on the time axis."""
    if scored.judged.data.time_unit == "epoch":
        x = np.datetime64(str(x), "us").astype(np.int64) / 1e6
    return int(np.searchsorted(scored.unit.time, float(x)))
