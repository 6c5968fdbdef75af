"""The calibration of a model that took in new images, on images that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.continual.forgetting import Judged, Part
from core.datasets.types import ImageSet
from core.detectors.base import ImageDetector, Params
from core.detectors.calibration import Calibration, Summary
from core.detectors.training import FOLDS
from core.progress import Progress

if TYPE_CHECKING:
    from core.detectors.patchcore.extending import Growth


@runtime_checkable
class Extendable(Protocol):
    """An image detector that takes in more images without seeing those it knows again."""

    params: Params
    seed: int

    def extended(self, data: ImageSet, images: int, progress: Progress) -> tuple[Self, Growth]:
        """Another detector that knows ``data`` too, this one being fitted on so many ``images``; and how it grew."""


@dataclass(frozen=True)
class Recalibrated:
    """``judged``: the images of the calibration that the parent had not learned from either."""

    calibration: Calibration
    judged: tuple[Judged, ...]


def held_out(
    before: ImageDetector, after: ImageDetector, sides: Sequence[tuple[Part, ImageSet]], progress: Progress
) -> Recalibrated:
    """By images that were kept from learning, of each part."""
    judged: list[Judged] = []
    everything: list[Summary] = []
    for place, (part, data) in enumerate(sides):
        own = progress.part(place / len(sides), (place + 1) / len(sides))
        then = [one.score for one in before.score(data, own.part(0.0, 0.5))]
        now = _summaries(after, data, own.part(0.5, 1.0))
        judged += [Judged(one.name, part, "", old, one.score) for old, one in zip(then, now, strict=True)]
        everything += now
    return Recalibrated(Calibration.of(everything, "held-out"), tuple(judged))


def cross_fitted(parent: ImageDetector, known: ImageSet, new: ImageSet, progress: Progress) -> Recalibrated:
    """By five models, each fitted on the ``known`` images and extended by the ``new`` ones without a fold of either.
    Of the new ones the parent has seen none: they are judged by it too."""
    then = {one.name: one.score for one in parent.score(new, progress.part(0.0, 0.1))}
    rng = np.random.default_rng(parent.seed)
    orders = [rng.permutation(len(side)) for side in (known, new)]
    judged: list[Judged] = []
    everything: list[Summary] = []
    for fold in range(FOLDS):
        own = progress.part(0.1 + 0.9 * fold / FOLDS, 0.1 + 0.9 * (fold + 1) / FOLDS)
        out = [order[fold::FOLDS] for order in orders]
        learned = [
            chosen(side, np.setdiff1d(order, part)) for side, order, part in zip((known, new), orders, out, strict=True)
        ]
        base = type(parent)(parent.params, parent.seed)
        base.fit(learned[0], own.part(0.0, 0.4))
        if not isinstance(base, Extendable):
            raise TypeError(f"{parent.info.name} cannot be extended")
        model, _ = base.extended(learned[1], len(learned[0]), own.part(0.4, 0.8))
        everything += _summaries(model, chosen(known, out[0]), own.part(0.8, 0.9))
        fresh = _summaries(model, chosen(new, out[1]), own.part(0.9, 1.0))
        judged += [Judged(one.name, "new held-out", "", then[one.name], one.score) for one in fresh]
        everything += fresh
    return Recalibrated(Calibration.of(everything, "cross-fitted"), tuple(judged))


def chosen(data: ImageSet, places: NDArray[np.int64]) -> ImageSet:
    """The items at these places, in the order of the set."""
    names = {data.items[place].name for place in places}
    return data.where(lambda item: item.name in names)


def _summaries(detector: ImageDetector, data: ImageSet, progress: Progress) -> list[Summary]:
    return [
        Summary.of(scored, item.category)
        for item, scored in zip(data.items, detector.score(data, progress), strict=True)
    ]
