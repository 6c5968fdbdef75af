"""PatchCore's scores with several backbones, on the same normals and the same test images."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.types import ImageItem, ImageSet
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.errors import UserError
from core.features.backbones import LoadedBackbone
from core.progress import Progress

NORMALS = 60  # learnt from in a split, at most: then splits of a large set differ
GOOD, BAD = 60, 100  # test images at most, drawn once for all splits
# A smaller bank than usual: every backbone gets the same, several times over.
PARAMS = PatchCoreParams(bank_size=3000, image_size=256)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """``scores`` of each contender (splits, images), higher is more anomalous; ``anomalous`` (images,)."""

    name: str
    normals: int  # in each split
    anomalous: NDArray[np.bool_]
    scores: Mapping[str, Floats]


class _PatchCoreOn(PatchCore):
    """PatchCore on a network that is already loaded, in place of one that has a name."""

    def __init__(self, loaded: LoadedBackbone, seed: int) -> None:
        self._loaded = loaded
        super().__init__(PARAMS, seed)

    def _network(self) -> LoadedBackbone:
        return self._loaded


def trial(
    data: ImageSet,
    contenders: Mapping[str, LoadedBackbone],
    *,
    splits: int,
    seed: int,
    cache: Path | None,
    progress: Progress,
) -> Trial:
    """Fit and score ``splits`` times with other normals, each time with every contender.

    ``cache`` is a folder where scores stay, so that the next candidate need not wait for its rivals.
    Raises UserError where there are no normals or not both kinds of labelled test images.
    """
    test = _test_images(data, seed)
    normals = sorted(data.normals().items, key=lambda item: item.sha256)
    if len({item.sha256 for item in normals}) < 2:
        raise UserError("There are fewer than two good training images", data.name, "Add photographs of good parts")
    count = min(NORMALS, max(2, round(0.8 * len(normals))))
    scores: dict[str, list[Floats]] = {name: [] for name in contenders}
    rounds = [(split, name) for split in range(splits) for name in contenders]
    for number, (split, name) in enumerate(rounds):
        part = progress.part(number / len(rounds), (number + 1) / len(rounds))
        drawn = np.random.default_rng([seed, split]).permutation(len(normals))[:count]
        learnt = [normals[i] for i in sorted(drawn)]
        scores[name].append(_scores(data, learnt, test, contenders[name], split, cache, part))
    return Trial(
        name=data.name,
        normals=count,
        anomalous=np.array([item.label == "bad" for item in test]),
        scores={name: np.stack(found) for name, found in scores.items()},
    )


def _test_images(data: ImageSet, seed: int) -> list[ImageItem]:
    """Labelled test images, at most ``GOOD`` and ``BAD`` of them, in the order of their hashes."""
    chosen: list[ImageItem] = []
    for label, most in (("good", GOOD), ("bad", BAD)):
        found = sorted((item for item in data.test().items if item.label == label), key=lambda item: item.sha256)
        if not found:
            raise UserError(
                f"There are no {label} test images",
                data.name,
                "Sort some into folders named for good and for bad parts",
            )
        order = np.random.default_rng([seed, 1000]).permutation(len(found))[:most]
        chosen += [found[i] for i in sorted(order)]
    return chosen


def _scores(
    data: ImageSet,
    learnt: list[ImageItem],
    test: list[ImageItem],
    loaded: LoadedBackbone,
    split: int,
    cache: Path | None,
    progress: Progress,
) -> Floats:
    """(images,) scores of one fit, from the cache where it was made before."""
    named = [[item.sha256 for item in items] for items in (learnt, test)]
    key = json.dumps([loaded.sha256, PARAMS.model_dump(mode="json"), split, *named])
    kept = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json" if cache else None
    if kept is not None and kept.is_file():
        return np.array(json.loads(kept.read_text()), float)
    detector = _PatchCoreOn(loaded, split)
    wanted = {item.name: number for number, item in enumerate(test)}
    chosen = {item.name for item in learnt}
    detector.fit(data.where(lambda item: item.name in chosen), progress.part(0.0, 0.5))
    if detector.provenance()["backbone_sha256"] != loaded.sha256:
        raise RuntimeError(f"the scores would be another network's than {loaded.source}'s")
    found = np.empty(len(test))
    for one in detector.score(data.where(lambda item: item.name in wanted), progress.part(0.5, 1.0)):
        found[wanted[one.name]] = one.score
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_name(f".{secrets.token_hex(6)}")
        temporary.write_text(json.dumps(found.tolist()))
        temporary.replace(kept)
    return found
