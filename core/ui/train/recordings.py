"""What recordings offer for training: normal steps, of which machines, and how they are divided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.datasets.series import Kind
from core.detectors.base import DetectorInfo
from core.detectors.registry import of as detectors_of
from core.store.datasets import DatasetRow
from core.ui import blocks, nav, rooms, words

Scope = Literal["one", "each"]
SCOPES: dict[Scope, str] = {"one": "One model for all machines", "each": "One model per machine"}


@dataclass(frozen=True)
class Material:
    """Counts of a dataset's normal training data. ``recordings`` holds the recordings of each machine that have some;
    ``proxy``: there are no labels, and the first part of each recording stands for normal."""

    kind: Kind
    fleet: bool
    signals: int
    conditions: int
    steps: int
    recordings: dict[str, int]
    proxy: bool

    @property
    def machines(self) -> int:
        return len(self.recordings)

    @property
    def usual_scope(self) -> Scope:
        return "one" if self.fleet else "each"


@st.cache_data(max_entries=16, show_spinner=False)
def of(dataset_id: str) -> Material:
    """The figures of a dataset; its content never changes under one id."""
    data = rooms.datasets().series(dataset_id)
    normals = data.normals()
    pairs = {(unit.machine, unit.name) for unit in normals.units}
    return Material(
        kind=data.kind,
        fleet=data.fleet,
        signals=len(data.signals),
        conditions=len(data.conditions),
        steps=normals.n_steps,
        recordings=dict(Counter(machine for machine, _ in sorted(pairs))),
        proxy=any(unit.healthy is not None for unit in data.units if unit.split == "train"),
    )


def show(row: DatasetRow, found: Material, scope: Scope) -> None:
    """Four figures and the sentence of what is learned from and what is held out."""
    noun = "reading" if found.kind == "rows" else "sample" if found.kind in ("waveform", "sound") else "step"
    with st.grid(4, min_column_width=150):
        st.metric(
            f"Normal {noun}s to learn from",
            f"{found.steps:,}",
            border=True,
            help="Of training recordings, less what is labelled anomalous.",
        )
        st.metric("Machines", f"{found.machines:,}", border=True, help="That have normal training data.")
        st.metric("Recordings", f"{sum(found.recordings.values()):,}", border=True)
        st.metric(
            "Sensors judged",
            f"{found.signals:,}",
            border=True,
            help=f"Beside them {words.count(found.conditions, 'operating condition')}: what the machine was asked to "
            "do. Detectors judge sensors in its light, never the condition itself.",
        )
    if not found.steps:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.error(
                f"«{words.plain(row.name)}» has no normal training data: no detector can learn from it.",
                icon=":material/error:",
            )
            st.page_link(nav.page("data"), label="Add recordings", icon=":material/add:")
        return
    st.markdown(
        f"**{words.count(found.steps, f'normal {noun}')}** of {words.count(found.machines, 'machine')}; "
        f"{held_out(found, scope)} is held out, to set the alarm limit on normal data that the detector never saw."
        + (" Nothing is labelled here: the first part of each recording stands for normal." if found.proxy else "")
    )


def held_out(found: Material, scope: Scope) -> str:
    """What training will set aside, in words; the rule is that of ``detectors.series.training``."""
    from core.detectors.series.training import WHOLE_UNITS

    groups = [sum(found.recordings.values())] if scope == "one" else list(found.recordings.values())
    if min(groups) >= WHOLE_UNITS:
        return (
            "a fifth of the recordings, each of them whole,"
            if scope == "one"
            else "a fifth of each machine's recordings"
        )
    if max(groups) >= WHOLE_UNITS:
        return "a fifth of a machine's recordings, or the last fifth of each where it has few,"
    return "the last fifth" if len(groups) == sum(groups) == 1 else "the last fifth of each normal stretch"


def refusal(entry: DetectorInfo, row: DatasetRow, found: Material) -> str | None:
    """Why this detector cannot learn from this dataset, None where it can."""
    if found.kind == "rows" and not entry.rows:
        able = ", ".join(other.title for other in detectors_of("series").values() if other.rows)
        return (
            f"{entry.title} needs readings that follow each other in time, and «{row.name}» holds independent rows. "
            f"Choose {able}."
        )
    return None


def expected(entry: DetectorInfo, row: DatasetRow) -> str:
    """How long a training will take, judging by the last one of the same detector."""
    steps = {other.id: other.n_steps for other in rooms.datasets().list() if other.modality == "series"}
    for model in rooms.models().list():
        if model.detector == entry.name and steps.get(model.dataset_id):
            then, seconds = steps[model.dataset_id], model.manifest.fit_seconds
            guess = blocks.duration(seconds * row.n_steps / then)
            return (
                f"About {guess}, judging by «{words.plain(model.name)}», which took {blocks.duration(seconds)} for a "
                f"dataset of {then:,} steps. Other settings change that."
            )
    return f"{entry.title} was not trained here yet; the time left is shown once it has begun."
