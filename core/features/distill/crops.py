"""Training crops of photographs: which follows from seed and step alone, so that an interrupted run sees the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.images import UnreadableImage, load_rgb, resize
from core.datasets.types import ImageItem
from core.errors import UserError
from core.features.distill.config import FEWEST, Augmentation, DistillConfig
from core.features.distill.textures import texture

Pixels = NDArray[np.uint8]

SHORT_SIDE = 288  # photographs are kept at this size: larger ones are shrunk once, smaller ones stay
KEPT_BYTES = 768 * 2**20  # photographs that stay in memory once decoded; others are decoded each time
AHEAD = 2  # batches made while the network computes
HELD_OUT = 0.05
MOST_HELD_OUT = 64


class Photographs:
    """Photographs split into those to learn from and those on which imitation is measured. Test images are neither:
    a detector on this backbone may be judged on them."""

    def __init__(self, items: Sequence[ImageItem], seed: int) -> None:
        different = {item.sha256: item for item in items if item.split == "train"}
        if len(different) < FEWEST:
            raise UserError(
                f"There are {len(different)} different photographs to train on",
                f"at least {FEWEST} are needed, a thousand make a usable backbone",
                "Name a folder with more of them",
            )
        ordered = [different[sha] for sha in sorted(different)]
        order = np.random.default_rng([seed, 1]).permutation(len(ordered))
        held = min(MOST_HELD_OUT, max(4, round(HELD_OUT * len(ordered))))
        self.held_out = [ordered[i] for i in order[:held]]
        self.learnt = [ordered[i] for i in order[held:]]
        self._seed = seed
        self._kept: dict[str, Pixels] = {}
        self._bytes = 0

    def described(self, name: str, content_id: str) -> dict[str, Any]:
        """What a record remembers of them."""
        return {"name": name, "content_id": content_id, "learnt": len(self.learnt), "held_out": len(self.held_out)}

    def batches(self, config: DistillConfig, first: int, last: int) -> Iterator[Pixels]:
        """The crops (b, size, size, 3) of steps ``first`` to ``last``, made ahead in another thread."""
        make = partial(self.batch, config)
        with ThreadPoolExecutor(1) as maker:
            ahead = deque(maker.submit(make, step) for step in range(first, min(first + AHEAD, last)))
            try:
                for step in range(first, last):
                    batch = ahead.popleft().result()
                    if step + AHEAD < last:
                        ahead.append(maker.submit(make, step + AHEAD))
                    yield batch
            finally:
                for task in ahead:
                    task.cancel()

    def batch(self, config: DistillConfig, step: int) -> Pixels:
        """The crops of one step. In every epoch each photograph is shown once, in another order."""
        rng = np.random.default_rng([config.seed, 2, step])
        crops = []
        for number in range(step * config.batch_size, (step + 1) * config.batch_size):
            epoch, place = divmod(number, len(self.learnt))
            if rng.random() < config.textures:
                crops.append(texture(rng, config.size))
            else:
                photograph = self._read(self.learnt[_order(config.seed, epoch, len(self.learnt))[place]])
                crops.append(_crop(photograph, config.size, config.augmentation, rng))
        return np.stack([_changed(crop, config.augmentation, rng) for crop in crops])

    def held_out_crops(self, size: int) -> Pixels:
        """The middle square of every photograph held out, (n, size, size, 3), as it is."""
        crops = []
        for item in self.held_out:
            photograph = self._read(item)
            height, width = photograph.shape[:2]
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            crops.append(resize(photograph[top : top + side, left : left + side], (size, size)))
        return np.stack(crops)

    def held_out_textures(self, size: int) -> Pixels:
        """As many drawn surfaces, (n, size, size, 3), of random numbers that no crop is made of."""
        rng = np.random.default_rng([self._seed, 4])
        return np.stack([texture(rng, size) for _ in self.held_out])

    def _read(self, item: ImageItem) -> Pixels:
        if item.sha256 in self._kept:
            return self._kept[item.sha256]
        scale = min(1.0, SHORT_SIDE / min(item.width, item.height))
        size = (max(1, round(item.width * scale)), max(1, round(item.height * scale)))
        try:
            pixels = load_rgb(item.path, size)
        except UnreadableImage as error:
            raise UserError("A photograph changed while it was learnt from", f"{item.name}: {error.what}") from error
        if self._bytes + pixels.nbytes <= KEPT_BYTES:
            self._kept[item.sha256] = pixels
            self._bytes += pixels.nbytes
        return pixels


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, 3, epoch]).permutation(count)


def _crop(photograph: Pixels, size: int, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """A square of the photograph, turned and mirrored at random, resized."""
    low, high = how.zoom_crop if rng.random() < how.zoom else how.crop
    height, width = photograph.shape[:2]
    side = max(8, round(min(height, width) * rng.uniform(low, high)))
    side = min(side, height, width)
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    return resize(np.ascontiguousarray(photograph[top : top + side, left : left + side]), (size, size))


def _changed(crop: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """Turned, mirrored, perhaps grey, with another brightness and contrast."""
    crop = np.rot90(crop, int(rng.integers(4)))
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    crop = np.ascontiguousarray(crop)
    if rng.random() < how.grey:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.uint8)
    gain, contrast = np.exp(rng.uniform(-how.contrast, how.contrast, 2))
    middle = float(crop.mean())
    levels = (np.arange(256) - middle) * contrast * gain + middle * gain
    return np.asarray(np.clip(levels, 0, 255), np.uint8)[crop]
