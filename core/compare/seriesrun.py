"""From a stored run over recordings to its evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.compare.series import ScoredUnit, evaluate_series
from core.datasets.series import Event, SeriesSet
from core.detectors.series.calibration import Mode
from core.progress import Progress
from core.store.seriesmodel import load_series_model
from core.store.seriesrun import SeriesRun, scored_units

RATE = 0.001  # of false alarms a step, where nobody asked for another


def evaluate_run(
    run: SeriesRun,
    model: Path,
    data: SeriesSet,
    *,
    rate: float = RATE,
    mode: Mode = "settled",
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress = Progress(),
) -> dict[str, Any] | None:
    """The object behind ``evaluate --json`` for recordings; None where nobody said what is anomalous.

    ``mode``: judge with hindsight, or by what was known at once. Runs to failure are judged by the latter always: an
    early warning is given at once or not at all.
    """
    units = list(_units(run, model, data, rate, mode))
    if not any(unit.events is not None or unit.failed for unit in units):
        return None
    return evaluate_series(
        units, rate=rate, seed=seed, bootstrap=bootstrap, us_per_step=run.info.us_per_step, progress=progress
    )


def _units(run: SeriesRun, model: Path, data: SeriesSet, rate: float, mode: Mode) -> Iterator[ScoredUnit]:
    found, _ = load_series_model(model)
    wanted = data.where(lambda unit: unit.name in set(run.info.units))
    raw = {unit.name: unit for unit in (wanted if wanted.units else scored_units(data)).units}
    for unit in found.prepared(wanted).units:
        if raw[unit.name].split == "train":
            continue
        member = found.member(unit.machine)
        own: Mode = "now" if unit.failed else mode
        rows = run.scores(unit.name, [own])
        yield ScoredUnit(
            name=unit.name,
            machine=unit.machine,
            scores=rows[own].to_numpy(),
            threshold=member.calibration.threshold(rate, own),
            events=_of_signals(unit.events, member.scaler.signals),
            parts=np.asarray(run.parts(unit.name, own)),
            abs_z=np.nan_to_num(np.abs(member.scaler.apply(np.asarray(unit.values)))),
            healthy=unit.healthy,
            failed=unit.failed,
            time=np.asarray(unit.time),
            warmup=member.detector.context - 1,
        )


def _of_signals(events: tuple[Event, ...] | None, signals: Sequence[int]) -> tuple[Event, ...] | None:
    """Events with their sensors counted among the signals, as parts are; a condition is never blamed."""
    place = {column: index for index, column in enumerate(signals)}
    if events is None:
        return None
    return tuple(
        replace(event, sensors=tuple(place[column] for column in event.sensors if column in place)) for event in events
    )
