"""PaDiM: a Gaussian over patch features at every position of the image (Defard et al., ICPR 2021, arXiv:2011.08785)."""

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
from core.detectors.padim.info import INFO, PadimParams
from core.detectors.state import load_tensors, save_tensors
from core.features.patches import PatchExtractor, each_batch
from core.progress import Progress

SMOOTHING = 4.0  # pixels at size 256, as in the paper


class Padim(ImageDetector):
    """Maps are Mahalanobis distances, smoothed; the image score is the map's maximum."""

    info: ClassVar[DetectorInfo] = INFO
    params: PadimParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._extractor = PatchExtractor(self.params.backbone, self.params.image_size, "2+3", neighbourhood=1)
        self._channels = torch.empty(0, dtype=torch.long)
        self._mean = torch.empty(0)  # (positions, d)
        self._whitener = torch.empty(0)  # (positions, d, d), lower triangular: |W (x - mean)| is the distance

    def fit(self, data: ImageSet, progress: Progress) -> None:
        count, total, products = 0, torch.empty(0), torch.empty(0)
        shift = torch.empty(0)
        for batch, patches in each_batch(data.items, self.params.image_size, self._extractor.patches):
            if not count:
                self._channels = self._choose_channels(patches.shape[-1])
            x = patches[..., self._channels].transpose(0, 1)  # (positions, b, d)
            if not count:
                # Sums are taken about the first batch's mean: far from it, squares would lose their low digits.
                shift = x.mean(1, keepdim=True)
                total = torch.zeros_like(shift)
                products = torch.zeros(x.shape[0], x.shape[2], x.shape[2])
            x = x - shift
            total += x.sum(1, keepdim=True)
            products.baddbmm_(x.transpose(1, 2), x)
            count += len(batch)
            progress.report(count, len(data), "Fitting a Gaussian at every position")
        offset = total / count
        covariance = products / count - offset.transpose(1, 2) @ offset
        self._mean = (shift + offset).squeeze(1)
        scale = covariance.diagonal(dim1=1, dim2=2).mean(1)
        # A position that never varies (black border) keeps a small floor of the image's usual variance.
        ridge = self.params.shrinkage * torch.maximum(scale, scale.mean() * 0.01).clamp_min(1e-6)
        covariance.diagonal(dim1=1, dim2=2).add_(ridge[:, None])
        factor = torch.linalg.cholesky(covariance)
        identity = torch.eye(len(self._channels)).expand_as(factor)
        # In the layout that a stored one is read in: products of another one may sum in another order.
        self._whitener = torch.linalg.solve_triangular(factor, identity, upper=False).contiguous()

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        done = 0
        for batch, distances in each_batch(data.items, self.params.image_size, self._distances):
            for item, distance in zip(batch, distances, strict=True):
                grid = distance.reshape(self._extractor.grid, self._extractor.grid)
                smoothed = smooth_map(np.asarray(grid), self.params.image_size, SMOOTHING)
                done += 1
                progress.report(done, len(data), "Scoring images")
                yield ImageScore(item.name, float(smoothed.max()), smoothed)

    def _distances(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(b, positions) of images (b, size, size, 3)."""
        x = self._extractor.patches(pixels)[..., self._channels].transpose(0, 1) - self._mean[:, None]
        return np.asarray(torch.bmm(x, self._whitener.transpose(1, 2)).norm(dim=2).T.numpy())

    def save(self, folder: Path) -> None:
        save_tensors(folder, {"channels": self._channels, "mean": self._mean, "whitener": self._whitener})

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        tensors = load_tensors(folder, {"channels": 1, "mean": 2, "whitener": 3})
        detector._channels, detector._mean = tensors["channels"], tensors["mean"]
        detector._whitener = tensors["whitener"]
        return detector

    def provenance(self) -> dict[str, Any]:
        return self._extractor.provenance()

    def _choose_channels(self, available: int) -> Tensor:
        """A random subset of channels, section 3.1 of the paper: as good as principal components there."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randperm(available, generator=generator)[: self.params.dimensions].sort().values
