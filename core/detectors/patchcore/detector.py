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

from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.maps import smooth_map
from core.detectors.patchcore.bank import BankBuilder, CoresetSampler, RandomSampler
from core.detectors.patchcore.extending import Growth, grown
from core.detectors.patchcore.info import INFO, PatchCoreParams
from core.detectors.patchcore.search import MemoryBank
from core.detectors.state import load_tensors, save_tensors
from core.errors import UserError
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
        p, items, owners = self.params, data.items, _owners(data)
        if len(set(owners)) < 2:
            raise UserError("PatchCore needs two different good images at least", data.name, "Add photographs")
        rng = np.random.default_rng(self.seed)
        probed = set(rng.permutation(len(items))[:STANDARDISED_ON].tolist())
        probes: dict[int, Tensor] = {}
        builder = BankBuilder(self._sampler(len(items)), p.bank_size)
        moments = _Moments(self._extractor.channels)
        extracting = progress.part(0.0, 0.8)
        done = 0
        for batch, pixels in image_batches(items, p.image_size):
            patches = self._describe(pixels)
            numbers = range(done, done + len(batch))
            builder.add(patches, torch.tensor([owners[number] for number in numbers]))
            moments.add(patches.flatten(0, 1)[::SECOND_MOMENT_EVERY])
            probes |= {n: image.half() for n, image in zip(numbers, patches, strict=True) if n in probed}
            done += len(batch)
            extracting.report(done, len(items), "Extracting patch features")
        rows, row_owners = builder.finish(progress.part(0.8, 0.92))
        if self._reduces():
            self._centre, self._components = moments.principal(p.dimensions)
        self._bank = MemoryBank(self._reduce(rows), row_owners, p.normalise)
        self._standardise({owners[number]: patches for number, patches in probes.items()}, progress.part(0.92, 1.0))

    def extended(self, data: ImageSet, images: int, progress: Progress) -> tuple[Self, Growth]:
        """Another detector that knows the good images ``data`` beside the ``images`` that this one was fitted on.

        The bank keeps its size. Principal components, mu and sigma stay, so that scores stay in the same units.
        """
        p, owners = self.params, iter(_owners(data))
        described = self._stream(data, progress.part(0.0, 0.8), "Extracting patch features")
        found = type(self)(p, self.seed)
        found._centre, found._components = self._centre, self._components
        found._mu, found._sigma = self._mu, self._sigma
        found._bank, growth = grown(
            self._fitted(), images, ((self._reduce(patches), next(owners)) for _, patches in described), len(data),
            p.bank_size, coreset=p.sampling == "coreset", seed=self.seed, progress=progress.part(0.8, 1.0),
        )  # fmt: skip
        return found, growth

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for item, patches in self._stream(data, progress, "Scoring images"):
            yield self._pool(item.name, self._z(self._reduce(patches)))

    def leave_one_out(self, data: ImageSet, progress: Progress) -> Iterator[tuple[str, float]]:
        """Score each image of the *fitted* set against the patches of the others; a copy of it is not another."""
        owners = iter(_owners(data))
        for item, patches in self._stream(data, progress, "Comparing each image with the others"):
            z = self._z(self._reduce(patches), without=next(owners))
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
        if detector._reduces():
            expected |= {"components": 2, "centre": 1}
        tensors = load_tensors(folder, expected)
        if detector._reduces():
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

    def _reduces(self) -> bool:
        """Whether principal components shorten the patches: asked for, and fewer than the patches have."""
        return 0 < self.params.dimensions < self._extractor.channels

    def _sampler(self, images: int) -> CoresetSampler | RandomSampler:
        if self.params.sampling == "coreset":
            return CoresetSampler(self._extractor.channels, self.seed)
        return RandomSampler(images, self.params.bank_size, self.seed)

    def _stream(self, data: ImageSet, progress: Progress, stage: str) -> Iterator[tuple[ImageItem, Tensor]]:
        """Each item with its patches (n, d)."""
        done = 0
        for batch, pixels in image_batches(data.items, self.params.image_size):
            for item, patches in zip(batch, self._describe(pixels), strict=True):
                done += 1
                progress.report(done, len(data), stage)
                yield item, patches

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
        found = []
        for done, (owner, patches) in enumerate(probes.items(), 1):
            found.append(bank.distance(self._reduce(patches.float()), self.params.neighbours, without=owner))
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


def _owners(data: ImageSet) -> list[int]:
    """A number for each item, the same for copies of one photograph."""
    first: dict[str, int] = {}
    return [first.setdefault(item.sha256, number) for number, item in enumerate(data.items)]


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
