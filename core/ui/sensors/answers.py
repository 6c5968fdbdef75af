"""Explanations that a job has made: found, asked for, read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.charts.signals import decimate, torn
from core.datasets.series import SeriesUnit
from core.jobs.job import Job
from core.ui import rooms
from core.ui.sensors.chosen import Chosen

KIND = "explain"


@dataclass(frozen=True)
class Answer:
    """``said`` is what ``core.explain.record`` wrote; arrays lie beside it."""

    path: Path
    said: Mapping[str, Any]

    @property
    def expected_by(self) -> str:
        return str(self.said["expected_by"])

    def expected(self, unit: SeriesUnit, sensor: int, start: int, stop: int, points: int) -> tuple[Any, Any]:
        """Times and readings that were expected of a signal from ``start`` to ``stop - 1``, as far as they are known,
        at most so many."""
        readings = np.load(self.path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        first = int(self.said["first"])
        low, high = max(start, first), min(stop, first + len(readings))
        time, values = np.asarray(unit.time[low:high]), np.asarray(readings[low - first : high - first, sensor])
        return decimate(*torn(time, values), points)

    def methods(self) -> dict[str, Mapping[str, Any]]:
        """Those that were not refused."""
        return {name: one for name, one in self.said["methods"].items() if one["refused"] is None}

    def order(self) -> list[int]:
        """Signals by blame of the first method."""
        first = next(iter(self.methods().values()))
        return [int(k) for k in np.argsort(-np.asarray(first["blame"], float), kind="stable")]


def spec(chosen: Chosen) -> dict[str, Any]:
    scored = chosen.scored
    return {
        "run_id": scored.judged.run_id,
        "unit": scored.unit.name,
        "start": chosen.start,
        "stop": chosen.stop,
        "mode": scored.mode,
    }


def job(chosen: Chosen) -> Job | None:
    """The latest job that explains exactly this stretch."""
    return rooms.jobs().find(KIND, spec(chosen))


def ask(chosen: Chosen) -> None:
    """Start explaining; the same stretch is never explained twice."""
    title = f"Causes in {chosen.scored.unit.name}, steps {chosen.start} to {chosen.stop - 1}"
    rooms.jobs().submit(KIND, spec(chosen), title=title)


def read(found: Job | None) -> Answer | None:
    """What a finished job has found; None where there is none, or it is gone with its run."""
    if found is None or found.state != "succeeded" or not found.result:
        return None
    path = Path(found.result["path"])
    return Answer(path, _said(str(path))) if path.is_file() else None


@st.cache_data(max_entries=32, show_spinner=False)
def _said(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found
