"""From a stored run over recordings to its evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.compare.scoredunit import TOGETHER, ScoredUnit, by_machine, joined
from core.compare.series import evaluate_series
from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.detectors.series.calibration import RATE, Mode
from core.detectors.series.model import SHARED, Member
from core.metrics.dynamic import dynamic_threshold
from core.metrics.series.figures import RANKING, Figures, mean, ranking
from core.metrics.series.stretches import Policy
from core.progress import Progress
from core.store.seriesmodel import load_series_calibrations, load_series_model
from core.store.seriesrun import SeriesRun
from core.streaming.limits import AdaptiveLimit

Threshold = Literal["fixed", "dynamic", "adaptive"]
BOOTSTRAP = 200  # resamples


def evaluate_run(
    run: SeriesRun,
    model: Path,
    data: SeriesSet,
    *,
    rate: float = RATE,
    mode: Mode = "settled",
    threshold: Threshold = "fixed",
    seed: int = 0,
    bootstrap: int = BOOTSTRAP,
    progress: Progress = Progress(),
) -> dict[str, Any] | None:
    """The object behind ``evaluate --json`` for recordings; None where nobody said what is anomalous.

    ``mode``: judge with hindsight, or by what was known at once. Runs to failure are judged by the latter always: an
    early warning is given at once or not at all. The ranking figures of what was known at once stand under ``now`` in
    either case. ``threshold``: the calibration's, telemanom's dynamic one, or one that
    follows each unit without learning from its own alarms.
    """
    units = judged_units(run, model, data, rate=rate, mode=mode, threshold=threshold)
    if not any(unit.events is not None or unit.failed for unit in units):
        return None
    found = evaluate_series(
        units, rate=rate, seed=seed, bootstrap=bootstrap, us_per_step=run.info.us_per_step, progress=progress
    )
    return found | {"now": _ranked_early(run, units)}


def _ranked_early(run: SeriesRun, units: Sequence[ScoredUnit]) -> Figures:
    """``RANKING`` by what was known at once, per machine, then averaged; None where there is nothing to rank."""
    early = {str(name): rows.to_numpy() for name, rows in run.scores(columns=["unit", "now"]).groupby("unit")["now"]}
    known = [replace(unit, scores=early.get(unit.name, unit.scores)) for unit in units]
    machines = [ranking(joined(own, Policy())) for own in by_machine(known).values()]
    return {name: mean(one[name] for one in machines) for name in RANKING}


def judged_units(
    run: SeriesRun,
    model: Path,
    data: SeriesSet,
    *,
    rate: float = RATE,
    mode: Mode = "settled",
    threshold: Threshold = "fixed",
) -> list[ScoredUnit]:
    """The labelled and the failed test recordings of a run with what the model said about them: what
    ``evaluate_series`` takes. Options as of ``evaluate_run``."""
    units = list(_units(run, model, data, rate, mode, threshold))
    return _together(units) if SHARED in load_series_calibrations(model) else units


def _units(
    run: SeriesRun, model: Path, data: SeriesSet, rate: float, mode: Mode, threshold: Threshold
) -> Iterator[ScoredUnit]:
    found, _ = load_series_model(model)
    scored = frozenset(run.info.units)
    told = data.where(lambda unit: unit.split == "test" and (unit.events is not None or unit.failed))
    judged = told.where(lambda unit: unit.name in scored)
    yield from (_never_alarmed(unit) for unit in told.units if unit.machine in found.refused)
    if not judged.units:
        return
    rows = run.scores(columns=["unit", "now", "settled"])
    spans = {
        name: slice(int(rows_of[0]), int(rows_of[-1]) + 1) for name, rows_of in rows.groupby("unit").indices.items()
    }
    for unit in found.prepared(judged).units:
        member = found.member(unit.machine)
        own: Mode = "now" if unit.failed else mode
        scores = rows[own].to_numpy()[spans[unit.name]]
        limit = member.calibration.threshold(rate, own)
        yield ScoredUnit(
            name=unit.name,
            machine=unit.machine,
            scores=scores,
            threshold=limit if threshold == "fixed" else _followed(scores, threshold, member, own, rate),
            events=_of_signals(unit.events, member.scaler.signals),
            parts=np.asarray(run.parts(unit.name, own)),
            abs_z=np.nan_to_num(np.abs(member.scaler.apply(np.asarray(unit.values)))),
            healthy=unit.healthy,
            failed=unit.failed,
            time=np.asarray(unit.time),
            warmup=member.detector.context - 1,
        )


def _together(units: list[ScoredUnit]) -> list[ScoredUnit]:
    """Units of one model, on one axis. Where every machine is either normal or anomalous throughout, none can be judged
    by itself: they are taken together."""
    kinds: dict[str, set[bool]] = {}
    for unit in units:
        kinds.setdefault(unit.machine, set()).update([] if unit.labels is None else np.unique(unit.labels).tolist())
    if any(len(found) == 2 for found in kinds.values()) or set[bool]().union(*kinds.values()) != {True, False}:
        return units
    return [replace(unit, machine=TOGETHER) for unit in units]


def _followed(
    scores: NDArray[np.float64], threshold: Threshold, member: Member, mode: Mode, rate: float
) -> NDArray[np.float64]:
    """(n,) what the scores are held against by a rule that follows them: below a score that alarms, else not."""
    if threshold == "dynamic":
        alarms = dynamic_threshold(scores - scores.min()).alarms
    else:
        surprise = member.calibration.surprise(scores, mode)
        limits = AdaptiveLimit(rate, member.detector.context + member.detector.delay).push(surprise)
        alarms = surprise > limits
    return np.where(alarms, np.nextafter(scores, -np.inf), scores)


def _never_alarmed(unit: SeriesUnit) -> ScoredUnit:
    """A machine that could not be learned: all its steps alike, its events missed."""
    return ScoredUnit(
        name=unit.name,
        machine=unit.machine,
        scores=np.zeros(len(unit)),
        threshold=np.inf,
        events=tuple(replace(event, sensors=()) for event in unit.events) if unit.events is not None else None,
        healthy=unit.healthy,
        failed=unit.failed,
        time=np.asarray(unit.time),
    )


def _of_signals(events: tuple[Event, ...] | None, signals: Sequence[int]) -> tuple[Event, ...] | None:
    """Events with their sensors counted among the signals, as parts are; a condition is never blamed."""
    place = {column: index for index, column in enumerate(signals)}
    if events is None:
        return None
    return tuple(
        replace(event, sensors=tuple(place[column] for column in event.sensors if column in place)) for event in events
    )
