"""Maximum mean discrepancy: whether two clouds of points come from one distribution, however many dimensions."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from core.drift.blocks import Floats
from core.drift.contract import Block, Blocks, DriftDetector, Found

MOST_POINTS = 500  # in the kernel matrix


def kernel_matrix(points: Blocks) -> Floats:
    """(n, n) Gaussian kernel of (n, c) points, its width the median distance."""
    square = (points**2).sum(axis=1)
    distances = np.maximum(square[:, None] + square[None] - 2 * points @ points.T, 0)
    usual = float(np.median(distances[np.triu_indices(len(points), 1)]))
    return np.asarray(np.exp(-distances / (usual if usual > 0 else 1.0)))


def mmd_squared(kernel: Floats, second: NDArray[np.int64]) -> Floats:
    """(p,) unbiased squared discrepancies (Gretton et al., JMLR 13, 2012) for p ways to choose the m points (p, m) that
    are held against the n - m others."""
    n, m = len(kernel), second.shape[1]
    inside = kernel[second[:, :, None], second[:, None, :]].sum(axis=(1, 2))
    across = kernel.sum(axis=1)[second].sum(axis=1) - inside
    outside = kernel.sum() - inside - 2 * across
    own = np.diag(kernel)[second].sum(axis=1)
    rest = n - m
    return np.asarray(
        (inside - own) / (m * (m - 1))
        + (outside - (np.trace(kernel) - own)) / (rest * (rest - 1))
        - 2 * across / (m * rest)
    )


def relabellings(n: int, m: int, count: int, seed: int = 0) -> NDArray[np.int64]:
    """(count, m) random choices of m of n points, without repeating one within a choice."""
    order = np.argpartition(np.random.default_rng(seed).random((count, n)), m, axis=1)
    return np.asarray(order[:, :m], np.int64)


def permutation_p(kernel: Floats, drawn: NDArray[np.int64]) -> tuple[float, float]:
    """Discrepancy of the last m points from the others, and the chance of so large a one by relabelling: ``drawn`` are
    the ``relabellings``."""
    truth = np.arange(len(kernel) - drawn.shape[1], len(kernel))
    found = mmd_squared(kernel, np.concatenate([truth[None], drawn]))
    return float(found[0]), float((1 + (found[1:] >= found[0]).sum()) / len(found))


class Mmd(DriftDetector):
    """The last ``window`` blocks against the reference, at every ``every``-th block, by relabelling the rows of one
    kernel matrix. Of a long reference ``MOST_POINTS`` less the window are taken, evenly spaced. All columns drift or
    none does; ``p`` (c,), the same for all, and ``distance`` are of the last test."""

    def __init__(
        self, reference: Blocks, window: int = 32, alpha: float = 2e-3, every: int = 4, permutations: int = 999
    ) -> None:
        self._window, self._alpha, self._every = window, alpha, every
        whole = reference[np.isfinite(reference).all(axis=1)]
        kept = np.linspace(0, len(whole) - 1, min(len(whole), MOST_POINTS - window)).round().astype(int)
        self._drawn = relabellings(len(kept) + window, window, permutations)
        super().__init__(whole[kept])

    def reset(self) -> None:
        self._recent: deque[Block] = deque(maxlen=self._window)
        self._since, self.distance = 0, 0.0
        self.p: Floats = np.ones(self.width)

    def update(self, block: Block) -> Found:
        self._since += 1
        if np.isfinite(block).all():
            self._recent.append(block)
            if len(self._recent) == self._window and self._since >= self._every:
                self._since = 0
                kernel = kernel_matrix(np.concatenate([self.reference, np.array(self._recent)]))
                self.distance, p = permutation_p(kernel, self._drawn)
                self.p = np.full(self.width, p)
        return Found(bool(self.p[0] < self._alpha), self.p < self._alpha)
