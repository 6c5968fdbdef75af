"""Hellinger distance drift detection (Ditzler & Polikar, CIDUE 2011): how fast histograms move away from the usual.

The distance of a batch's histograms from the reference's may be anything; what counts is its change from one batch to
the next, against the changes that normal running showed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from core.drift.blocks import Floats
from core.drift.contract import Block, Blocks, DriftDetector, Found


def hellinger(reference: Blocks, batch: Blocks) -> Floats:
    """(c,) Hellinger distances, 0 to 1, of histograms over the common range with floor(sqrt(r)) bins, r rows of
    reference."""
    bins = max(int(np.sqrt(len(reference))), 2)
    found = np.zeros(reference.shape[1])
    for column in range(len(found)):
        sides = [side[np.isfinite(side[:, column]), column] for side in (reference, batch)]
        if not all(len(side) for side in sides):
            continue
        edges = np.histogram_bin_edges(np.concatenate(sides), bins)
        first, second = (np.histogram(side, edges)[0] / len(side) for side in sides)
        found[column] = np.sqrt(((np.sqrt(first) - np.sqrt(second)) ** 2).sum() / 2)
    return found


MOST_KNOWN = 2048  # blocks in the histograms
FEWEST_CHANGES = 3  # before the next one can be judged


class Hdddm(DriftDetector):
    """Batches of ``batch`` blocks. Drift where the change of the mean distance lies above what Student's t predicts for
    one more of the changes before, with chance ``alpha``; the batch is then the new reference, else it joins it. (The
    paper's bound is that of their mean, which a usual change surpasses soon.) The columns that drifted are those whose
    own change lies above theirs.

    The reference is batches too: the first half begins the histograms, the others tell what changes are usual.
    """

    def __init__(self, reference: Blocks, batch: int = 16, alpha: float = 2e-3) -> None:
        self._batch, self._alpha = batch, alpha
        super().__init__(reference)

    def reset(self) -> None:
        half = max(len(self.reference) // 2, 1)
        self._known, self._gathered = self.reference[:half], list[Block]()
        self._before: Floats | None = None
        self._changes: list[Floats] = []  # of each column, then of their mean
        for block in self.reference[half:]:
            self.update(block)

    def update(self, block: Block) -> Found:
        self._gathered.append(block)
        if len(self._gathered) < self._batch:
            return Found.nothing(self.width)
        batch, self._gathered = np.array(self._gathered), []
        distances = hellinger(self._known, batch)
        distances = np.append(distances, distances.mean())
        before, self._before = self._before, distances
        if before is None:
            self._known = np.concatenate([self._known, batch])
            return Found.nothing(self.width)
        changes = np.abs(distances - before)
        surpassed = self._surpassed(changes)
        if surpassed[-1]:
            self._known, self._before, self._changes = batch, None, []
            return Found(True, surpassed[:-1])
        self._known = np.concatenate([self._known, batch])[-MOST_KNOWN:]
        self._changes = [*self._changes, changes][-MOST_KNOWN // self._batch :]
        return Found.nothing(self.width)

    def _surpassed(self, changes: Floats) -> NDArray[np.bool_]:
        k = len(self._changes)
        if k < FEWEST_CHANGES:
            return np.zeros(len(changes), bool)
        usual = np.array(self._changes)
        quantile = stdtrit(k - 1, 1 - self._alpha) * np.sqrt(1 + 1 / k)
        return np.asarray(changes > usual.mean(axis=0) + quantile * usual.std(axis=0, ddof=1))
