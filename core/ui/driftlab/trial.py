"""The work behind the lab, kept by what was dialled in. Here the detector is loaded into the server, once somebody has
asked for it: a drift is looked at while one turns a knob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.ui import rooms

if TYPE_CHECKING:
    from core.datasets.series import SeriesSet
    from core.detectors.series.model import SeriesModel
    from core.drift.lab import Judged
    from core.drift.noticed import Noticed
    from core.drift.scenarios import Drift
    from core.drift.state import ViewName

LONGEST = 20_000  # steps that are judged while somebody waits


@dataclass(frozen=True)
class Asked:
    """One trial. ``onset`` in steps of the model; ``sensors`` empty: all; ``other``: where a load switch goes to."""

    model_id: str
    dataset_id: str
    unit: str
    drift: Drift
    onset: int
    sensors: tuple[str, ...] = ()
    other: str = ""

    @property
    def key(self) -> str:
        """The same for two that ask for the same."""
        parts = (self.model_id, self.dataset_id, self.unit, self.drift, self.onset, self.sensors, self.other)
        return repr(parts)


def model(model_id: str) -> SeriesModel:
    """The detector, ready to judge."""
    return _model(model_id)


def data(dataset_id: str, unit: str, model_id: str) -> SeriesSet:
    """The recordings, the chosen one cut to ``LONGEST`` steps."""
    return _data(dataset_id, unit, model_id)


def clean(asked: Asked) -> Judged:
    """The recording as it is."""
    return _clean(asked.model_id, asked.dataset_id, asked.unit)


def changed(asked: Asked) -> Judged:
    """The same with the drift."""
    return _changed(asked.key, asked)


def noticed(asked: Asked) -> tuple[list[Noticed], list[ViewName]]:
    """Which detectors of drift spoke. UserError where nobody can tell what is usual."""
    return _noticed(asked.key, asked)


@st.cache_resource(max_entries=2, show_spinner="Loading the detector")
def _model(model_id: str) -> SeriesModel:
    from core.store.seriesmodel import load_series_model

    return load_series_model(rooms.models().folder(model_id))[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _data(dataset_id: str, unit: str, model_id: str) -> SeriesSet:
    from core.detectors.series.model import aligned
    from core.drift.lab import hop

    found = model(model_id)
    whole = aligned(rooms.datasets().series(dataset_id), found.raw_sensors)
    most = LONGEST * hop(found)
    return whole.of([one.cut(0, most) if one.name == unit and len(one) > most else one for one in whole.units])


@st.cache_resource(max_entries=8, show_spinner="Judging the recording")
def _clean(model_id: str, dataset_id: str, unit: str) -> Judged:
    from core.drift.lab import judge

    whole = data(dataset_id, unit, model_id)
    return judge(model(model_id), whole.of([whole.by_name[unit]]))


@st.cache_resource(max_entries=32, show_spinner="Judging the drifted recording")
def _changed(key: str, _asked: Asked) -> Judged:
    from core.drift.lab import drifted, judge

    whole, found = data(_asked.dataset_id, _asked.unit, _asked.model_id), model(_asked.model_id)
    return judge(
        found,
        drifted(found, whole, _asked.unit, _asked.drift, _asked.onset, sensors=_asked.sensors, other=_asked.other),
    )


@st.cache_resource(max_entries=32, show_spinner="Asking the detectors of drift")
def _noticed(key: str, _asked: Asked) -> tuple[list[Noticed], list[ViewName]]:
    from core.drift import lab
    from core.live.drift import reference_of

    found, before = model(_asked.model_id), clean(_asked)
    machine = before.unit.machine
    reference = reference_of(rooms.workspace(), _asked.model_id, found, machine)
    return lab.noticed(found.member(machine), reference, before, changed(_asked), _asked.onset)
