"""What of a machine's recent running may be learned from: the normal part of it, after drift."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event, SeriesSet, SeriesUnit
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.model import SeriesModel, aligned
from core.drift.blocks import Floats
from core.errors import UserError
from core.metrics.series.stretches import stretches
from core.progress import Progress

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

    After drift everything may be above the champion's threshold, so the threshold moves along with the bulk of the
    scores (``moved_threshold``): only what stands out of the recent running itself is left out, with as many steps
    around it as a score looks back on, and what is labelled. UserError where more than half would be left out.
    """
    raw = aligned(data, model.raw_sensors)
    learn, kept, marked, total = [], [], 0, 0
    for index, unit in enumerate(raw.units):
        mask = _unfit(model, raw.of([unit]), rate, progress.part(index / len(raw), (index + 1) / len(raw)))
        mask |= ~unit.normal()
        marked, total = marked + int(mask.sum()), total + len(mask)
        events = tuple(Event(int(a), int(b), kind="stands out") for a, b in stretches(mask))
        whole = replace(unit, name=f"recent {unit.name}", events=events, healthy=None, failed=False, life_left=None)
        cut = round(LEARNED * len(unit))
        learn.append(replace(whole.cut(0, cut), split="train"))
        kept.append(replace(whole.cut(cut, len(unit)), split="test"))
    if not total or marked > MOST_LEFT_OUT * total:
        share = f"{marked / total:.0%} of its steps stand out or are labelled anomalous" if total else "it is empty"
        raise UserError(
            "The recent running is no normal running that a model could learn from", f"{data.name}: {share}",
            "Give recordings of the machine in good order",
        )  # fmt: skip
    return Recent(raw.of(learn), raw.of(kept), marked / total)


def moved_threshold(scores: Floats, calibration: SeriesCalibration, rate: float) -> float:
    """The champion's threshold for *now*, shifted and stretched as the median and the interquartile range of the (n,)
    recent scores have been; never below the champion's own."""
    usual = calibration.now
    low, median, high = (usual.quantile(share) for share in (0.75, 0.5, 0.25))
    recent_low, recent_median, recent_high = np.percentile(scores, (25, 50, 75))
    threshold = calibration.threshold(rate, "now")
    stretch = (recent_high - recent_low) / max(high - low, 1e-12)
    return max(threshold, float(recent_median + (threshold - median) * max(stretch, 1.0)))


def _unfit(model: SeriesModel, one: SeriesSet, rate: float, progress: Progress) -> NDArray[np.bool_]:
    """(n,) raw steps of the single unit of ``one`` that stand out of it."""
    raw = one.units[0]
    member = model.member(raw.machine)
    framed = model.prepared(one, progress.part(0.0, 0.2)).units[0]
    scores = model.score(framed, progress.part(0.2, 1.0)).now.scores.score
    alarmed = np.flatnonzero(scores > moved_threshold(scores, member.calibration, rate))
    size, hop = (1, 1) if model.frontend.kind == "none" else model.frontend.samples(one.rate or 1.0)
    around = member.detector.context
    found = np.zeros(len(raw) + 1, np.int64)
    np.add.at(found, np.maximum(alarmed - around + 1, 0) * hop, 1)
    np.add.at(found, np.minimum((alarmed + around - 1) * hop + size, len(raw)), -1)
    return np.asarray(np.cumsum(found[:-1]) > 0)


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
