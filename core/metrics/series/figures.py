"""All figures of one labelled series at once, and their intervals over several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.metrics.ranking import auprc, auroc
from core.metrics.series.affiliation import affiliation
from core.metrics.series.alarms import Counts, count_overlaps, count_steps, event_f1, point_adjusted
from core.metrics.series.resampling import block_length, draw, interval
from core.metrics.series.stretches import Bools, Policy, stretches
from core.metrics.series.vus import WINDOW, vus
from core.progress import Progress

Floats = NDArray[np.float64]
Figures = dict[str, float | None]

RANKING = ("vus_pr", "vus_roc", "auc_pr", "auc_roc")
AT_LIMIT = ("f1", "event_f1", "overlap_f1", "affiliation_f1", "far", "mar", "pa_f1")
FIGURES = (*RANKING, *AT_LIMIT)
POOLED = ("far", "mar", "overlap_f1")  # from counts added up over machines, as SKAB and Orion do; the others: mean
EVERY = 10  # buffer lengths skipped between two that a resample's VUS looks at


@dataclass(frozen=True, eq=False)
class LabelledSeries:
    """One machine's steps, its recordings one after the other: (n,) scores, steps with an alarm (None: no threshold),
    labels."""

    scores: Floats
    alarms: Bools | None
    labels: Bools

    def __len__(self) -> int:
        return len(self.scores)

    def at(self, steps: NDArray[np.int64]) -> LabelledSeries:
        """The series of these steps in this order."""
        alarms = None if self.alarms is None else self.alarms[steps]
        return LabelledSeries(self.scores[steps], alarms, self.labels[steps])


@dataclass(frozen=True)
class Measured:
    """Figures of one series, and the counts behind those that are pooled (None without alarms)."""

    figures: Figures
    steps: Counts | None
    overlaps: Counts | None


def measure(series: LabelledSeries, policy: Policy, *, window: int = WINDOW, every: int = 1) -> Measured:
    """``FIGURES`` of one series; those ``AT_LIMIT`` need alarms."""
    found = ranking(series, window=window, every=every)
    if series.alarms is None:
        return Measured(dict.fromkeys(FIGURES) | found, None, None)
    judged = at_limit(series.alarms, series.labels, policy)
    return Measured(found | judged.figures, judged.steps, judged.overlaps)


def ranking(series: LabelledSeries, *, window: int = WINDOW, every: int = 1) -> Figures:
    """``RANKING`` of one series: what needs no limit."""
    volume = vus(series.scores, series.labels, window=window, every=every)
    return {
        "vus_pr": volume.pr if volume else None,
        "vus_roc": volume.roc if volume else None,
        "auc_pr": auprc(series.scores, series.labels),
        "auc_roc": auroc(series.scores, series.labels),
    }


def at_limit(alarms: Bools, labels: Bools, policy: Policy) -> Measured:
    """``AT_LIMIT`` of one series from its (n,) alarmed steps, with the counts behind them."""
    steps = count_steps(alarms, labels)
    overlaps = count_overlaps(policy.episodes(alarms), stretches(labels))
    near = affiliation(alarms, labels)
    figures = {
        "f1": steps.f1,
        "event_f1": event_f1(alarms, labels),
        "overlap_f1": overlaps.f1,
        "affiliation_f1": near.f1 if near else None,
        "far": steps.far,
        "mar": steps.mar,
        "pa_f1": point_adjusted(alarms, labels).f1,
    }
    return Measured(figures, steps, overlaps)


def combined(measured: Sequence[Measured]) -> Figures:
    """Over machines, of which all have the same figures: ``POOLED`` from added counts, the others as the mean of those
    that have the figure."""
    if not measured:
        return {}
    found = {name: mean(one.figures[name] for one in measured) for name in measured[0].figures}
    steps = sum((one.steps for one in measured if one.steps), Counts())
    overlaps = sum((one.overlaps for one in measured if one.overlaps), Counts())
    return found | {"far": steps.far, "mar": steps.mar, "overlap_f1": overlaps.f1}


def bootstrapped(
    machines: Sequence[LabelledSeries],
    figures: Figures,
    policy: Policy,
    *,
    window: int = WINDOW,
    resamples: int = 200,
    seed: int = 0,
    progress: Progress = Progress(),
) -> tuple[dict[str, tuple[float, float]], list[int]]:
    """95 % intervals of ``figures``, which are ``combined`` of these machines, by circular block bootstrap within each
    machine, and the block lengths.

    The machines stay the same: the intervals say how sure the figures are for these, not for others.
    """
    ranked = [_ranked(one) for one in machines]
    blocks = [block_length(one.scores, one.labels, window) for one in ranked]
    if not resamples or not machines:
        return {}, blocks
    rng = np.random.default_rng(seed)

    drawn = []
    for done in range(resamples):
        progress.report(done, resamples, "Resampling")
        series = [one.at(draw(len(one), block, rng)) for one, block in zip(ranked, blocks, strict=True)]
        drawn.append(combined([measure(one, policy, window=window, every=EVERY) for one in series]))
    intervals = {}
    for name, figure in figures.items():
        if figure is None:
            continue
        found = interval(figure, np.array([one[name] for one in drawn], float))
        if found:
            intervals[name] = found
    return intervals, blocks


def _ranked(series: LabelledSeries) -> LabelledSeries:
    """Scores as dense ranks: no figure depends on more, and equal ones stay equal."""
    ranks = np.unique(series.scores, return_inverse=True)[1].astype(float)
    return LabelledSeries(ranks, series.alarms, series.labels)


def mean(values: Iterable[float | None]) -> float | None:
    """Of the figures that are known; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
