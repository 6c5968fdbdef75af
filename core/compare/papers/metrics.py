"""The figures of the papers' tables: their names, which way is better, how they go together over categories."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.metrics.series.alarms import Counts

Interval = tuple[float, float]
FEWEST_DRAWN = 5  # categories from which a pooled figure gets an interval
RESAMPLES = 1000


@dataclass(frozen=True)
class Metric:
    """``pooled`` figures are computed from counts added up over categories, the others are means of categories."""

    title: str
    higher_is_better: bool = True
    unit: str | None = None
    pooled: Literal["steps", "overlaps"] | None = None
    of_counts: Callable[[Counts], float | None] | None = None


METRICS: dict[str, Metric] = {
    "image_auroc": Metric("image AUROC"),
    "image_auprc": Metric("image AUPRC"),
    "image_f1_max": Metric("image F1-max (oracle)"),
    "pixel_auroc": Metric("pixel AUROC"),
    "aupro": Metric("AUPRO up to 30 %"),
    "vus_pr": Metric("VUS-PR"),
    "auc_pr": Metric("AUC-PR"),
    "auc_roc": Metric("AUC-ROC"),
    "event_f1": Metric("event F1"),
    "f1": Metric("F1 of steps", pooled="steps", of_counts=lambda counts: counts.f1),
    "far": Metric("false-alarm rate", False, pooled="steps", of_counts=lambda counts: counts.far),
    "mar": Metric("missed-alarm rate", False, pooled="steps", of_counts=lambda counts: counts.mar),
    "overlap_f1": Metric("overlap F1", pooled="overlaps", of_counts=lambda counts: counts.f1),
    "overlap_precision": Metric("overlap precision", pooled="overlaps", of_counts=lambda counts: counts.precision),
    "overlap_recall": Metric("overlap recall", pooled="overlaps", of_counts=lambda counts: counts.recall),
    "recording_auroc": Metric("AUROC of recordings"),
    "recording_pauc": Metric("partial AUC of recordings"),
    "detected": Metric("share of failures detected"),
    "far_healthy": Metric("false-alarm rate while healthy", False),
    "lead_median": Metric("median lead time", unit="cycles"),
}


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval; None where the data give none."""

    value: float | None
    ci95: Interval | None = None


def together(name: str, entries: Sequence[Mapping[str, Any]], seed: int = 0, *, independent: bool = True) -> Figure:
    """One figure over the entries of several categories.

    The mean's interval is put together from those of ``independent`` categories by Zou and Donner's MOVER (Statistics
    in Medicine 27, 2008); where they have recordings in common, their errors are added up as they stand, which is wide
    enough for any dependence. That of a pooled figure is from drawing categories, from ``FEWEST_DRAWN`` on.
    """
    metric = METRICS[name]
    if metric.pooled and metric.of_counts:
        counts = [Counts(*one["counts"][metric.pooled]) for one in entries if one.get("counts")]
        return _pooled(metric.of_counts, counts, seed)
    known = [one for one in entries if one["figures"].get(name) is not None]
    if not known:
        return Figure(None)
    values = [one["figures"][name] for one in known]
    intervals = [one["ci95"].get(name) for one in known]
    mean = float(np.mean(values))
    if not all(intervals):
        return Figure(mean)
    if len(known) == 1:
        return Figure(mean, (intervals[0][0], intervals[0][1]))
    down = [value - low for value, (low, _) in zip(values, intervals, strict=True)]
    up = [high - value for value, (_, high) in zip(values, intervals, strict=True)]
    below, above = (math.hypot(*ends) if independent else sum(ends) for ends in (down, up))
    return Figure(mean, (mean - below / len(values), mean + above / len(values)))


def _pooled(of_counts: Callable[[Counts], float | None], counts: Sequence[Counts], seed: int) -> Figure:
    value = of_counts(sum(counts, Counts())) if counts else None
    if value is None or len(counts) < FEWEST_DRAWN:
        return Figure(value)
    columns = np.array([(one.tp, one.fp, one.fn, one.tn) for one in counts])
    draws = np.random.default_rng(seed).integers(len(counts), size=(RESAMPLES, len(counts)))
    drawn = [of_counts(Counts(*row)) for row in columns[draws].sum(axis=1).tolist()]
    low, high = np.quantile([one for one in drawn if one is not None], [0.025, 0.975])
    return Figure(value, (float(low), float(high)))
