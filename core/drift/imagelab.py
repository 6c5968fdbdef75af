"""A drift by hand for a detector of images: the same photographs before and after it, and a stream of them in which
detectors of drift may notice it.

A bounded sample is judged while a person waits. Both sides go the same way (decoded, drifted, written, judged), so that
nothing differs but the drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.images import load_rgb
from core.datasets.said import NOTHING, Said
from core.datasets.types import ImageItem, ImageSet, Label
from core.detectors.base import ImageDetector, ImageScore
from core.drift.blocks import Floats
from core.drift.imagefeatures import Looks, components, looks
from core.drift.noticed import Noticed, noticed, quickest_first
from core.drift.scenarios import Drift, amounts, apply
from core.errors import UserError
from core.progress import Progress

MOST_GOOD, MOST_BAD, MOST_REFERENCE = 96, 32, 64
FEWEST_GOOD, FEWEST_REFERENCE = 8, 40
BAD_SHARE = 0.05  # of the stream
SIDE = 512  # pixels of the longer side, at most, at which images are drifted
STAGES = 4  # sizes in which a drift that grows evenly is worked out


@dataclass(frozen=True)
class Sample:
    """``good`` and ``bad`` are photographs that the model has never seen; ``reference`` are normals that tell what is
    usual, which it did not learn from either. The three are disjoint."""

    good: tuple[ImageItem, ...]
    bad: tuple[ImageItem, ...]
    reference: tuple[ImageItem, ...]


@dataclass(frozen=True, eq=False)
class JudgedImages:
    """(n,) scores of photographs in the order they were given, and what they look like."""

    score: Floats
    looks: Looks


@dataclass(frozen=True, eq=False)
class Course:
    """A stream of n photographs, and the drift in it. ``place`` (n,): which of the good ones, then of the bad ones;
    ``stage`` (n,): how far the drift has come, in ``STAGES``. It begins with photograph ``onset``."""

    place: NDArray[np.int64]
    stage: NDArray[np.int64]
    onset: int


def sample(data: ImageSet, roles: Mapping[str, str], seed: int = 0, said: Said = NOTHING) -> Sample:
    """A bounded sample of ``data`` for a model that used photographs in ``roles`` (``fit`` or ``calibration``, by
    sha256). Where those that calibrate it are too few to tell what is usual, half of the good ones stand for them.

    A photograph of which neither the data nor a person says anything is good if it is among the training images.

    UserError for too few good photographs.
    """
    rng = np.random.default_rng(seed)
    judged = [(item, _truth(item, said)) for item in data.items]
    unseen = [(item, label) for item, label in judged if item.sha256 not in roles]
    good, bad = (_shuffled([item for item, label in unseen if label == wanted], rng) for wanted in ("good", "bad"))
    usual = [item for item, label in judged if roles.get(item.sha256) == "calibration" and label == "good"]
    usual = _shuffled(usual, rng)
    if len(usual) < FEWEST_REFERENCE:
        usual, good = good[: len(good) // 2], good[len(good) // 2 :]
    if len(good) < FEWEST_GOOD:
        raise UserError(
            f"{len(good)} good photographs that the model has not seen are too few to try a drift on",
            data.name,
            f"Give {FEWEST_GOOD} at least, {2 * FEWEST_REFERENCE} to tell who notices: in a test folder for good parts",
        )
    return Sample(tuple(good[:MOST_GOOD]), tuple(bad[:MOST_BAD]), tuple(usual[:MOST_REFERENCE]))


def judge(
    detector: ImageDetector, items: Sequence[ImageItem], kind: str, amount: float, folder: Path, progress: Progress
) -> JudgedImages:
    """``items`` through a drift of ``kind`` by ``amount``, 0 for none, as the detector judges them. The pictures are
    written to ``folder``, which the caller removes."""
    data = _written(items, kind, amount, folder, progress.part(0.0, 0.25))
    scores = [one.score for one in detector.score(data, progress.part(0.25, 0.8))]
    seen = looks([load_rgb(item.path) for item in data.items], progress.part(0.8, 1.0))
    return JudgedImages(np.array(scores, np.float64), seen)


def example(detector: ImageDetector, item: ImageItem, kind: str, amount: float, folder: Path) -> ImageScore:
    """One photograph through a drift, with its anomaly map; its picture is ``drifted``."""
    (found,) = detector.score(_written([item], kind, amount, folder, Progress()), Progress())
    return found


def drifted(item: ImageItem, kind: str, amount: float) -> NDArray[np.uint8]:
    """A photograph (h, w, 3), its longer side ``SIDE`` at most, through a drift. What is random follows from the
    photograph."""
    scale = min(1.0, SIDE / max(item.width, item.height))
    size = (max(1, round(item.width * scale)), max(1, round(item.height * scale)))
    generator = np.random.default_rng(int(item.sha256[:12], 16))
    return np.asarray(apply(kind, load_rgb(item.path, size)[None], [amount], generator)[0], np.uint8)


def course(n_good: int, n_bad: int, drift: Drift, share: float, order: int) -> Course:
    """All good photographs in a random ``order``, a few bad ones among them, and the drift from ``share`` of it on,
    the last one at least."""
    rng = np.random.default_rng(order)
    some = min(n_bad, round(BAD_SHARE * n_good))
    place = rng.permutation(np.concatenate([np.arange(n_good), n_good + rng.permutation(n_bad)[:some]])).astype(
        np.int64
    )
    onset = min(round(share * len(place)), len(place) - 1)
    amount = amounts(drift, np.arange(len(place)) - onset, rng)
    return Course(place, np.rint(amount * STAGES).astype(np.int64), onset)


def who_noticed(reference: JudgedImages, stages: Mapping[int, JudgedImages], found: Course) -> list[Noticed]:
    """Every detector of drift on light, score and code of the stream. ``stages`` are the good and the bad photographs
    judged at the stages that the course comes to, 0 among them; ``reference`` is without drift.

    UserError where the reference cannot tell what is usual.
    """
    if len(reference.score) < FEWEST_REFERENCE:
        raise UserError(
            f"{len(reference.score)} photographs are too few to tell what is usual",
            "",
            f"Detectors of drift need {FEWEST_REFERENCE} good ones that the model has not learned from",
        )
    ends = np.arange(1, len(found.place) + 1)
    centre, directions = components(reference.looks.code)

    def views(one: JudgedImages) -> tuple[Floats, Floats, Floats]:
        return one.looks.light, one.score[:, None], (one.looks.code - centre) @ directions

    usual = views(reference)
    told = {stage: views(one) for stage, one in stages.items()}
    every: list[Noticed] = []
    for k, view in enumerate(("input", "bulk", "latent")):
        clean = told[0][k][found.place]
        changed = np.array([told[int(stage)][k][place] for stage, place in zip(found.stage, found.place, strict=True)])
        every += noticed(view, usual[k], clean, changed, ends, found.onset)  # type: ignore[arg-type]
    return quickest_first(every)


def _written(items: Sequence[ImageItem], kind: str, amount: float, folder: Path, progress: Progress) -> ImageSet:
    written = []
    for place, item in enumerate(items):
        path, picture = folder / f"{place:04d}.png", drifted(item, kind, amount)
        cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
        height, width = picture.shape[:2]
        written.append(replace(item, name=path.name, path=path, width=width, height=height, mask=None))
        progress.report(place + 1, len(items), "Drifting the images")
    return ImageSet("drifted", folder, "lab", tuple(written))


def _truth(item: ImageItem, said: Said) -> Label | None:
    silent = item.label is None and item.name not in said.labels and item.name not in said.excluded
    return "good" if silent and item.split == "train" else said.truth(item.name, item.label)


def _shuffled(items: list[ImageItem], rng: np.random.Generator) -> list[ImageItem]:
    return [items[place] for place in rng.permutation(len(items))]
