"""A stream from the CWRU bearings (or any set in that layout), split by bearing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.continual.config import RecordedSpec
from core.continual.severity import read_severities
from core.continual.source import PARTS, Ground, Part, Pool, PoolSource
from core.continual.types import CRITICAL
from core.continual.windows import pool_of, windows
from core.datasets.readers import read_series
from core.datasets.series import SeriesUnit
from core.errors import UserError
from core.features.signals.extract import BandLevels, EnvelopeLevels
from core.progress import Progress

WINDOW = 2048  # samples of a bearing, 0.17 s
HOP = 256
CALIBRATION_SHARE = 0.3  # of a stretch of normal running, its last part
_RPM = re.compile(r"(?<!\d)(1797|1772|1750|1730)(?!\d)")
_LOADS = {"1797": "0 hp", "1772": "1 hp", "1750": "2 hp", "1730": "3 hp"}


def bearing_features(rate: float) -> tuple[BandLevels, EnvelopeLevels]:
    """Levels in even bands with kurtosis and crest factor, and the rhythms of the envelope in the resonance band."""
    return BandLevels(WINDOW, rate, 10, (0.0, rate / 2)), EnvelopeLevels(WINDOW, rate, 8, (rate / 6, rate / 3), 500.0)


def describe_bearing(waves: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    """(n, 2048, 1) to (n, 21)."""
    frames = waves[..., 0].astype(np.float64)
    found = np.concatenate([extractor.features(frames) for extractor in bearing_features(rate)], axis=1)
    return found.astype(np.float32)


def split_bearings(names: Sequence[str], severities: dict[str, float], generator: np.random.Generator) -> set[str]:
    """The bearings that are trained on, about half of each group of critical and of other ones; at least one on each
    side where there are two. The other bearings are only ever seen in probes."""
    train: set[str] = set()
    odd = False
    for critical in (True, False):
        group = sorted(name for name in names if (severities[name] >= CRITICAL) is critical)
        count = (len(group) + odd) // 2 if len(group) > 1 else int(odd)
        odd = odd != bool(len(group) % 2)
        train |= set(generator.permutation(group)[:count].tolist())
    return train


def bearing_ground(spec: RecordedSpec, seed: int, progress: Progress) -> Ground:
    """Tasks are loads, or the parts of the bearing at fault where only one load was recorded. UserError where healthy
    or faulty bearings are missing."""
    data = read_series(spec.path, format="cwru", progress=progress)
    healthy = [unit for unit in data.units if unit.events == ()]
    faulty = [unit for unit in data.units if unit.events]
    if not healthy or not faulty:
        raise UserError(
            "Recordings of healthy and of faulty bearings are needed", str(spec.path), "Add what is missing"
        )
    table = read_severities("bearings")
    states = sorted({str(unit.events[0].kind) for unit in faulty if unit.events})
    table.require(states)
    severities = {state: table.severity(state) for state in states}
    loads = {_load(unit.machine) for unit in faulty}
    by_load = len(loads) > 1
    groups: dict[str, list[SeriesUnit]] = {}
    for unit in faulty:
        groups.setdefault(_load(unit.machine) if by_load else _element(unit), []).append(unit)
    names = sorted(groups)[: spec.tasks]
    generator = np.random.default_rng([seed, 7])
    elements: dict[str, set[str]] = {}
    for unit in faulty:
        elements.setdefault(_element(unit), set()).add(_state(unit))
    train: set[str] = set()
    for element in sorted(elements):
        train |= split_bearings(sorted(elements[element]), severities, generator)
    rate = data.rate or 12_000.0
    faults = ("normal", *states)
    sources = []
    for place, name in enumerate(names):
        own = [unit for unit in healthy if not by_load or _load(unit.machine) == name]
        share = (0, 1) if by_load else (place, len(names))
        normal = _normal_parts(own, share)
        pools: dict[Part, Pool] = {}
        for part, windowed in normal.items():
            wanted = [
                unit for unit in groups[name] if part != "calibration" and (_state(unit) in train) == (part == "train")
            ]
            found = [(0, windowed), *((faults.index(_state(unit)), _windowed(unit)) for unit in wanted)]
            pools[part] = _buried(
                pool_of(found), spec.snr_db, np.random.default_rng([seed, 13, place, PARTS.index(part)])
            )
        sources.append(PoolSource(name, {"vibration": lambda raw: describe_bearing(raw, rate)}, pools))
    notes = (
        "Split by bearing: those that are trained on and those that are probed are different ones, so that a fault of "
        "the probe is of a size or place never seen.",
        "One healthy bearing for each load: its parts are later in time, but the same bearing.",
        *(() if by_load else ("Recordings of one load alone: tasks are the parts of the bearing at fault.",)),
        f"Windows of {WINDOW / rate:.2f} s overlap, and are drawn with replacement.",
        "As recorded, healthy and faulty bearings differ so much that any detector tells them apart."
        if spec.snr_db is None
        else f"Windows have equal loudness and white noise on top, at {spec.snr_db:g} dB.",
    )
    return Ground(tuple(sources), faults, "bearings", tuple(f"CWRU, {name}" for name in names), notes)


def _buried(pool: Pool, snr_db: float | None, generator: np.random.Generator) -> Pool:
    """Windows at unit power under white noise: what is left to tell faults by is their rhythm and colour."""
    if snr_db is None:
        return pool
    waves = pool.raw["vibration"]
    power = np.maximum(np.mean(np.square(waves), axis=(1, 2), keepdims=True), 1e-12)
    noise = 10 ** (-snr_db / 20) * generator.standard_normal(waves.shape)
    return Pool({"vibration": (waves / np.sqrt(power) + noise).astype(np.float32)}, pool.fault)


def _normal_parts(units: Sequence[SeriesUnit], share: tuple[int, int]) -> dict[Part, NDArray[np.float32]]:
    """Windows of normal running for one of several tasks: training and calibration from the recording's training part,
    the probe from its test part, a window's length left out between them."""
    found: dict[Part, list[NDArray[np.float32]]] = {"train": [], "calibration": [], "probe": []}
    place, of = share
    for unit in units:
        start, stop = len(unit) * place // of, len(unit) * (place + 1) // of
        values = unit.values[start:stop, :1]
        if unit.split == "train":
            cut = int((1 - CALIBRATION_SHARE) * len(values))
            found["train"].append(windows(values[:cut], WINDOW, HOP))
            found["calibration"].append(windows(values[cut + WINDOW :], WINDOW, HOP))
        else:
            found["probe"].append(windows(values[WINDOW:], WINDOW, HOP))
    return {
        part: np.concatenate(parts) if parts else np.empty((0, WINDOW, 1), np.float32) for part, parts in found.items()
    }


def _windowed(unit: SeriesUnit) -> NDArray[np.float32]:
    return windows(unit.values[:, :1], WINDOW, 2 * HOP)


def _state(unit: SeriesUnit) -> str:
    return str(unit.events[0].kind) if unit.events else "normal"


def _element(unit: SeriesUnit) -> str:
    return next(name for name in ("inner race", "outer race", "ball") if _state(unit).startswith(name))


def _load(machine: str) -> str:
    """The motor's load from its speed in the name, or from the digit that published names end with."""
    if match := _RPM.search(machine):
        return _LOADS[match[1]]
    return f"{machine[-1]} hp" if re.search(r"_[0-3]$", machine) else "0 hp"
