"""Fit a detector over time and calibrate it on normal stretches that it never learned from.

Where a machine, or the fleet, has five training units or more, whole units are held out; else the last fifth of each
normal stretch is. Test units play no part.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.datasets.series import SeriesSet, SeriesUnit
from core.detectors.base import Params
from core.detectors.registry import build_series, info
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.contract import SeriesDetector
from core.detectors.series.model import SHARED, Member, SeriesModel
from core.detectors.series.scaling import Scaler
from core.detectors.training import Role, peak_rss_mib
from core.errors import UserError
from core.features.signals.front_end import FrontEnd
from core.progress import Progress

HELD_OUT = 0.2
WHOLE_UNITS = 5  # from so many units on, whole ones are held out
MOST_MACHINES = 400  # with a model each: what a model folder holds is bounded
MOST_HELD_OUT = 100_000  # steps scored for calibration: enough for a promise of 1e-4
Scope = Literal["auto", "one", "each"]


@dataclass(frozen=True)
class FittedSeries:
    """A trained model over time and everything that its folder records."""

    detector_name: str
    model: SeriesModel
    params: Params
    seed: int
    roles: Mapping[str, Role]  # sha256 of every raw unit that took part
    fit_seconds: float
    peak_rss_mib: float


def train_series(
    name: str,
    params: Params,
    seed: int,
    data: SeriesSet,
    progress: Progress,
    *,
    scope: Scope = "auto",
    frontend: FrontEnd | None = None,
) -> FittedSeries:
    """Fit on the normal stretches of the training units of ``data`` and calibrate.

    With a model for each machine, those that cannot be learned are left out and told in ``model.refused``.
    ``scope``: ``one`` model for all machines, one for ``each``, or ``auto`` (one for a fleet). ``frontend``: how raw
    signals are cut into frames, None for the usual way. UserError where there is too little to learn from.
    """
    entry = info(name)
    if data.kind == "rows" and not entry.rows:
        raise UserError(
            f"«{data.name}» holds independent rows, not a time series, and {entry.title} needs time",
            "",
            "Choose PCA T2+Q, k-means or isolation forest",
        )
    if data.kind == "rows" and "window" in type(params).model_fields:
        params = params.model_copy(update={"window": 1})  # a window over rows that no time connects means nothing
    started = time.perf_counter()
    chosen = frontend or FrontEnd.auto(data)
    framed = chosen.apply(data, progress.part(0.0, 0.1))
    normals = framed.normals()
    if not normals.units:
        raise UserError(
            "There is no normal training data", data.name, "Mark some recordings, or the first part of one, as normal"
        )
    shared = scope == "one" or (scope == "auto" and data.fleet)
    groups = {SHARED: normals.units} if shared else _by_machine(normals)
    if len(groups) > MOST_MACHINES:
        raise UserError(
            f"{len(groups)} machines are too many for a model each, {MOST_MACHINES} are the most",
            data.name,
            "Train one model for all machines",
        )
    raw = {unit.name: unit.sha256 for unit in data.units if unit.split == "train"}
    context = build_series(name, params, seed).context
    members, roles, refused = {}, dict[str, Role](), dict[str, str]()
    for index, (machine, units) in enumerate(groups.items()):
        part = progress.part(0.1 + 0.9 * index / len(groups), 0.1 + 0.9 * (index + 1) / len(groups))
        part = part.apart(f"{index:04}")
        fit, held = _divided(units, seed, context)
        try:
            members[machine] = _member(name, params, seed, normals.of(fit), held, part)
        except UserError as error:
            if shared:
                raise
            refused[machine] = str(error)
            progress.log(f"{machine} is left out: {error}")
            continue
        roles |= {raw[unit.name]: "calibration" for unit in held}
        roles |= {raw[unit.name]: "fit" for unit in fit}
    if not members:
        machine, why = next(iter(refused.items()))
        raise UserError(f"No machine of «{data.name}» could be learned; {machine}: {why}")
    model = SeriesModel(
        sensors=framed.sensors,
        raw_sensors=data.sensors,
        kind=data.kind,
        time_unit=framed.time_unit,
        rate=framed.rate,
        raw_rate=data.rate,
        frontend=chosen,
        members=members,
        refused=refused,
    )
    return FittedSeries(name, model, params, seed, roles, time.perf_counter() - started, peak_rss_mib())


def held_out(model: SeriesModel, normals: SeriesSet, machine: str, seed: int) -> list[SeriesUnit]:
    """The stretches that calibrated the member that judges ``machine``, of the data it was trained on: ``normals`` are
    the normal stretches of that data, ``prepared`` by the model; ``seed`` is the training's."""
    units = normals.units if SHARED in model.members else _by_machine(normals)[machine]
    return _divided(units, seed, model.member(machine).detector.context)[1]


def _member(
    name: str, params: Params, seed: int, fit: SeriesSet, held: Sequence[SeriesUnit], progress: Progress
) -> Member:
    scaler = Scaler.fit(fit, seed)
    detector = build_series(name, params, seed)
    stretches = [scaler.apply(unit.values) for unit in fit.units if len(unit) >= detector.shortest]
    if not stretches:
        longest = max(len(unit) for unit in fit.units)
        raise UserError(
            f"{detector.info.title} needs an unbroken normal stretch of {detector.shortest} steps",
            f"the longest here has {longest}",
            "Give longer recordings of normal running, or choose a shorter window",
        )
    detector.fit(stretches, progress.part(0.0, 0.9))
    return Member(scaler, detector, _calibrated(detector, scaler, held, progress.part(0.9, 1.0)))


def _calibrated(
    detector: SeriesDetector, scaler: Scaler, held: Sequence[SeriesUnit], progress: Progress
) -> SeriesCalibration:
    scored, room = [], MOST_HELD_OUT
    for index, unit in enumerate(held):
        part = progress.part(index / len(held), (index + 1) / len(held))
        values = unit.values[:room]
        if len(values) >= detector.context:
            scored.append(detector.score(scaler.apply(values), part))
            room -= len(values)
    return SeriesCalibration.fit(scored, detector.context, detector.delay)


def _by_machine(normals: SeriesSet) -> dict[str, tuple[SeriesUnit, ...]]:
    found: dict[str, tuple[SeriesUnit, ...]] = dict.fromkeys(normals.machines, ())
    for unit in normals.units:
        found[unit.machine] += (unit,)
    return found


def _divided(units: Sequence[SeriesUnit], seed: int, context: int) -> tuple[list[SeriesUnit], list[SeriesUnit]]:
    """What is learned from and what is held out. Stretches of one unit stay together.

    Of a stretch the last fifth is held out; of a short one as much as two contexts, if that is no more than a third.
    """
    names = sorted({unit.name for unit in units})
    if len(names) >= WHOLE_UNITS:
        order = np.random.default_rng(seed).permutation(len(names))
        held = {names[index] for index in order[: max(round(HELD_OUT * len(names)), 1)]}
        return [unit for unit in units if unit.name not in held], [unit for unit in units if unit.name in held]
    fit, kept = [], []
    for unit in units:
        cut = len(unit) - max(round(HELD_OUT * len(unit)), min(2 * context, len(unit) // 3), 1)
        fit.append(unit.cut(0, cut))
        kept.append(unit.cut(cut, len(unit)))
    return [unit for unit in fit if len(unit)], kept
