"""A run over recordings as the page shows it. What is read from disk is kept by run, which never changes; no detector
is loaded: the scores and each sensor's part in them lie in the run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.datasets.series import SeriesSet, SeriesUnit
from core.detectors.series.calibration import Mode
from core.metrics.series.stretches import Policy, Stretches
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.ui import rooms

if TYPE_CHECKING:
    from core.detectors.series.outline import Outline
    from core.store.seriesrun import SeriesRun

MERGE = 20  # steps between two alarms that are told as one


@dataclass(frozen=True)
class Judged:
    """One model's run over one dataset."""

    dataset_id: str
    model: ModelRow
    run: SeriesRun
    metrics: dict[str, Any] | None
    data: SeriesSet  # as the model takes it: its sensors, raw signals cut into frames
    outline: Outline

    @property
    def run_id(self) -> str:
        return self.run.folder.name

    @property
    def units(self) -> list[str]:
        """Names of the recordings that were scored."""
        return list(self.run.info.units)

    @property
    def sensors(self) -> list[str]:
        """Names of the signals, as parts are ordered."""
        return list(self.run.info.sensors)


@dataclass(frozen=True)
class Scored:
    """One recording of a run, judged in one mode."""

    judged: Judged
    unit: SeriesUnit
    mode: Mode

    @cached_property
    def surprise(self) -> NDArray[np.float64]:
        """(n,) -log10 p of each step."""
        return _surprise(self.judged.run_id, self.unit.name, self.mode, self.judged.run)

    @cached_property
    def parts(self) -> NDArray[np.float32]:
        """(n, d) mapped from disk."""
        return self.judged.run.parts(self.unit.name, self.mode)

    def alarms(self, limit: float) -> Stretches:
        """(k, 2) stretches above the limit, those close to each other as one."""
        return Policy(merge=MERGE).episodes(self.surprise > limit)

    def scaled(self, start: int, stop: int) -> NDArray[np.float32]:
        """(n, d) readings of the signals in usual spreads."""
        scaler = _scaler(self.judged.model.id, self.unit.machine, self.judged.outline)
        return np.asarray(scaler.apply(self.unit.values[start:stop]), np.float32)

    def column(self, sensor: int) -> int:
        """The place of a signal among the data's columns."""
        return self.judged.data.signals[sensor]


def load(dataset_id: str, model: ModelRow, row: RunRow) -> Judged:
    """What a run needs to be shown."""
    run, outline, data = _opened(row.id, dataset_id, model.id)
    return Judged(dataset_id, model, run, row.metrics, data, outline)


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(run_id: str, dataset_id: str, model_id: str) -> tuple[Any, Any, SeriesSet]:
    from core.detectors.series.outline import Outline
    from core.store.seriesrun import SeriesRun

    outline = Outline.load(rooms.models().folder(model_id) / "state")
    return SeriesRun(rooms.workspace().runs / run_id), outline, outline.prepared(rooms.datasets().series(dataset_id))


@st.cache_resource(max_entries=64, show_spinner=False)
def _surprise(run_id: str, unit: str, mode: str, _run: Any) -> NDArray[np.float64]:
    column = f"surprise_{mode}"
    return np.asarray(_run.scores(unit, [column])[column].to_numpy(), np.float64)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scaler(model_id: str, machine: str, _outline: Any) -> Any:
    return _outline.scaler(machine)
