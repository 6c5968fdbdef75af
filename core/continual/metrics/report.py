"""The whole table of a run, and its recomputation under other severities or costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.continual.metrics import detection, latency, matrix, paired, retention, risk
from core.continual.metrics.contract import BaseMetric, MetricValue, measure
from core.continual.types import MemoryRecord, MethodRun, Records, StepRecord
from core.errors import UserError

BASELINES = ("er", "scmt-like")
LEAST_GAP = 0.02  # between joint and fine-tuning, below which a share of it means nothing
COMPARED = ("caf1", "critical_loss", "cvar", "acc", "fm", "dal", "area_lost")


@dataclass(frozen=True)
class Report:
    """``figures[method][metric]``: one value a seed, in the order of ``seeds``; None where a seed gives none.
    ``values`` are the same with notes and details."""

    seeds: tuple[int, ...]
    figures: Mapping[str, Mapping[str, tuple[float | None, ...]]]
    values: Mapping[str, Mapping[str, tuple[MetricValue, ...]]]
    intervals: Mapping[str, Mapping[str, paired.Interval]]
    comparisons: tuple[paired.Paired, ...]
    lower_is_better: frozenset[str]
    titles: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """For the command line and the store; nothing in it is NaN."""
        return {
            "seeds": list(self.seeds),
            "methods": {
                method: {
                    metric: {
                        "mean": self.intervals[method][metric].mean if metric in self.intervals[method] else None,
                        "ci95": _ends(self.intervals[method].get(metric)),
                        "seeds": list(values),
                        "notes": sorted({one.note for one in self.values[method].get(metric, ()) if one.note}),
                    }
                    for metric, values in metrics.items()
                }
                for method, metrics in self.figures.items()
            },
            "matrix": {method: self.matrix(method).tolist() for method in self.figures if self.matrix(method).size},
            "alpha_curve": {method: self.curve(method) for method in self.figures},
            "comparisons": [asdict(one) for one in self.comparisons],
            "titles": dict(self.titles),
            "lower_is_better": sorted(self.lower_is_better),
        }

    def matrix(self, method: str) -> matrix.Matrix:
        """(T, T) task matrix, mean over seeds; empty where a run has none that is whole."""
        found = [np.asarray(one.detail["matrix"]) for one in self.values[method]["acc"] if one.value is not None]
        return np.mean(found, axis=0) if found else np.empty((0, 0))

    def curve(self, method: str, metric: str = "cvar") -> dict[str, float]:
        """CVaR by alpha, mean over seeds."""
        curves = [one.detail["curve"] for one in self.values[method][metric] if one.detail.get("curve")]
        return {alpha: float(np.mean([curve[alpha] for curve in curves])) for alpha in curves[0]} if curves else {}


def metrics_of(records: Records, cost: float | None = None) -> list[Callable[[], BaseMetric]]:
    """Makers of all metrics of a run. ``cost`` of a false alarm, see ``risk.Cvar``."""
    return [
        detection.Caf1, detection.Swf1, detection.CriticalRecall, detection.FalseAlarms, detection.StreamCaf1,
        detection.StreamAuroc, matrix.TaskMatrix, matrix.AverageAcc, matrix.Bwt, matrix.Fm, matrix.Fwt,
        lambda: risk.Cvar(cost), risk.CriticalCvar, risk.CriticalLoss, lambda: latency.Dal(records.onsets),
        retention.MeCritical, retention.MeLift, retention.MemoryBytes,
    ]  # fmt: skip


def report(records: Records, *, cost: float | None = None, resamples: int = 2000) -> Report:
    """All figures of all methods, with comparisons against ``BASELINES`` where they ran on the same seeds."""
    seeds = tuple(sorted({run.seed for run in records.runs}))
    methods = tuple(dict.fromkeys(run.method for run in records.runs))
    by_pair = {(run.method, run.seed): run for run in records.runs}
    lower, titles = {"area_lost", "seconds"}, {"area_lost": "Area lost", "seconds": "Seconds"}
    values: dict[str, dict[str, tuple[MetricValue, ...]]] = {method: {} for method in methods}
    for make in metrics_of(records, cost):
        metric = make()
        titles[metric.name] = metric.title
        if not metric.higher_is_better:
            lower.add(metric.name)
        for method in methods:
            runs = [by_pair[method, seed] for seed in seeds if (method, seed) in by_pair]
            values[method][metric.name] = tuple(measure(metric, run) for run in runs)
    figures = {
        method: {
            **{name: tuple(one.value for one in found) for name, found in metrics.items()},
            "area_lost": tuple(one.detail.get("area_lost") for one in metrics["dal"]),
            "seconds": tuple(by_pair[method, seed].seconds for seed in seeds if (method, seed) in by_pair),
        }
        for method, metrics in values.items()
    }
    shares = _performance(figures)
    if shares:
        titles["me_perf"] = "Share of the way from fine-tuning to joint"
        for method, found in shares.items():
            figures[method] = {**figures[method], "me_perf": found}
    intervals = {
        method: {
            name: paired.interval([one for one in found if one is not None], resamples)
            for name, found in metrics.items()
            if any(one is not None for one in found)
        }
        for method, metrics in figures.items()
    }
    comparisons = paired.corrected(_comparisons(figures, lower, resamples))
    return Report(seeds, figures, values, intervals, tuple(comparisons), frozenset(lower), titles)


def with_severities(records: Records, severities: Mapping[str, float]) -> Records:
    """The same run judged by other severities: thresholds, scores and what was kept stay what they were. UserError for
    a failure mode without a severity."""
    holes = [name for name in records.faults[1:] if name not in severities]
    if holes:
        what = f"There is no severity for {', '.join(f'«{name}»' for name in holes)}"
        raise UserError(what, "severities", "Give each failure mode one, from 0 to 1")
    table = np.array([0.0, *(severities[name] for name in records.faults[1:])], np.float32)

    def judged(record: StepRecord) -> StepRecord:
        return replace(record, severity=table[record.fault])

    def kept(record: MemoryRecord) -> MemoryRecord:
        return replace(record, severity=table[record.fault])

    def again(run: MethodRun) -> MethodRun:
        return replace(run, steps=tuple(map(judged, run.steps)), memory=tuple(map(kept, run.memory)))

    return replace(records, severities=tuple(float(one) for one in table), runs=tuple(map(again, records.runs)))


def _performance(
    figures: Mapping[str, Mapping[str, Sequence[float | None]]],
) -> dict[str, tuple[float | None, ...]]:
    """ME by what it achieves: (ACC - fine-tuning) / (joint - fine-tuning), by seed. It may lie outside 0 to 1."""
    if not {"finetune", "joint"} <= set(figures):
        return {}
    floor, ceiling = figures["finetune"]["acc"], figures["joint"]["acc"]

    def share(value: float | None, low: float | None, high: float | None) -> float | None:
        if value is None or low is None or high is None or high - low < LEAST_GAP:
            return None
        return (value - low) / (high - low)

    return {
        method: tuple(share(*one) for one in zip(metrics["acc"], floor, ceiling, strict=True))
        for method, metrics in figures.items()
        if len(metrics["acc"]) == len(floor) == len(ceiling)
    }


def _comparisons(
    figures: Mapping[str, Mapping[str, Sequence[float | None]]], lower: set[str], resamples: int
) -> list[paired.Paired]:
    found = []
    for baseline in (name for name in BASELINES if name in figures):
        for method in (name for name in figures if name != baseline):
            for metric in COMPARED:
                ours, theirs = figures[method][metric], figures[baseline][metric]
                if len(ours) != len(theirs):
                    continue
                both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
                if both:
                    better = metric not in lower
                    pair = ([a for a, _ in both], [b for _, b in both])
                    found.append(
                        paired.paired(metric, (method, baseline), pair, higher_is_better=better, resamples=resamples)
                    )
    return found


def _ends(interval: paired.Interval | None) -> list[float] | None:
    return None if interval is None or interval.low is None or interval.high is None else [interval.low, interval.high]
