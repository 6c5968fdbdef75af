"""Images for training, read in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.images import load_rgb
from core.datasets.types import ImageItem
from core.detectors.image_vae.model import SIZE

KEPT = 1000  # images that stay in memory once decoded, 147 KiB each
AHEAD = 2  # batches that are read while the network computes

Pixels = NDArray[np.uint8]


class ImagePool:
    """Items as RGB pixels (224, 224, 3); the first ``kept`` stay in memory, others are decoded each time."""

    def __init__(self, items: Sequence[ImageItem], kept: int = KEPT) -> None:
        self._items = items
        self._limit = kept
        self._kept: dict[int, Pixels] = {}

    def __len__(self) -> int:
        return len(self._items)

    def batches(self, order: Sequence[int], size: int) -> Iterator[Pixels]:
        """Pixels (b, 224, 224, 3) of the items ``order``, ``size`` at a time, read ahead in another thread."""
        starts = range(0, len(order), size)
        with ThreadPoolExecutor(1) as reader:
            waiting: deque[int] = deque(starts)
            ahead = deque(
                reader.submit(self._read, order[start : start + size])
                for start in (waiting.popleft() for _ in range(min(AHEAD, len(waiting))))
            )
            try:
                while ahead:
                    batch = ahead.popleft().result()
                    if waiting:
                        start = waiting.popleft()
                        ahead.append(reader.submit(self._read, order[start : start + size]))
                    yield batch
            finally:
                for task in ahead:
                    task.cancel()

    def _read(self, chosen: Sequence[int]) -> Pixels:
        return np.stack([self._one(index) for index in chosen])

    def _one(self, index: int) -> Pixels:
        if index in self._kept:
            return self._kept[index]
        pixels = load_rgb(self._items[index].path, (SIZE, SIZE))
        if index < self._limit:
            self._kept[index] = pixels
        return pixels


def as_tensor(pixels: Pixels) -> Tensor:
    """(b, 3, h, w) float32 from 0 to 1, channels last in memory, of pixels (b, h, w, 3)."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(255)
