"""A stream of image categories, one task each, in any layout that Faultline reads.

MVTec AD and MPDD are folders of train and test; Real-IAD's ``<product>/OK`` and ``<product>/NG/<defect>`` are read as
good and bad folders, several products as categories. What is called «DGAD» in the README of DynaMAD is defined nowhere
and is not claimed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.continual.config import Category, ImagesSpec, Layers
from core.continual.descriptors import Array, Describe, feature_covariance
from core.continual.pairing import BearingPairs
from core.continual.source import PARTS, Ground, Part, Pool, PoolSource
from core.continual.types import View
from core.datasets.images import load_rgb
from core.datasets.photographs import read_images
from core.datasets.types import ImageItem
from core.drift.scenarios import apply
from core.errors import UserError
from core.progress import Progress

COVARIANCE_DIMENSION = 16
CALIBRATION_SHARE = 0.2  # of the good training images
PROBE_SHARE = 1 / 3  # of them, where good test images are few
LEAST_GOOD = 3  # one to calibrate on, two to learn from
UNNAMED = "defect"  # a bad part whose defect nobody named


class _Picture(NamedTuple):
    path: Path
    fault: str  # empty for a good part


class _Division(NamedTuple):
    name: str
    category: Category
    parts: dict[Part, list[_Picture]]


@dataclass(frozen=True, eq=False)
class Photos:
    """Images that are read when they are asked for: ``photos[places]`` is (m, size, size, 3) uint8. All are shown
    through the drift ``domain`` of the given magnitude, where it is not empty."""

    paths: tuple[Path, ...]
    size: int
    domain: str = ""
    magnitude: float = 1.0

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        distinct, back = np.unique(places, return_inverse=True)
        found = np.empty((len(distinct), self.size, self.size, 3), np.uint8)
        for row, place in enumerate(distinct):
            found[row] = load_rgb(self.paths[place], (self.size, self.size))
            if self.domain:
                generator = np.random.default_rng([11, int(place)])
                found[row] = apply(self.domain, found[row][None], [self.magnitude], generator)[0]
        return found[back]


@dataclass(eq=False)
class PatchDescriber:
    """Patches and covariances of the same pixels, the network run once for both."""

    size: int
    layers: Layers
    _last: tuple[NDArray[Any], Array] | None = field(default=None, repr=False)

    def patches(self, pixels: NDArray[Any]) -> Array:
        """(n, h, w, 3) in 0 to 255 to (n, P, C)."""
        if self._last is not None and self._last[0] is pixels:
            return self._last[1]
        from core.features.patches import PatchExtractor

        extractor = PatchExtractor("compact", self.size, self.layers)
        whole = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
        parts = [extractor.patches(whole[at : at + 16]).numpy() for at in range(0, len(whole), 16)]
        found = np.concatenate(parts).astype(np.float32)
        self._last = (pixels, found)
        return found

    def covariance(self, pixels: NDArray[Any]) -> Array:
        """(n, 16, 16) of the patch features, through a fixed random projection."""
        patches = self.patches(pixels)
        generator = np.random.default_rng(17)
        projection, _ = np.linalg.qr(generator.standard_normal((patches.shape[-1], COVARIANCE_DIMENSION)))
        return feature_covariance(patches, projection.astype(np.float32))


def image_ground(spec: ImagesSpec, seed: int, progress: Progress) -> Ground:
    """What a stream of images is made of. UserError for a category with one class only, or too few good images."""
    divisions: list[_Division] = []
    for place, category in enumerate(spec.categories):
        stage = progress.part(place / len(spec.categories), (place + 1) / len(spec.categories))
        divisions += _divided(category, np.random.default_rng([seed, 9, place]), stage)
    pictures = [one for division in divisions for part in division.parts.values() for one in part]
    faults = ("normal", *sorted({one.fault for one in pictures} - {""}))
    pairs = None if spec.vibration is None else BearingPairs.read(spec.vibration, seed, progress)
    sources = []
    for place, division in enumerate(divisions):
        pools: dict[Part, Pool] = {}
        for part, own in division.parts.items():
            fault = np.array([faults.index(one.fault or "normal") for one in own], np.int64)
            category = division.category
            photos = Photos(tuple(one.path for one in own), spec.image_size, category.domain, category.magnitude)
            raw: dict[View, Any] = {"image": photos}
            if pairs is not None:
                generator = np.random.default_rng([seed, 10, place, PARTS.index(part)])
                raw["vibration"] = pairs.waves([one.fault for one in own], part, generator)
            pools[part] = Pool(raw, fault)
        sources.append(PoolSource(division.name, _describers(spec, pairs), pools))
    notes = ["Of the anomalies, half of each kind is trained on, the other half probed."]
    notes += [
        f"«{one.name}» is shown through the drift «{one.category.domain}», magnitude {one.category.magnitude:g}."
        for one in divisions
        if one.category.domain
    ]
    if pairs is not None:
        notes.append("Vibration is paired with the images by severity: a synthetic pairing, nobody recorded both.")
    origins = tuple(str(one.category.path) for one in divisions)
    return Ground(tuple(sources), faults, "defects", origins, tuple(notes))


def _describers(spec: ImagesSpec, pairs: BearingPairs | None) -> dict[View, Describe]:
    both = PatchDescriber(spec.image_size, spec.layers)
    found: dict[View, Describe] = {} if pairs is None else {"vibration": pairs.describe}
    found["image"] = both.covariance
    if spec.patches:
        found["patches"] = both.patches
    return found


def _divided(category: Category, generator: np.random.Generator, progress: Progress) -> list[_Division]:
    """Each product in the folder, in three parts."""
    data = read_images(category.path, progress=progress)
    found = []
    for product in data.categories:
        items = [item for item in data.items if item.category == product]
        name = category.name if category.name and len(data.categories) == 1 else product
        shown = f"{name} ({category.domain})" if category.domain else name
        found.append(_Division(shown, category, _parts(items, category, name, generator)))
    return found


def _parts(
    items: Sequence[ImageItem], category: Category, name: str, generator: np.random.Generator
) -> dict[Part, list[_Picture]]:
    """Good images of the training part are learned from and calibrated on, those of the test part probed; where those
    are few, a third of the others too."""
    judged = [(item, _fault(item, category)) for item in items]
    good = [item for item, fault in judged if not fault]
    tested = [item for item in good if item.split == "test"]
    learned = [item for item in good if item.split == "train"]
    learned = [learned[place] for place in generator.permutation(len(learned))]
    if len(tested) < LEAST_GOOD:
        cut = round(PROBE_SHARE * len(learned))
        tested, learned = [*tested, *learned[:cut]], learned[cut:]
    if len(learned) < LEAST_GOOD:
        what = f"«{name}» has {len(learned)} good images to learn from, and {LEAST_GOOD} are needed"
        raise UserError(what, str(category.path), "Add images, or leave the category out")
    cut = round(CALIBRATION_SHARE * len(learned))
    found = {"calibration": learned[:cut], "train": learned[cut:], "probe": tested}
    parts: dict[Part, list[_Picture]] = {part: [_Picture(item.path, "") for item in found[part]] for part in PARTS}
    for kind in sorted({fault for _, fault in judged} - {""}):
        own = [_Picture(item.path, kind) for item, fault in judged if fault == kind]
        order = generator.permutation(len(own))
        parts["train"] += [own[place] for place in order[: len(own) // 2]]
        parts["probe"] += [own[place] for place in order[len(own) // 2 :]]
    return parts


def _fault(item: ImageItem, category: Category) -> str:
    """Empty for a good part. Where the category says by names which are good, the folder's labels say nothing."""
    if category.good:
        return "" if re.search(category.good, item.name) else category.defect
    if item.label != "bad":
        return ""
    return (item.defect or UNNAMED).lower().replace("_", " ")
