"""A stored model that goes on learning: new good images taken in, calibrated anew, and what it forgot by it.

The parent stays as it is; what comes of it is another model. Labels of test images choose nothing: they are read
afterwards, to tell what was forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.continual.forgetting import Forgetting, Judged
from core.continual.recalibrated import Extendable, chosen, cross_fitted, held_out
from core.datasets.said import NOTHING, Said
from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import ImageDetector
from core.detectors.calibration import Calibration
from core.detectors.training import FEWEST, HELD_OUT, MOST_HELD_OUT, Fitted, Role, peak_rss_mib
from core.errors import UserError
from core.progress import Progress

if TYPE_CHECKING:
    from core.detectors.patchcore.extending import Growth

RATE = 0.05  # of false alarms, at which what was forgotten is told
MOST_GOOD, MOST_OF_A_KIND = 150, 60  # labelled test images that tell it


@dataclass(frozen=True)
class Parent:
    """A model as its folder holds it. ``roles``: what it used each image for, by sha256."""

    name: str
    detector: ImageDetector
    calibration: Calibration
    roles: Mapping[str, Role]


@dataclass(frozen=True)
class Continued:
    """The model that came of it, how many new images it learned from and how many calibrate it beside the old ones, how
    its bank grew, and what it forgot. A cross-fitted one holds none out."""

    fitted: Fitted
    taken_in: int
    held_out: int
    growth: Growth
    forgetting: Forgetting


def extend(
    parent: Parent, old: Sequence[ImageSet], new: ImageSet, progress: Progress, said: Said = NOTHING
) -> Continued:
    """``parent`` with the images of ``new``, all taken for normal; those that it knows already are passed over.

    ``old`` are the sets that it learned from, the first one that it began with; of that people ``said`` by hand which
    images are good and which are to be left out: such a one calibrates nothing any more, and what was forgotten is told
    by their labels where the set has none. The new calibration is of images that
    the new model did not learn from: the parent's held-out ones and a share of the new ones. Its promise is on their
    mixture. A parent with few images was cross-fitted and held none out; then this one is cross-fitted, too.

    UserError for a detector that cannot be extended, too few new images, or old ones that are not at hand.
    """
    detector = parent.detector
    if not isinstance(detector, Extendable):
        raise UserError(
            f"{detector.info.title} cannot take in images: it has to be trained again on all of them",
            parent.name,
            "Choose a PatchCore model, or train again",
        )
    started = time.perf_counter()
    fresh = _distinct((new,), lambda item: item.sha256 not in parent.roles)
    if len(fresh) < FEWEST:
        raise UserError(
            f"«{new.name}» has {len(fresh)} good images that the model does not know",
            f"at least {FEWEST} are needed",
            "Add photographs of good parts, or say which of them are good",
        )
    crossed = parent.calibration.scheme == "cross-fitted"
    known = _known(parent, old, "fit" if crossed else "calibration", said)
    if not any(len(data.categories) > 1 for data in (*old, new)):  # what a set is called tells no products apart
        known, fresh = _of_one_kind(known), _of_one_kind(fresh)
    order = np.random.default_rng(detector.seed).permutation(len(fresh))
    cut = 0 if crossed else min(max(round(HELD_OUT * len(fresh)), 1), MOST_HELD_OUT)
    held, taken = chosen(fresh, order[:cut]), chosen(fresh, order[cut:])
    n_fit = sum(role == "fit" for role in parent.roles.values())
    grown, growth = detector.extended(taken, n_fit, progress.part(0.0, 0.3))
    measuring = progress.part(0.3, 0.7)
    found = (
        cross_fitted(detector, known, fresh, measuring)
        if crossed
        else held_out(detector, grown, (("old held-out", known), ("new held-out", held)), measuring)
    )
    seen = {*parent.roles, *(item.sha256 for item in fresh.items)}
    tested = _tested(detector, grown, said.seen(old[0]), seen, progress.part(0.7, 1.0))
    sides = {"old held-out": known, "new held-out": fresh}
    judged = tuple(
        _placed(one, sides.get(one.part, old[0]).by_name[one.item].category, parent.calibration, found.calibration)
        for one in (*found.judged, *tested)
    )
    roles: dict[str, Role] = {**parent.roles}
    roles.update({item.sha256: "fit" for item in taken.items})
    roles.update({item.sha256: "calibration" for item in held.items})
    fitted = Fitted(
        detector_name=detector.info.name,
        detector=grown,
        params=detector.params,
        seed=detector.seed,
        calibration=found.calibration,
        roles=roles,
        fit_seconds=time.perf_counter() - started,
        peak_rss_mib=peak_rss_mib(),
    )
    before, after = (one.threshold(one.reachable(RATE)) for one in (parent.calibration, found.calibration))
    return Continued(fitted, len(taken), len(held), growth, Forgetting(RATE, before, after, judged))


def good_of(
    data: ImageSet, said: Mapping[str, str], excluded: Collection[str] = (), *, everything: bool = False
) -> ImageSet:
    """The images to take in: those that a person called good and the good training images, or ``everything`` that
    nobody called bad. What a person ``said`` (good, bad, unsure; by name) or ``excluded`` counts before labels."""

    def wanted(item: ImageItem) -> bool:
        if item.name in excluded or said.get(item.name, "good") != "good":
            return False
        if said.get(item.name) == "good":
            return True
        return item.label != "bad" and (everything or item.split == "train")

    return data.where(wanted)


def _known(parent: Parent, old: Sequence[ImageSet], role: Role, said: Said) -> ImageSet:
    """One item for each image that the parent used so, without those of the first set that people have since taken out
    or called bad. UserError where some are not at hand."""
    taken_back = {
        item.sha256 for item in old[0].items if item.name in said.excluded or said.labels.get(item.name) == "bad"
    }
    wanted = {sha for sha, used in parent.roles.items() if used == role} - taken_back
    found = _distinct(old, lambda item: item.sha256 in wanted)
    if len(found) < len(wanted):
        raise UserError(
            f"{len(wanted) - len(found)} of the {len(wanted)} images that the model is calibrated by are not at hand",
            ", ".join(data.name for data in old),
            "Bring the images that it was trained on in again",
        )
    return found


def _of_one_kind(data: ImageSet) -> ImageSet:
    return replace(data, items=tuple(replace(item, category="") for item in data.items))


def _placed(one: Judged, category: str, before: Calibration, after: Calibration) -> Judged:
    """An image's scores as either model is calibrated."""
    then, now = before.place(one.before, category), after.place(one.after, category)
    return replace(one, before=float(then), after=float(now))


def _tested(
    before: ImageDetector, after: ImageDetector, data: ImageSet, seen: Collection[str], progress: Progress
) -> list[Judged]:
    """Labelled test images that neither model has seen, a bounded number of each kind, by both."""
    rng = np.random.default_rng(before.seed)
    kinds: dict[str, list[str]] = {}
    for item in data.test().items:
        if item.label and item.sha256 not in seen:
            kinds.setdefault("" if item.label == "good" else _defect(item), []).append(item.name)
    names: set[str] = set()
    for kind, own in sorted(kinds.items()):
        names.update(rng.permutation(np.array(own, dtype=object))[: MOST_OF_A_KIND if kind else MOST_GOOD])
    part = data.where(lambda item: item.name in names)
    then = [one.score for one in before.score(part, progress.part(0.0, 0.5))]
    now = [one.score for one in after.score(part, progress.part(0.5, 1.0))]
    return [
        Judged(item.name, "old good", "", old, new)
        if item.label == "good"
        else Judged(item.name, "old bad", _defect(item), old, new)
        for item, old, new in zip(part.items, then, now, strict=True)
    ]


def _defect(item: ImageItem) -> str:
    return item.defect or "defect"


def _distinct(sets: Sequence[ImageSet], keep: Callable[[ImageItem], bool]) -> ImageSet:
    """One item for each photograph among those wanted, under names that tell the sets apart."""
    first: dict[str, ImageItem] = {}
    for place, data in enumerate(sets):
        for item in data.items:
            if keep(item):
                first.setdefault(item.sha256, item if not place else replace(item, name=f"{place}/{item.name}"))
    return replace(sets[0], items=tuple(sorted(first.values(), key=lambda item: item.name)))
