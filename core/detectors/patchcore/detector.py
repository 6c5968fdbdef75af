"""PatchCore, calibrated on its training distances.

A patch is as anomalous as its mean distance to the K nearest patches of a memory bank of good parts (Roth et al., CVPR
2022, arXiv:2106.08265). Distances are standardised, z = (d - mu) / sigma, by those of training patches to the *other*
images' patches: a bank scored against itself would be at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.types import ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.maps import smooth_map
from core.detectors.patchcore.bank import BankBuilder, CoresetSampler, RandomSampler
from core.detectors.patchcore.info import INFO, PatchCoreParams
from core.detectors.patchcore.search import MemoryBank
from core.detectors.state import load_tensors, save_tensors
from core.features.patches import PatchExtractor, image_batches
from core.progress import Progress

STANDARDISED_ON = 24  # training images whose distances give mu and sigma
SECOND_MOMENT_EVERY = 4  # one patch in so many takes part in the principal components


class PatchCore(ImageDetector):
    """See the module. ``score`` maps are z, smoothed; the image score pools them."""

    info: ClassVar[DetectorInfo] = INFO
    params: PatchCoreParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        p = self.params
        self._extractor = PatchExtractor(p.backbone, p.image_size, p.layers, p.neighbourhood)
        self._components: Tensor | None = None  # (d, kept): principal components, where dimensions are reduced
        self._centre: Tensor | None = None  # (d,)
        self._bank: MemoryBank | None = None
        self._mu, self._sigma = 0.0, 1.0

    def fit(self, data: ImageSet, progress: Progress) -> None:
        p, items = self.params, data.items
        rng = np.random.default_rng(self.seed)
        probe_numbers = set(rng.permutation(len(items))[:STANDARDISED_ON].tolist())
        probes: dict[int, Tensor] = {}
        builder: BankBuilder | None = None
        moments: _Moments | None = None
        extracting = progress.part(0.0, 0.8)
        number = 0
        for batch, pixels in image_batches(items, p.image_size):
            patches = self._describe(pixels)
            if builder is None or moments is None:
                dimension = patches.shape[2]
                builder = BankBuilder(self._sampler(dimension, len(items)), p.bank_size)
                moments = _Moments(dimension)
            builder.add(patches, number)
            moments.add(patches.flatten(0, 1)[::SECOND_MOMENT_EVERY])
            for offset in range(len(batch)):
                if number + offset in probe_numbers:
                    probes[number + offset] = patches[offset].half()
            number += len(batch)
            extracting.report(number, len(items), "Extracting patch features")
        if builder is None or moments is None:
            raise ValueError("fit needs at least one image")
        rows, owners = builder.finish(progress.part(0.8, 0.92))
        if p.dimensions and p.dimensions < rows.shape[1]:
            self._centre, self._components = moments.principal(p.dimensions)
        self._bank = MemoryBank(self._reduce(rows), owners, p.normalise)
        self._standardise(probes, progress.part(0.92, 1.0))

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        done = 0
        for batch, pixels in image_batches(data.items, self.params.image_size):
            for item, patches in zip(batch, self._describe(pixels), strict=True):
                z = self._z(self._reduce(patches))
                done += 1
                progress.report(done, len(data), "Scoring images")
                yield self._pool(item.name, z)

    def leave_one_out(self, data: ImageSet, progress: Progress) -> Iterator[tuple[str, float]]:
        """Score each image of the *fitted* set against the patches of all the others."""
        number = 0
        for batch, pixels in image_batches(data.items, self.params.image_size):
            for item, patches in zip(batch, self._describe(pixels), strict=True):
                z = self._z(self._reduce(patches), without=number)
                number += 1
                progress.report(number, len(data), "Comparing each image with the others")
                yield item.name, self._pool(item.name, z).score

    def save(self, folder: Path) -> None:
        bank = self._fitted()
        tensors = {
            "bank": bank.rows,
            "owners": bank.owners.int(),
            "standard": torch.tensor([self._mu, self._sigma], dtype=torch.float64),
        }
        if self._components is not None and self._centre is not None:
            tensors |= {"components": self._components, "centre": self._centre}
        save_tensors(folder, tensors)

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        p = detector.params
        expected = {"bank": 2, "owners": 1, "standard": 1}
        reduced = p.dimensions > 0
        tensors = load_tensors(folder, expected | ({"components": 2, "centre": 1} if reduced else {}))
        if reduced:
            detector._components, detector._centre = tensors["components"], tensors["centre"]
        detector._mu, detector._sigma = tensors["standard"].tolist()
        detector._bank = MemoryBank(tensors["bank"], tensors["owners"].long(), p.normalise)
        return detector

    def provenance(self) -> dict[str, Any]:
        rows, dimension = self._fitted().rows.shape
        return {**self._extractor.provenance(), "bank_rows": rows, "bank_dimensions": dimension}

    def _fitted(self) -> MemoryBank:
        if self._bank is None:
            raise RuntimeError("the detector is not fitted")
        return self._bank

    def _sampler(self, dimension: int, images: int) -> CoresetSampler | RandomSampler:
        if self.params.sampling == "coreset":
            return CoresetSampler(dimension, self.seed)
        return RandomSampler(images, self.params.bank_size, self.seed)

    def _describe(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Patches (b, n, d), of length 1 where the parameters say so."""
        patches = self._extractor.patches(pixels)
        return F.normalize(patches, dim=-1) if self.params.normalise else patches

    def _reduce(self, rows: Tensor) -> Tensor:
        if self._components is None or self._centre is None:
            return rows
        rows = (rows - self._centre) @ self._components
        return F.normalize(rows, dim=-1) if self.params.normalise else rows

    def _standardise(self, probes: dict[int, Tensor], progress: Progress) -> None:
        """Set mu and sigma from the distances of training patches to the bank without their own image."""
        bank = self._fitted()
        several = len(set(bank.owners.tolist())) > 1
        found = []
        for done, (number, patches) in enumerate(probes.items(), 1):
            rows = self._reduce(patches.float())
            # A single image has no other to be compared with; its own bank is then all there is.
            found.append(bank.distance(rows, self.params.neighbours, number if several else None))
            progress.report(done, len(probes), "Measuring normal distances")
        distances = torch.cat(found).double()
        self._mu = float(distances.mean())
        self._sigma = max(float(distances.std(correction=0)), 1e-6)

    def _z(self, rows: Tensor, without: int | None = None) -> NDArray[np.float32]:
        """(g, g) standardised distances."""
        distance = self._fitted().distance(rows, self.params.neighbours, without)
        z = (distance.double() - self._mu) / self._sigma
        return np.asarray(z.float().reshape(self._extractor.grid, self._extractor.grid).numpy())

    def _pool(self, name: str, z: NDArray[np.float32]) -> ImageScore:
        p = self.params
        smoothed = smooth_map(z, p.image_size, p.smoothing)
        if p.pooling == "max":
            score = float(smoothed.max())
        else:
            k = min(p.top_k, z.size)
            score = float(np.partition(z.ravel(), -k)[-k:].mean())
        return ImageScore(name, score, smoothed)


class _Moments:
    """First and second moments of a stream of rows, for its principal components."""

    def __init__(self, dimension: int) -> None:
        self._n = 0
        self._sum = torch.zeros(dimension, dtype=torch.float64)
        self._products = torch.zeros(dimension, dimension, dtype=torch.float64)

    def add(self, rows: Tensor) -> None:
        self._n += len(rows)
        self._sum += rows.sum(0)
        self._products += rows.T @ rows

    def principal(self, count: int) -> tuple[Tensor, Tensor]:
        """The mean (d,) and the ``count`` directions of largest variance (d, count), float32."""
        mean = self._sum / self._n
        covariance = self._products / self._n - torch.outer(mean, mean)
        directions = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :count]
        # An eigenvector's sign is arbitrary: the largest entry is made positive, so that a refit gives equal numbers.
        largest = directions.abs().argmax(0)
        directions = directions * directions[largest, torch.arange(count)].sign()
        return mean.float(), directions.float().contiguous()
