"""Two-sample Kolmogorov-Smirnov tests of each column against the reference, corrected by Holm: which drifted."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.special import kolmogorov

from core.drift.blocks import Floats
from core.drift.contract import Block, Blocks, DriftDetector, Found
from core.metrics.multiple import holm


def ks_p_values(reference: Blocks, window: Blocks) -> Floats:
    """(c,) p-values of (r, c) against (m, c), missing values left out; 1 where one side has fewer than two.

    Kolmogorov's distribution at D (s + 0.12 + 0.11 / s), s^2 = r m / (r + m) (Stephens, J. R. Stat. Soc. B 32, 1970).
    """
    pooled = np.concatenate([reference, window])
    seen = np.isfinite(pooled)
    first, second = (seen[side].sum(axis=0) for side in (slice(len(reference)), slice(len(reference), None)))
    known = np.arange(len(pooled))[:, None] < len(reference)
    weight = np.where(known, 1 / np.maximum(first, 1), -1 / np.maximum(second, 1))
    order = np.argsort(pooled, axis=0)  # NaN last
    ordered = np.take_along_axis(pooled, order, axis=0)
    climb = np.cumsum(np.take_along_axis(np.where(seen, weight, 0.0), order, axis=0), axis=0)
    tied = np.concatenate([ordered[1:] == ordered[:-1], np.zeros((1, ordered.shape[1]), bool)])
    distance = np.abs(np.where(tied, 0.0, climb)).max(axis=0)
    s = np.sqrt(first * second / np.maximum(first + second, 1))
    enough = np.minimum(first, second) >= 2
    return np.where(enough, kolmogorov(np.where(enough, distance * (s + 0.12 + 0.11 / np.maximum(s, 1)), 0.0)), 1.0)


class KsHolm(DriftDetector):
    """The last ``window`` blocks against the reference. A fault that spans few of them moves the ranks of few: what is
    found is a change of the bulk. ``p`` (c,) holds the adjusted p-values of the last test."""

    def __init__(self, reference: Blocks, window: int = 32, alpha: float = 1e-3) -> None:
        self._window, self._alpha = window, alpha
        super().__init__(reference)

    def reset(self) -> None:
        self._recent: deque[Block] = deque(maxlen=self._window)
        self.p: Floats = np.ones(self.width)

    def update(self, block: Block) -> Found:
        self._recent.append(block)
        if len(self._recent) < self._window:
            return Found.nothing(self.width)
        self.p = holm(ks_p_values(self.reference, np.array(self._recent)))
        moved = self.p < self._alpha
        return Found(bool(moved.any()), moved)
