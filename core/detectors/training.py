"""Fit a detector and calibrate it on normal images that it never learned from.

The test set plays no part: neither in the fit nor in the threshold.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.datasets.types import ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, Params
from core.detectors.calibration import Calibration, Scheme, Summary
from core.detectors.registry import build, info
from core.errors import UserError
from core.progress import Progress

HELD_OUT = 0.2
MOST_HELD_OUT = 1000  # a promise of 0.1 % needs no more
ENOUGH_TO_HOLD_OUT = 100  # below, a detector that refits quickly is calibrated by cross-fitting
FOLDS = 5
FEWEST = 3  # with two, a fold would learn from a single image and have no other to compare it with
Role = Literal["fit", "calibration"]


@dataclass(frozen=True)
class Fitted:
    """A trained detector and everything that its model folder records."""

    detector_name: str
    detector: ImageDetector
    params: Params
    seed: int
    calibration: Calibration
    roles: Mapping[str, Role]  # sha256 of every image that it has seen
    fit_seconds: float
    peak_rss_mib: float  # of this process, since it began


def train(name: str, params: Params, seed: int, data: ImageSet, progress: Progress) -> Fitted:
    """Fit on normal images ``data`` and calibrate. Raises UserError where there are too few of them."""
    unique = sorted({item.sha256 for item in data.items})
    if len(unique) < FEWEST:
        raise UserError(
            f"«{data.name}» has {len(unique)} different good training images",
            f"at least {FEWEST} are needed, 20 make a usable calibration",
            "Add photographs of good parts",
        )
    started = time.perf_counter()
    scheme, n = planned_calibration(info(name), len(unique))
    order = np.random.default_rng(seed).permutation(np.array(unique, dtype=object)).tolist()
    if scheme == "cross-fitted":
        scores = _cross_fit(name, params, seed, data, order, progress.part(0.0, 0.75))
        detector = build(name, params, seed)
        detector.fit(data, progress.part(0.75, 1.0))
        roles: dict[str, Role] = dict.fromkeys(unique, "fit")
    else:
        held = frozenset(_in_turns(data, order)[:n])
        detector = build(name, params, seed)
        detector.fit(data.where(lambda item: item.sha256 not in held), progress.part(0.0, 0.85))
        scores = _summaries(detector, _one_each(data, held), progress.part(0.85, 1.0))
        roles = {sha: "calibration" if sha in held else "fit" for sha in unique}
    return Fitted(
        detector_name=name,
        detector=detector,
        params=params,
        seed=seed,
        calibration=Calibration.of(scores, scheme),
        roles=roles,
        fit_seconds=time.perf_counter() - started,
        peak_rss_mib=peak_rss_mib(),
    )


def planned_calibration(entry: DetectorInfo, different: int) -> tuple[Scheme, int]:
    """How ``train`` will calibrate with so many different normal images, and on how many of them."""
    if entry.refit_is_cheap and different < ENOUGH_TO_HOLD_OUT:
        return "cross-fitted", different
    return "held-out", min(max(round(HELD_OUT * different), 1), MOST_HELD_OUT)


def _in_turns(data: ImageSet, order: Sequence[str]) -> list[str]:
    """The images (by sha256) in an order of which every stretch holds the categories in their proportions, each in the
    given order: what is held out then has its share of each."""
    category = _categories(data)
    total, so_far, place = Counter(category[sha] for sha in order), Counter[str](), dict[str, float]()
    for sha in order:
        name = category[sha]
        place[sha] = (so_far[name] + 0.5) / total[name]
        so_far[name] += 1
    return sorted(order, key=place.__getitem__)


def _categories(data: ImageSet) -> dict[str, str]:
    """The category of each image, by sha256; a photograph that is in two of them counts for the first."""
    return {item.sha256: item.category for item in reversed(data.items)}


def peak_rss_mib() -> float:
    """The largest resident memory of this program so far, MiB."""
    if sys.platform == "linux":
        # The kernel's own record of this program; ``getrusage`` would count what the process that started it held.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _cross_fit(
    name: str, params: Params, seed: int, data: ImageSet, order: Sequence[str], progress: Progress
) -> list[Summary]:
    """Score every image with a model that was fitted without it and its duplicates."""
    folds = min(FOLDS, len(order))
    order = sorted(order, key=_categories(data).__getitem__)  # every fold has its share of each category
    found: list[Summary] = []
    for fold in range(folds):
        held = frozenset(order[fold::folds])
        part = progress.part(fold / folds, (fold + 1) / folds)
        detector = build(name, params, seed)
        detector.fit(data.where(lambda item, held=held: item.sha256 not in held), part.part(0.0, 0.8))  # type: ignore[misc]
        found += _summaries(detector, _one_each(data, held), part.part(0.8, 1.0))
    return found


def _one_each(data: ImageSet, hashes: frozenset[str]) -> ImageSet:
    """One item for each of the hashes: a copy of a photograph is no further evidence."""
    first = {item.sha256: item.name for item in reversed(data.items)}
    return data.where(lambda item: item.sha256 in hashes and first[item.sha256] == item.name)


def _summaries(detector: ImageDetector, data: ImageSet, progress: Progress) -> list[Summary]:
    return [
        Summary.of(scored, item.category)
        for item, scored in zip(data.items, detector.score(data, progress), strict=True)
    ]
