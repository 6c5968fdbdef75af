"""A drift by hand: a recording before and after it, as one model judges both, and which detectors of drift notice.

What is measured is one trial on one recording: it shows what a drift does, not how often. The false-alarm cost comes
from the same recording without the drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesSet, SeriesUnit
from core.detectors.series.model import Member, SeriesModel, aligned
from core.drift.blocks import Floats
from core.drift.features import Features, features
from core.drift.monitor import VIEWS, columns
from core.drift.noticed import Noticed, quickest_first
from core.drift.noticed import noticed as who
from core.drift.reference import Reference
from core.drift.scenarios import Drift, Surroundings, amounts, apply
from core.drift.state import ViewName
from core.errors import UserError


@dataclass(frozen=True, eq=False)
class Judged:
    """A recording as the model takes it and (n,) how surprising each step is; ``context`` steps are looked back on:
    the first ones are less sure and take no part in figures."""

    unit: SeriesUnit
    surprise: Floats
    context: int


def hop(model: SeriesModel) -> int:
    """Readings from one step of the model to the next: more than one where raw signals are cut into frames."""
    return model.frontend.samples(model.raw_rate)[1] if model.frontend.kind != "none" and model.raw_rate else 1


def drifted(
    model: SeriesModel,
    data: SeriesSet,
    name: str,
    drift: Drift,
    onset: int,
    *,
    sensors: Sequence[str] = (),
    other: str = "",
    seed: int = 0,
) -> SeriesSet:
    """The recording ``name`` of ``data`` with a drift from step ``onset`` of the model on, in all signals or in
    ``sensors``; what the machine was asked to do stays. ``other`` names the recording that a load switch goes to.

    Missing readings stay missing: a drift is worked out with the signal's mean in their place. UserError where the
    drift needs what is not there.
    """
    raw = aligned(data, model.raw_sensors)
    unit = raw.by_name[name]
    chosen = [k for k in raw.signals if not sensors or raw.sensors[k].name in sensors]
    normal = np.concatenate([one.values[:, chosen] for one in raw.normals().units] or [unit.values[:, chosen]])
    since = (np.arange(len(unit)) - onset * hop(model)) / hop(model)
    rng = np.random.default_rng(seed)
    amount = drift.magnitude * amounts(drift, since, rng)
    values = unit.values[:, chosen]
    missing = ~np.isfinite(values)
    seen = np.isfinite(normal)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, normal, 0).sum(axis=0, dtype=np.float64) / count
    spread = np.sqrt((np.where(seen, normal - mean, 0) ** 2).sum(axis=0) / count)
    filled = np.where(missing, mean, values).astype(np.float32)
    around = Surroundings(spread=spread, other=_taking_over(raw, other, chosen, mean, len(unit)))
    changed = apply(drift.kind, filled[None], amount[None], rng, around)[0]
    found = unit.values.copy()
    found[:, chosen] = np.where(missing, np.nan, changed)
    return raw.of([replace(unit, values=found)])


def judge(model: SeriesModel, data: SeriesSet) -> Judged:
    """The only recording of ``data``, judged at once (no step is judged with hindsight)."""
    (unit,) = model.prepared(data).units
    return Judged(unit, model.score(unit).now.surprise, model.member(unit.machine).detector.context)


def noticed(
    member: Member, reference: Reference, clean: Judged, changed: Judged, onset: int
) -> tuple[list[Noticed], list[ViewName]]:
    """Every detector of drift on every view that the model has, quickest first, and the views that it has not.
    UserError where the recording is too short for a block on either side of the onset."""
    blocks = [_blocks(member, reference, one) for one in (clean, changed)]
    ends = clean.context - 1 + reference.steps * np.arange(1, len(blocks[0]) + 1)
    if not (ends <= onset).any() or not (ends > onset).any():
        raise UserError(
            f"No block of {reference.steps} steps lies on either side of the onset",
            clean.unit.name,
            "Choose a longer recording, or an onset nearer to its middle",
        )
    found: list[Noticed] = []
    without: list[ViewName] = []
    for view in VIEWS:
        usual = columns(view, reference)
        if not usual.shape[1]:
            without.append(view)
            continue
        rows = [np.array([columns(view, one, reference.judged) for one in side]) for side in blocks]
        found += who(view, usual, rows[0], rows[1], ends, onset)
    return quickest_first(found), without


def _blocks(member: Member, reference: Reference, judged: Judged) -> list[Features]:
    scaled = member.scaler.apply(judged.unit.values)
    first, steps = judged.context - 1, reference.steps
    return [
        features(scaled[a : a + steps], judged.surprise[a : a + steps], member.detector, judged.context)
        for a in range(first, len(scaled) - steps + 1, steps)
    ]


def _taking_over(raw: SeriesSet, other: str, chosen: Sequence[int], mean: Floats, n: int) -> NDArray[np.float32] | None:
    """(1, n, k) readings of the other recording, begun anew where it is shorter."""
    if not other:
        return None
    values = raw.by_name[other].values[:, chosen]
    return np.resize(np.where(np.isfinite(values), values, mean), (n, len(chosen)))[None].astype(np.float32)
