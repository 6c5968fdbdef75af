"""PatchCore, calibrated on its training distances.

A patch is as anomalous as its mean distance to the K nearest patches of a memory bank of good parts (Roth et al., CVPR
2022, arXiv:2106.08265). Distances are standardised, z = (d - mu) / sigma, by those of training patches to the *other*
images' patches: a bank scored against itself would be at distance 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.patchcore.bank import BankBuilder, CoresetSampler, RandomSampler
from core.detectors.patchcore.extending import Growth, grown
from core.detectors.patchcore.info import INFO, LARGEST, SMALLEST, PatchCoreParams, chosen_bank_size
from core.detectors.patchcore.search import CERTAIN, MemoryBank
from core.detectors.patchcore.views import SIZES, Piece, Region, Views, chosen_size
from core.detectors.state import load_tensors, save_tensors
from core.errors import UserError
from core.features.backbones import LoadedBackbone
from core.features.backbones_info import Backbone
from core.features.patches import PatchExtractor, product_precision
from core.progress import Progress

Made = TypeVar("Made")

STANDARDISED_ON = 24  # training images whose distances give mu and sigma
PROBED_EVERY = 4  # patches of them: what is left out changes mu and sigma less than another choice of images would
FEWEST_PROBED, MOST_PROBED = 200, 4096  # patches of each, about, where it has as many
EXTRACTING = "Extracting patch features"
SECOND_MOMENT_EVERY = 4  # one patch in so many takes part in the principal components


class PatchCore(ImageDetector):
    """See the module. ``score`` maps are z, smoothed; the image score pools them."""

    info: ClassVar[DetectorInfo] = INFO
    params: PatchCoreParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._look(self.params.image_size or SIZES[0])
        self._components: Tensor | None = None  # (d, kept): principal components, where dimensions are reduced
        self._centre: Tensor | None = None  # (d,)
        self._bank: MemoryBank | None = None
        self._mu, self._sigma = 0.0, 1.0

    def fit(self, data: ImageSet, progress: Progress) -> None:
        p, items, owners = self.params, data.items, _owners(data)
        different = len(set(owners))
        if different < 2:
            raise UserError("PatchCore needs two different good images at least", data.name, "Add photographs")
        self._look(p.image_size or chosen_size(items, self._region(), p.tile))
        probed = set(np.random.default_rng(self.seed).permutation(len(items))[:STANDARDISED_ON].tolist())
        probes: dict[int, list[Tensor]] = {owners[number]: [] for number in probed}
        size = p.bank_size or chosen_bank_size(different)
        builder = BankBuilder(self._sampler(len(items), size), size)
        moments = _Moments.none(self._extractor.channels)

        def described(piece: Piece, patches: Tensor) -> tuple[Tensor, _Moments, dict[int, Tensor]]:
            patches = patches.flatten(1, 2)
            corner = piece.row, piece.column
            every = _stride(piece)
            shown = zip(piece.numbers, patches, strict=True)
            return (
                builder.candidates(patches, piece.share, [hash((number, *corner)) for number in piece.numbers]),
                _Moments.of(patches.flatten(0, 1)[::SECOND_MOMENT_EVERY]),
                {number: image[::every].half() for number, image in shown if number in probed},
            )

        for piece, (rows, part, probe) in self._pieces(items, described, progress.part(0.0, 0.8), EXTRACTING):
            builder.take(rows, torch.tensor([owners[number] for number in piece.numbers]))
            moments += part
            for number, image in probe.items():
                probes[owners[number]].append(image)
        rows, row_owners = builder.finish(progress.part(0.8, 0.92))
        if self._reduces():
            self._centre, self._components = moments.principal(p.dimensions)
        self._bank = MemoryBank(self._reduce(rows), row_owners, p.normalise)
        self._standardise({owner: torch.cat(parts) for owner, parts in probes.items()}, progress.part(0.92, 1.0))

    def extended(self, data: ImageSet, images: int, progress: Progress) -> tuple[Self, Growth]:
        """Another detector that knows the good images ``data`` beside the ``images`` that this one was fitted on.

        The bank has the size that was asked for, or that so many images get, and never less than now. Principal
        components, mu and sigma stay, so that scores stay in the same units.
        """
        p, bank, owners = self.params, self._fitted(), _owners(data)

        def reduced(_: Piece, patches: Tensor) -> list[Tensor]:
            return [self._reduce(image.flatten(0, 1)) for image in patches]

        described = self._pieces(data.items, reduced, progress.part(0.0, 0.8), EXTRACTING)
        rows = (
            (image, owners[number], piece.share)
            for piece, images in described
            for number, image in zip(piece.numbers, images, strict=True)
        )
        found = type(self)(p, self.seed)
        found._look(self._extractor.size)
        found._centre, found._components = self._centre, self._components
        found._mu, found._sigma = self._mu, self._sigma
        size = p.bank_size or max(chosen_bank_size(images + len(set(owners))), len(bank.rows))
        found._bank, growth = grown(
            bank, images, rows, len(data), size,
            coreset=p.sampling == "coreset", seed=self.seed, progress=progress.part(0.8, 1.0),
        )  # fmt: skip
        return found, growth

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for number, z in self._judged(data, progress, "Scoring images"):
            yield self._pool(data.items[number].name, z)

    def leave_one_out(self, data: ImageSet, progress: Progress) -> Iterator[tuple[str, float]]:
        """Score each image of the *fitted* set against the patches of the others; a copy of it is not another."""
        for number, z in self._judged(data, progress, "Comparing each image with the others", _owners(data)):
            name = data.items[number].name
            yield name, self._pool(name, z).score

    def save(self, folder: Path) -> None:
        bank = self._fitted()
        tensors = {
            "bank": bank.rows,
            "owners": bank.owners.int(),
            "standard": torch.tensor([self._mu, self._sigma], dtype=torch.float64),
            "size": torch.tensor([self._extractor.size]),
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
        if not p.image_size:
            expected |= {"size": 1}
        tensors = load_tensors(folder, expected)
        if not p.image_size:
            size = int(tensors["size"][0]) if tensors["size"].shape == (1,) else 0
            if not SMALLEST <= size <= LARGEST or size % 32:
                raise _unfit(folder, "size")
            detector._look(size)
        if detector._reduces():
            detector._components, detector._centre = tensors["components"], tensors["centre"]
        rows, components = tensors["bank"], detector._components
        narrow = components is not None and rows.shape[1] != components.shape[1]
        if not len(rows) == len(tensors["owners"]) > 0 or narrow:
            raise _unfit(folder, "bank")
        if len(tensors["standard"]) != 2:
            raise _unfit(folder, "standard")
        detector._mu, detector._sigma = tensors["standard"].tolist()
        detector._bank = MemoryBank(rows, tensors["owners"].long(), p.normalise)
        return detector

    def provenance(self) -> dict[str, Any]:
        rows, dimension = self._fitted().rows.shape
        return {
            **self._extractor.provenance(),
            "bank_rows": rows,
            "bank_dimensions": dimension,
            "image_size": self._extractor.size,
        }

    def _fitted(self) -> MemoryBank:
        if self._bank is None:
            raise RuntimeError("the detector is not fitted")
        return self._bank

    def _reduces(self) -> bool:
        """Whether principal components shorten the patches: asked for, and fewer than the patches have."""
        return 0 < self.params.dimensions < self._extractor.channels

    def _sampler(self, images: int, size: int) -> CoresetSampler | RandomSampler:
        if self.params.sampling == "coreset":
            return CoresetSampler(self._extractor.channels, self.seed)
        return RandomSampler(images, size, self.seed)

    def _region(self) -> Region:
        p = self.params
        return Region(p.left, p.top, p.right, p.bottom)

    def _network(self) -> Backbone | LoadedBackbone:
        """What describes the patches. A trial of a network without a name puts it here."""
        return self.params.backbone

    def _look(self, size: int) -> None:
        """See images, or their tiles, at ``size`` pixels a side from now on."""
        p = self.params
        self._extractor = PatchExtractor(self._network(), size, p.layers, p.neighbourhood, p.centre)
        self._views = Views(self._extractor, self._region(), p.tile)

    def _pieces(
        self, items: Sequence[ImageItem], work: Callable[[Piece, Tensor], Made], progress: Progress, stage: str
    ) -> Iterator[tuple[Piece, Made]]:
        """``work`` on all patches, of length 1 where the parameters say so."""

        def made(piece: Piece, patches: Tensor) -> Made:
            return work(piece, F.normalize(patches, dim=-1) if self.params.normalise else patches)

        for piece, found in self._views.pieces(items, made):
            yield piece, found
            # Also between tiles: a wish to stop is heard there.
            progress.report(piece.numbers.stop if piece.last else piece.numbers.start, len(items), stage)

    def _judged(
        self, data: ImageSet, progress: Progress, stage: str, owners: Sequence[int] | None = None
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The number of each item with z of its patches (h, w); without its ``owners``' own rows where given."""

        bank, p = self._fitted(), self.params
        by_lists = owners is None and p.neighbours == 1
        certain = max(CERTAIN, 2 * p.top_k if p.pooling == "top-k" else 0)  # lists may take some of them for others

        def judged(piece: Piece, patches: Tensor) -> NDArray[np.float32]:
            """(b, h, w)."""
            images = torch.unflatten(self._reduce(patches.flatten(0, 2)), 0, (len(patches), -1))
            if by_lists:
                distance = bank.survey(images, certain)
            else:
                without = [None] * len(images) if owners is None else [owners[number] for number in piece.numbers]
                pairs = zip(images, without, strict=True)
                distance = torch.stack([bank.distance(image, p.neighbours, owner) for image, owner in pairs])
            return self._z(distance).reshape(-1, piece.height, piece.width)

        if by_lists:
            _ = bank.lists  # once, before threads ask for it
        whole = np.empty((0, 0), np.float32)
        for piece, found in self._pieces(data.items, judged, progress, stage):
            if (piece.row, piece.column) == (0, 0):
                whole = np.empty(piece.shape, np.float32)
            for number, z in zip(piece.numbers, found, strict=True):
                whole[piece.place] = z
                if piece.last:
                    yield number, whole

    def _reduce(self, rows: Tensor) -> Tensor:
        if self._components is None or self._centre is None:
            return rows
        # Features that come of products in bfloat16 lose little in another one.
        precision = product_precision()
        shift, directions = -(self._centre @ self._components).to(precision), self._components.to(precision)
        rows = torch.addmm(shift, rows.to(precision), directions).float()  # (rows - centre) @ components
        return F.normalize(rows, dim=-1) if self.params.normalise else rows

    def _standardise(self, probes: dict[int, Tensor], progress: Progress) -> None:
        """Set mu and sigma from the distances of training patches to the bank without their own image."""
        bank = self._fitted()
        found = []
        for done, (owner, patches) in enumerate(probes.items(), 1):
            found.append(bank.distance(self._reduce(patches.float()), self.params.neighbours, without=owner))
            progress.report(done, len(probes), "Measuring normal distances")
        distances = torch.cat(found).double()
        distances = distances[~distances.isinf()]  # nothing is near to an image that gave the whole bank
        if not len(distances):
            raise UserError(
                "All remembered patches are of one image", f"bank size {len(bank.rows)}", "Choose a larger one"
            )
        self._mu = float(distances.mean())
        self._sigma = max(float(distances.std(correction=0)), 1e-6)

    def _z(self, distance: Tensor) -> NDArray[np.float32]:
        """Standardised distances."""
        z = (distance.double() - self._mu) / self._sigma
        return np.asarray(z.float().numpy())

    def _pool(self, name: str, z: NDArray[np.float32]) -> ImageScore:
        p = self.params
        smoothed = self._views.map(z, p.smoothing)
        if p.pooling == "max":
            score = float(smoothed.max())
        else:
            k = min(p.top_k, z.size)
            score = float(np.partition(z.ravel(), -k)[-k:].mean())
        return ImageScore(name, score, self._views.framed(smoothed, outside=0.0))


def _unfit(folder: Path, tensor: str) -> UserError:
    return UserError(f"The model's «{tensor}» does not fit its parameters", str(folder), "Train it again")


def _stride(piece: Piece) -> int:
    """Every which of its patches, row after row, is probed: a number that comes by all columns alike."""
    height, width = piece.shape
    count = height * width
    every = max(min(PROBED_EVERY, count // FEWEST_PROBED), -(-count // MOST_PROBED))
    while math.gcd(every, piece.width) > 1:
        every += 1
    return every


def _owners(data: ImageSet) -> list[int]:
    """A number for each item, the same for copies of one photograph."""
    first: dict[str, int] = {}
    return [first.setdefault(item.sha256, number) for number, item in enumerate(data.items)]


@dataclass
class _Moments:
    """First and second moments of a stream of rows, for its principal components."""

    n: int
    total: Tensor  # (d,)
    products: Tensor  # (d, d)

    @classmethod
    def none(cls, dimension: int) -> Self:
        products = torch.zeros(dimension, dimension, dtype=torch.float64)
        return cls(0, torch.zeros(dimension, dtype=torch.float64), products)

    @classmethod
    def of(cls, rows: Tensor) -> Self:
        return cls(len(rows), rows.sum(0), rows.T @ rows)

    def __iadd__(self, other: Self) -> Self:
        self.n += other.n
        self.total += other.total
        self.products += other.products
        return self

    def principal(self, count: int) -> tuple[Tensor, Tensor]:
        """The mean (d,) and the ``count`` directions of largest variance (d, count), float32."""
        mean = self.total / self.n
        covariance = self.products / self.n - torch.outer(mean, mean)
        directions = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :count]
        # An eigenvector's sign is arbitrary: the largest entry is made positive, so that a refit gives equal numbers.
        largest = directions.abs().argmax(0)
        directions = directions * directions[largest, torch.arange(count)].sign()
        return mean.float(), directions.float().contiguous()
