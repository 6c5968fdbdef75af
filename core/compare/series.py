"""Scored recordings against their labels: the object behind ``evaluate --json`` for series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.compare.scoredunit import ScoredUnit, by_machine, joined
from core.compare.seriesrows import CAUSES, abs_z_row, blames, mean_blame, oracle_f1, random_row
from core.metrics.intervals import percentile_interval
from core.metrics.series.alarms import delays
from core.metrics.series.causes import Blame
from core.metrics.series.failure import Life, judge_lives
from core.metrics.series.figures import FIGURES, POOLED, Figures, bootstrapped, combined, mean, measure
from core.metrics.series.stretches import Policy
from core.metrics.series.vus import WINDOW
from core.progress import Progress

__all__ = ["ScoredUnit", "evaluate_series"]

Floats = NDArray[np.float64]


def evaluate_series(
    units: Sequence[ScoredUnit],
    *,
    rate: float,
    seed: int = 0,
    bootstrap: int = 200,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    window: int = WINDOW,
    us_per_step: float | None = None,
    progress: Progress = Progress(),
) -> dict[str, Any]:
    """The metrics of scored units: a JSON object; a value that the data cannot give is None, never 0.

    Thresholds come with the units and promise a share of ``rate`` false alarms; ``f1_best`` alone has seen the labels.
    ``window`` is the longest buffer of VUS. ``bootstrap`` is the number of resamples behind ``ci95``, 0 for none.
    """
    machines = by_machine(units)
    series = {name: joined(own, policy) for name, own in machines.items()}
    measured = {}
    for done, (name, one) in enumerate(series.items()):
        progress.report(done, 5 * len(series), "Measuring")
        measured[name] = measure(one, policy, window=window)
    figures = combined(list(measured.values()))
    intervals, blocks = bootstrapped(
        list(series.values()),
        figures,
        policy,
        window=window,
        resamples=bootstrap,
        seed=seed,
        progress=progress.part(0.2, 0.9),
    )
    late = np.concatenate([np.zeros(0), *(delays(unit.alarms(policy), unit.events_at()) for unit in units)])
    blamed = blames(units, "event-max")
    lives = _run_to_failure(units, policy, bootstrap, seed)
    progress.report(0.9, 1, "Baselines")
    result: dict[str, Any] = dict.fromkeys(FIGURES) | figures
    result |= {
        "f1_best": mean(oracle_f1(one) for one in series.values()),
        **_late(late),
        "n_events": len(late),
        "threshold": _one(units),
        "rate": rate,
        **mean_blame(blamed),
        "root_cause": {
            "n_events": len(blamed),
            "event-max": mean_blame(blamed),
            "event-mean": mean_blame(blames(units, "event-mean")),
        },
        "score_us_per_step": us_per_step,
        "run_to_failure": lives,
        "per_machine": {
            name: {
                **measured[name].figures,
                **_late(np.concatenate([delays(unit.alarms(policy), unit.events_at()) for unit in own])),
                **mean_blame(blames(own, "event-max")),
                "threshold": _one(own),
                "n_steps": len(series[name]),
                "n_events": sum(len(unit.events_at()) for unit in own),
            }
            for name, own in machines.items()
        },
        "baselines": {
            "random": random_row(units, rate, policy, window, seed, lives["random_detected"] if lives else None),
            "abs_z": abs_z_row(units, policy, window),
        },
        "ci95": intervals | _event_intervals(late, blamed, bootstrap, seed),
        "protocol": _protocol(units, rate, policy, window, bootstrap, blocks),
    }
    progress.report(1, 1, "Measured")
    plain: dict[str, Any] = _plain(result)
    return plain


def _late(late: Floats) -> Figures:
    """Steps from an event's start to its alarm, over the events that had one, and the share of those that had none."""
    found = late[~np.isnan(late)]
    median, p90 = (float(value) for value in np.quantile(found, [0.5, 0.9])) if len(found) else (None, None)
    return {
        "delay_median": median,
        "delay_p90": p90,
        "events_missed": float(np.isnan(late).mean()) if len(late) else None,
    }


def _run_to_failure(units: Sequence[ScoredUnit], policy: Policy, bootstrap: int, seed: int) -> dict[str, Any] | None:
    """None where no machine ran until it failed. Beside those, machines of which a healthy part is known count for
    false alarms. Where the onset of the fault is labelled, the healthy part ends there: an alarm before is a false one,
    not an early warning."""
    lives = [
        Life(
            unit.name,
            unit.alarms(policy),
            np.arange(len(unit.scores), dtype=float) if unit.time is None else unit.time,
            _healthy(unit),
            unit.warmup,
            unit.failed,
        )
        for unit in units
        if unit.failed or (unit.healthy is not None and unit.events is None)
    ]
    return judge_lives(lives, resamples=bootstrap, seed=seed) if any(one.failed for one in lives) else None


def _healthy(unit: ScoredUnit) -> int | None:
    """Steps before the machine began to fail, None where nobody said."""
    if unit.healthy is not None or not unit.events:
        return unit.healthy
    return min(event.start for event in unit.events)


def _event_intervals(
    late: Floats, blamed: Sequence[Blame], bootstrap: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of the figures that are statistics over events: events are drawn."""
    rng, intervals = np.random.default_rng([seed, 2]), {}
    columns = {name: np.array([getattr(one, name) for one in blamed]) for name in CAUSES}
    for name, values in columns.items():
        if len(values) > 1 and bootstrap:
            drawn = values[rng.integers(len(values), size=(bootstrap, len(values)))].mean(axis=1)
            intervals[name] = percentile_interval(drawn)
    found = late[~np.isnan(late)]
    if len(found) > 1 and bootstrap:
        drawn = np.median(found[rng.integers(len(found), size=(bootstrap, len(found)))], axis=1)
        intervals["delay_median"] = percentile_interval(drawn)
    return intervals


def _one(units: Sequence[ScoredUnit]) -> float | None:
    """The threshold of all steps, None where it varies or none can be promised."""
    found = {float(value) for unit in units for value in np.unique(unit.threshold)}
    return found.pop() if len(found) == 1 and math.isfinite(min(found)) else None


def _protocol(
    units: Sequence[ScoredUnit], rate: float, policy: Policy, window: int, bootstrap: int, blocks: Sequence[int]
) -> str:
    labelled = [unit for unit in units if unit.events is not None]
    unreachable = sum(not np.isfinite(unit.threshold).all() for unit in units)
    parts = [
        f"{len(labelled)} labelled recordings of {len(blocks)} machines, each machine judged by itself and the figures "
        f"averaged; {', '.join(POOLED)} from counts added up over machines"
        if labelled
        else "no labelled recordings",
        f"thresholds from held-out normal steps, promising a share of {rate:g} of false alarms; f1_best is an oracle "
        "whose threshold is chosen on these labels; pa_f1 is point-adjusted and inflated",
        f"an alarm is raised at step {policy.consecutive} in a row above the threshold, never while the detector warms "
        f"up, where steps count as quiet; alarms with at most {policy.merge} steps between them are one episode",
        f"VUS over buffers of 0 to {window} steps (as TSB-AD 1.5, version opt); event F1 from precision over steps and "
        "recall over events; overlap F1 by Orion's rule; delays in steps, over the events found",
        "root cause by the largest part of each sensor in an event, equal parts as if drawn by lot",
    ]
    if unreachable:
        parts.append(f"for {unreachable} recordings the normal steps are too few to promise this rate: no alarm there")
    if any(unit.failed for unit in units):
        parts.append(
            "runs to failure: a unit is detected by an alarm after its healthy part, false alarms are those in it; "
            "their interval resamples units"
        )
    if bootstrap and blocks:
        parts.append(
            f"intervals are 95\u00a0%, from {bootstrap} resamples by circular blocks of {min(blocks)} to {max(blocks)} "
            "steps (median event with the buffer, or twice the correlation time of the scores) within each machine; "
            "of causes and delays, over events"
        )
    return "; ".join(parts) + "."


def _plain(value: Any) -> Any:
    """The same with lists for tuples: equal to what JSON gives back."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
