"""How a memory bank is built from a stream of images in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from core.detectors.patchcore.coreset import greedy_k_centre, thin_each
from core.features.patches import product_precision
from core.progress import Progress

PER_IMAGE = 200  # candidates an image sends to the final selection
SELECTION_DIMENSIONS = 64  # of the random projection in which rows are compared while choosing
PROJECTED_AT_ONCE = 16_384  # rows
MOST_CANDIDATES = 160_000  # rows held at once; beyond, they are reduced before the stream goes on


class Sampler(Protocol):
    """How candidates become a bank.

    ``spare`` is what stays, in sizes of the bank, where the stream has to be reduced on its way.
    """

    spare: int

    def thin(self, rows: Tensor, share: float, draws: Sequence[int]) -> Tensor:
        """Indices (b, k) of the rows that go on, of each of b images (b, n, d) or of the ``share`` of them that comes
        at once. ``draws`` (b) number what is drawn by chance: the same number gives the same draw."""

    def choose(self, rows: Tensor, count: int, progress: Progress | None = None) -> Tensor:
        """Indices (count,) of the rows (n, d) that stay."""


class CoresetSampler:
    """Greedy k-centre, first within each image, then over all: rare normal places are kept."""

    spare = 1  # covers as well as more of them, and costs less

    def __init__(self, dimension: int, seed: int) -> None:
        kept = min(SELECTION_DIMENSIONS, dimension)
        generator = torch.Generator().manual_seed(seed)
        self._projection = torch.randn(dimension, kept, generator=generator) / kept**0.5

    def thin(self, rows: Tensor, share: float = 1.0, draws: Sequence[int] = ()) -> Tensor:
        """From a piece of a picture as many as from a whole one: a large image has more to cover."""
        precision = product_precision()
        return thin_each((rows.to(precision) @ self._projection.to(precision)).float(), PER_IMAGE)

    def choose(self, rows: Tensor, count: int, progress: Progress | None = None) -> Tensor:
        return greedy_k_centre(self._projected(rows), count, progress)

    def choose_beside(self, held: Tensor, rows: Tensor, count: int) -> Tensor:
        """Indices (count,) of the rows (n, d) that are to join those that are ``held`` (m, d): where these reach, no
        others are needed."""
        return greedy_k_centre(self._projected(rows), count, held=self._projected(held))

    def _projected(self, rows: Tensor) -> Tensor:
        """By parts: all rows in float32 at once would be the largest thing that training ever holds."""
        return torch.cat([part.float() @ self._projection for part in torch.split(rows, PROJECTED_AT_ONCE)])


class RandomSampler:
    """A uniform sample of all patches, as the calibrated-memory paper draws it."""

    spare = 2  # what goes now is missing beside what comes

    def __init__(self, images: int, bank_size: int, seed: int) -> None:
        self._seed = seed
        # Twice an image's fair share: the sample is then drawn from more than it needs, and every image has its part.
        self._share = -(-2 * bank_size // max(images, 1))

    def thin(self, rows: Tensor, share: float, draws: Sequence[int]) -> Tensor:
        """In whatever order, and by whichever thread, the images are asked for."""
        count = math.ceil(share * self._share)
        return torch.stack([self._drawn(rows.shape[1], draw)[:count] for draw in draws])

    def choose(self, rows: Tensor, count: int, progress: Progress | None = None) -> Tensor:
        return self._drawn(len(rows), -1)[:count].sort().values

    def _drawn(self, n: int, draw: int) -> Tensor:
        return torch.randperm(n, generator=torch.Generator().manual_seed(hash((self._seed, draw))))


class BankBuilder:
    """Collects candidate rows image by image; memory is bounded by ``MOST_CANDIDATES`` rows, held as float16.

    They lie in one buffer, whose pages are taken as it fills: rows kept one by one between the large passing tensors of
    an image would scatter over the heap and hold its holes.
    """

    def __init__(self, sampler: Sampler, bank_size: int) -> None:
        self._sampler, self._size = sampler, bank_size
        self._limit = max(MOST_CANDIDATES, 3 * bank_size)
        self._rows = torch.empty(0, 0)
        self._owners = torch.empty(self._limit, dtype=torch.long)
        self._held, self._asked = 0, 0

    def add(self, rows: Tensor, owners: Tensor, share: float = 1.0) -> None:
        """The patches (b, n, d), all or that ``share`` of them, of images whose numbers are ``owners`` (b,)."""
        draws = range(self._asked, self._asked + len(rows))
        self._asked += len(rows)
        self.take(self.candidates(rows, share, draws), owners)

    def candidates(self, rows: Tensor, share: float, draws: Sequence[int]) -> Tensor:
        """Those (b, k, d) float16 of the patches that ``take`` is to have; ``draws`` (b) as in ``Sampler.thin``. It
        changes nothing: any thread may ask."""
        kept = self._sampler.thin(rows, share, draws)
        return torch.stack([image[places].half() for image, places in zip(rows, kept, strict=True)])

    def take(self, candidates: Tensor, owners: Tensor) -> None:
        """The ``candidates`` of images whose numbers are ``owners`` (b,)."""
        if not len(self._rows):
            self._rows = torch.empty(self._limit, candidates.shape[2], dtype=torch.float16)
        for rows, owner in zip(candidates, owners, strict=True):
            if self._held + len(rows) > self._limit:
                self._reduce(self._sampler.spare * self._size)
            place = slice(self._held, self._held + len(rows))
            self._rows[place], self._owners[place] = rows, owner
            self._held += len(rows)

    def _reduce(self, count: int, progress: Progress | None = None) -> None:
        if count < self._held:
            kept = self._sampler.choose(self._rows[: self._held], count, progress)
            self._rows[: len(kept)], self._owners[: len(kept)] = self._rows[kept], self._owners[kept]
            self._held = len(kept)

    def finish(self, progress: Progress) -> tuple[Tensor, Tensor]:
        """The bank (m, d) float32 and the image that each row came from (m,)."""
        self._reduce(self._size, progress)
        return self._rows[: self._held].float(), self._owners[: self._held].clone()
