"""Recordings side by side: figures, pairs, agreement and the moments of disagreement; all of it computed at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.compare.disagreements import Agreement
from core.compare.figures import Row
from core.compare.pairs import Pair, Test, corrected
from core.compare.seriesbyside import SeriesSideBySide
from core.detectors.series.calibration import RATE, Mode
from core.metrics.agreement import cohen_kappa, spearman
from core.metrics.intervals import Interval, wilson
from core.metrics.mcnemar import mcnemar
from core.metrics.series.alarms import delays
from core.metrics.series.figures import RANKING, Figures, at_limit, combined
from core.metrics.series.stretches import Bools, Policy

AT_LIMIT = ("f1", "event_f1", "affiliation_f1", "far", "mar", "delay_median")
TITLES = {
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "auc_pr": "AUC-PR",
    "auc_roc": "AUC-ROC",
    "f1": "F1 at its limit",
    "event_f1": "Event F1 at its limit",
    "affiliation_f1": "Affiliation F1",
    "far": "False alarms, share of normal steps",
    "mar": "Missed, share of steps",
    "delay_median": "Median delay, steps",
    "events_found": "Events found at its limit",
    "fit_seconds": "Fit, s",
    "us_per_step": "Score, µs per step",
    "peak_rss_mib": "Peak memory, MiB",
    "model_bytes": "Model, bytes",
}
LOWER_IS_BETTER = frozenset({"far", "mar", "delay_median", "fit_seconds", "us_per_step", "peak_rss_mib", "model_bytes"})
BASELINES = {"random": "Guessing", "abs_z": "Distance from usual"}
RANKED_STEPS = 50_000  # steps behind a rank correlation; more would not change its second digit
CLOSE = 100  # steps between two disagreements that are told as one


@dataclass(frozen=True)
class Moment:
    """A stretch of a recording in which the alarms differ: steps ``start`` to ``stop - 1`` of ``unit``, ``peak`` the
    step at which the surprises lie furthest apart, ``spread`` how far in powers of ten there; of each contestant, in
    order, its surprise at the peak and whether it alarms anywhere in the stretch. ``anomalous``: share of the stretch
    that is labelled so, None where nobody said."""

    unit: str
    machine: str
    start: int
    stop: int
    peak: int
    spread: float
    surprise: tuple[float, ...]
    alarmed: tuple[bool, ...]
    anomalous: float | None


def series_rows(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> list[Row]:
    """A row per contestant, in order. ``RANKING`` figures come from the evaluation stored with the run where it counted
    the same steps, else they are None. Those ``AT_LIMIT`` come from there, with their intervals, where it also judged
    the same score and promised the same rate; else they are counted here and have none."""
    alarms, found = side.alarms(mode, rate), events_found(side, mode, rate)
    counted = _at_limit(side, alarms)
    rows = []
    for index, one in enumerate(side.contestants):
        n, hits, info = len(side.events), int(found[index].sum()), one.run.info
        stored, intervals, notes = _stored(side, index, mode, rate)
        share = wilson(hits, n)
        if share:
            intervals["events_found"] = share
        rows.append(
            Row(
                one.id,
                one.name,
                one.detector,
                dict.fromkeys(TITLES)
                | counted[index]
                | stored
                | {
                    "events_found": hits / n if n else None,
                    "fit_seconds": info.fit_seconds,
                    "us_per_step": info.us_per_step,
                    "peak_rss_mib": info.peak_rss_mib,
                    "model_bytes": None if one.model_bytes is None else float(one.model_bytes),
                },
                intervals,
                notes if side.has_truth else (),
            )
        )
    return rows


def baseline_rows(side: SeriesSideBySide, rate: float = RATE) -> list[Row]:
    """What guessing and plain distance from usual get on these steps: the rows beside a stored evaluation that counted
    the same steps (the first one's: distances follow from its model's scaling). Empty where there is none. Figures
    ``AT_LIMIT`` are left out where it promised another rate."""
    for index, one in enumerate(side.contestants):
        if one.evaluation and _same_steps(side, index):
            names = RANKING + (AT_LIMIT if one.evaluation["rate"] == rate else ())
            return [
                Row(key, name, key, dict.fromkeys(TITLES) | {figure: own.get(figure) for figure in names})
                for key, name in BASELINES.items()
                if (own := one.evaluation["baselines"].get(key))
            ]
    return []


def events_found(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> Bools:
    """(m, events) true where a contestant alarms within the event."""
    alarms = side.alarms(mode, rate)
    columns = [alarms[:, unit.start + start : unit.start + stop].any(axis=1) for unit, start, stop in side.events]
    return np.stack(columns, axis=1) if columns else np.zeros((len(alarms), 0), bool)


def series_pairs(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> list[Pair]:
    """All pairs by the events that only one of them finds, with McNemar's exact test («events»). Differences of
    VUS-PR and the like come from the study."""
    found, pairs = events_found(side, mode, rate), []
    for first, second in combinations(range(len(found)), 2):
        tested = mcnemar(found[first], found[second])
        tests = {"events": Test(tested.p, tested.p)} if found.shape[1] else {}
        ours, theirs = {"events": tested.only_first}, {"events": tested.only_second}
        pairs.append(Pair(first, second, None, None, ours, theirs, tests))
    return corrected(pairs)


def series_agreement(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> Agreement:
    """Kappa over all steps, rank correlation of the surprises over at most ``RANKED_STEPS`` evenly spaced ones."""
    alarms = side.alarms(mode, rate)
    said = alarms.astype(np.float32)
    yes = said.sum(axis=1, dtype=float)
    same = 1 - (yes[:, None] + yes[None, :] - 2 * (said @ said.T).astype(float)) / len(side)
    every = max(1, len(side) // RANKED_STEPS)
    return Agreement(cohen_kappa(alarms), spearman(side.surprise[mode][:, ::every]), same)


def moments(
    side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE, *, top: int | None = 60
) -> list[Moment]:
    """Stretches in which some contestant alarms and another does not within ``CLOSE`` steps, the starkest first.

    Where all alarm in a stretch, if not at the same steps, they agree: borders are no disagreement."""
    alarms, surprise, found = side.alarms(mode, rate), side.surprise[mode], []
    spread = np.ptp(surprise, axis=0)
    policy = Policy(merge=CLOSE)
    for unit in side.units:
        own = alarms[:, unit.steps]
        for start, stop in policy.episodes(own.any(axis=0)):
            alarmed = [bool(one.any()) for one in own[:, start:stop]]
            if all(alarmed):
                continue
            first, last = unit.start + int(start), unit.start + int(stop)
            peak = first + int(np.argmax(spread[first:last]))
            found.append(
                Moment(
                    unit.name,
                    unit.machine,
                    int(start),
                    int(stop),
                    peak - unit.start,
                    float(spread[peak]),
                    tuple(float(value) for value in surprise[:, peak]),
                    tuple(alarmed),
                    float(side.anomalous[first:last].mean()) if unit.labelled else None,
                )
            )
    return sorted(found, key=lambda one: -one.spread)[:top]


def _at_limit(side: SeriesSideBySide, alarms: Bools) -> list[Figures]:
    """``AT_LIMIT`` of each contestant from its (m, n) alarms, per machine, then averaged, as an evaluation has them."""
    if not side.machines:
        return [{} for _ in alarms]
    spans, found = [(unit.start + start, unit.start + stop) for unit, start, stop in side.events], []
    for own in alarms:
        figures = combined([at_limit(own[at], side.anomalous[at], Policy()) for at in side.machines.values()])
        late = delays(own, np.array(spans, np.int64).reshape(-1, 2))
        figures["delay_median"] = None if np.isnan(late).all() else float(np.nanmedian(late))
        found.append({name: figures[name] for name in AT_LIMIT})
    return found


def _stored(
    side: SeriesSideBySide, index: int, mode: Mode, rate: float
) -> tuple[dict[str, float], dict[str, Interval], tuple[str, ...]]:
    """Figures of the stored evaluation with their intervals, and what is missing of it. It is of the settled score at
    its own rate; of «now» it has the ranking alone, without intervals."""
    evaluation = side.contestants[index].evaluation
    if not evaluation:
        return {}, {}, ("no evaluation was stored with its run: ranking figures are in the study",)
    if not _same_steps(side, index):
        return {}, {}, ("its stored evaluation counted other steps: ranking figures are in the study",)
    if not np.array_equal(side.surprise[mode][index], side.surprise["settled"][index]):
        ranked = {name: float(value) for name, value in (evaluation.get(mode) or {}).items() if value is not None}
        note = f"it was evaluated before figures of «{mode}» were stored: they are in the study"
        return ranked, {}, () if evaluation.get(mode) else (note,)
    names = RANKING + (AT_LIMIT if evaluation["rate"] == rate else ())
    found = {name: float(evaluation[name]) for name in names if evaluation.get(name) is not None}
    return found, {name: (ends[0], ends[1]) for name, ends in evaluation["ci95"].items() if name in found}, ()


def _same_steps(side: SeriesSideBySide, index: int) -> bool:
    """Whether the stored evaluation counted as many labelled steps as are common: then they are the same."""
    evaluation = side.contestants[index].evaluation
    if not evaluation:
        return False
    return int(sum(one["n_steps"] for one in evaluation["per_machine"].values())) == int(side.known.sum())
