"""What of a machine's recent running may be learned from: the normal part of it, after drift."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.datasets.wording import percent
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.model import SeriesModel, aligned
from core.detectors.series.scaling import Scaler
from core.drift.blocks import Floats
from core.errors import UserError
from core.metrics.series.stretches import stretches
from core.progress import Progress

RECENT, KEPT, EARLIER = "recent ", "kept ", "earlier "  # how names of recordings begin in the data of a successor
LEARNED = 0.7  # share of each recording, from its start, that a candidate may learn from; the rest is for its trial
MOST_LEFT_OUT = 0.5


@dataclass(frozen=True)
class Recent:
    """``learn``: training recordings whose alarmed stretches are marked as events; ``kept``: the later part of each,
    for trials, marked alike; both raw. ``left_out``: share of the steps that were marked."""

    learn: SeriesSet
    kept: SeriesSet
    left_out: float


def recent_running(model: SeriesModel, data: SeriesSet, rate: float, progress: Progress = Progress()) -> Recent:
    """Recordings of ``data`` without what the champion ``model`` takes for anomalous beyond the drift.

    After drift everything may be above the champion's threshold. So its detector sees the signals in units of their own
    recent median and spread, which takes drift of level and gain out, and its threshold moves along with what is left
    of the drift in the bulk of the scores (``moved_threshold``). What stands out all the same is left out, with as many
    steps around it as a score looks back on, and so is what is labelled. UserError where that is more than half.
    """
    raw = aligned(data, model.raw_sensors)
    framed = model.prepared(raw, progress.part(0.0, 0.1))
    learn, kept, marked, total = [], [], 0, 0
    for index, unit in enumerate(framed.units):
        part = progress.part(0.1 + 0.9 * index / len(framed), 0.1 + 0.9 * (index + 1) / len(framed))
        own = raw.by_name[unit.name]
        mask = _samples(model, _unfit(model, framed, unit, rate, part), len(own), raw.rate) | ~own.normal()
        marked, total = marked + int(mask.sum()), total + len(mask)
        events = tuple(Event(int(a), int(b), kind="stands out") for a, b in stretches(mask))
        whole = replace(own, name=f"{RECENT}{own.name}", events=events, healthy=None, failed=False, life_left=None)
        cut = round(LEARNED * len(own))
        learn.append(replace(whole.cut(0, cut), split="train"))
        kept.append(replace(whole.cut(cut, len(own)), split="test"))
    if not total or marked > MOST_LEFT_OUT * total:
        share = (
            f"{percent(marked / total, 0)} of its steps stand out or are labelled anomalous" if total else "it is empty"
        )
        raise UserError(
            "The recent running is no normal running that a model could learn from",
            f"{data.name}: {share}",
            "Give recordings of the machine in good order",
        )
    return Recent(raw.of(learn), raw.of(kept), marked / total)


def newest_running(data: SeriesSet, shortest: int) -> list[SeriesUnit]:
    """The normal stretches of the running after the last drift in the data that a successor was trained on, those kept
    for its trial included; none in other data."""
    return normal_stretches(
        tuple(unit for unit in data.units if unit.name.startswith((RECENT, KEPT + RECENT))), shortest
    )


def moved_threshold(scores: Floats, calibration: SeriesCalibration, rate: float) -> float:
    """The champion's threshold for *now*, shifted and stretched as the median and the interquartile range of the (n,)
    recent scores have been; never below the champion's own."""
    usual = calibration.now
    low, median, high = (usual.quantile(share) for share in (0.75, 0.5, 0.25))
    recent_low, recent_median, recent_high = np.percentile(scores, (25, 50, 75))
    threshold = calibration.threshold(rate, "now")
    stretch = (recent_high - recent_low) / max(high - low, 1e-12)
    return max(threshold, float(recent_median + (threshold - median) * max(stretch, 1.0)))


def _unfit(
    model: SeriesModel, framed: SeriesSet, unit: SeriesUnit, rate: float, progress: Progress
) -> NDArray[np.bool_]:
    """(n,) steps of a unit of ``framed`` that stand out of it."""
    member = model.member(unit.machine)
    recent = Scaler.fit(framed.of([unit]))
    scores = member.detector.score(recent.apply(unit.values), progress).now.score
    alarmed = np.flatnonzero(scores > moved_threshold(scores, member.calibration, rate))
    around = member.detector.context
    found = np.zeros(len(unit) + 1, np.int64)
    np.add.at(found, np.maximum(alarmed - around + 1, 0), 1)
    np.add.at(found, np.minimum(alarmed + around, len(unit)), -1)
    return np.asarray(np.cumsum(found[:-1]) > 0)


def _samples(model: SeriesModel, steps: NDArray[np.bool_], n: int, rate: float | None) -> NDArray[np.bool_]:
    """(n,) raw samples that lie in one of the marked steps: the same, unless steps are frames."""
    if model.frontend.kind == "none" or not rate:
        return steps
    size, hop = model.frontend.samples(rate)
    found = np.zeros(n, bool)
    for step in np.flatnonzero(steps):
        found[step * hop : step * hop + size] = True
    return found


def normal_stretches(units: tuple[SeriesUnit, ...], shortest: int) -> list[SeriesUnit]:
    """The stretches without events of recordings that somebody has judged, each at least ``shortest`` steps long."""
    found = []
    for unit in units:
        if unit.events is None and unit.healthy is None:
            continue
        for place, (start, stop) in enumerate(stretches(unit.normal())):
            if stop - start >= shortest:
                found.append(replace(unit.cut(int(start), int(stop)), name=f"{unit.name} {place}", events=()))
    return found
