"""SPADE: a part against its most similar good photographs (Cohen & Hoshen, 2020, arXiv:2005.02357).

Two bounds keep it usable on a CPU: the gallery holds at most ``GALLERY`` images, chosen to differ, and patches are
compared after a random projection that keeps distances (Johnson & Lindenstrauss, 1984).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.types import ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.maps import smooth_map
from core.detectors.patchcore.coreset import greedy_k_centre
from core.detectors.spade.info import INFO, SpadeParams
from core.detectors.state import load_tensors, save_tensors
from core.features.patches import PatchExtractor, each_batch
from core.progress import Progress

GALLERY = 300
DIMENSIONS = 128
SMOOTHING = 4.0  # pixels at size 256, as in the paper
QUERIES = 256


class Spade(ImageDetector):
    """The score is the mean distance to the K nearest images; maps are patch distances to those images, smoothed."""

    info: ClassVar[DetectorInfo] = INFO
    params: SpadeParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._extractor = PatchExtractor(self.params.backbone, self.params.image_size, "2+3", neighbourhood=3)
        self._projection = torch.empty(0)  # (d, DIMENSIONS)
        self._descriptors = torch.empty(0)  # (images, d): mean feature of each gallery image
        self._patches = torch.empty(0)  # (images, positions, DIMENSIONS) float16

    def fit(self, data: ImageSet, progress: Progress) -> None:
        items = data.items
        if len(items) > GALLERY:
            descriptors = self._describe(data, progress.part(0.0, 0.5))
            chosen = greedy_k_centre(descriptors, GALLERY).sort().values.tolist()
            items, progress = tuple(items[i] for i in chosen), progress.part(0.5, 1.0)
        held: list[Tensor] = []
        means: list[Tensor] = []
        done = 0
        for batch, patches in each_batch(items, self.params.image_size, self._extractor.patches):
            if not held:
                generator = torch.Generator().manual_seed(self.seed)
                self._projection = torch.randn(patches.shape[-1], DIMENSIONS, generator=generator) / DIMENSIONS**0.5
            means.append(patches.mean(1))
            held.append((patches @ self._projection).half())
            done += len(batch)
            progress.report(done, len(items), "Remembering good images")
        self._descriptors, self._patches = torch.cat(means), torch.cat(held)

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        done = 0
        for batch, found in each_batch(data.items, self.params.image_size, self._compared):
            for item, (score, grid) in zip(batch, found, strict=True):
                done += 1
                progress.report(done, len(data), "Scoring images")
                yield ImageScore(item.name, score, smooth_map(grid, self.params.image_size, SMOOTHING))

    def _compared(self, pixels: NDArray[np.uint8]) -> list[tuple[float, NDArray[np.float32]]]:
        """Score and grid of distances of each of images (b, size, size, 3)."""
        found = []
        for patches in self._extractor.patches(pixels):
            distances = (self._descriptors - patches.mean(0)).norm(dim=1)
            nearest = distances.topk(min(self.params.neighbours, len(distances)), largest=False)
            gallery = self._patches[nearest.indices].flatten(0, 1).float()
            grid = _nearest(patches @ self._projection, gallery).reshape(self._extractor.grid, -1).numpy()
            found.append((float(nearest.values.mean()), np.asarray(grid)))
        return found

    def save(self, folder: Path) -> None:
        tensors = {"projection": self._projection, "descriptors": self._descriptors, "patches": self._patches}
        save_tensors(folder, tensors)

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        tensors = load_tensors(folder, {"projection": 2, "descriptors": 2, "patches": 3})
        detector._projection, detector._descriptors = tensors["projection"], tensors["descriptors"]
        detector._patches = tensors["patches"]
        return detector

    def provenance(self) -> dict[str, Any]:
        return {**self._extractor.provenance(), "gallery_images": len(self._descriptors)}

    def _describe(self, data: ImageSet, progress: Progress) -> Tensor:
        """Mean features (images, d)."""
        found: list[Tensor] = []
        done = 0
        for batch, patches in each_batch(data.items, self.params.image_size, self._extractor.patches):
            found.append(patches.mean(1))
            done += len(batch)
            progress.report(done, len(data), "Choosing the gallery")
        return torch.cat(found)


def _nearest(queries: Tensor, rows: Tensor) -> Tensor:
    """Euclidean distance (n,) of queries (n, d) to the nearest of rows (m, d)."""
    norms, columns = rows.square().sum(1), rows.T.contiguous()
    found = [torch.addmm(norms, part, columns, alpha=-2).amin(1) for part in torch.split(queries, QUERIES)]
    return (torch.cat(found) + queries.square().sum(1)).clamp_(min=0).sqrt_()
