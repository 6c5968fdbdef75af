"""Two-sample Kolmogorov-Smirnov tests of each column against the reference, corrected by Holm: which columns drifted."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.special import kolmogorov

from core.drift.blocks import Floats
from core.drift.contract import Block, Blocks, DriftDetector, Found


def ks_p_values(reference: Blocks, window: Blocks) -> Floats:
    """(c,) p-values of (r, c) against (m, c), missing values left out; 1 where one side has fewer than two.

    Kolmogorov's distribution at D (s + 0.12 + 0.11 / s), s^2 = r m / (r + m) (Stephens, J. R. Stat. Soc. B 32, 1970).
    """
    found = np.zeros(reference.shape[1])
    for column in range(len(found)):
        first, second = (side[np.isfinite(side[:, column]), column] for side in (reference, window))
        if min(len(first), len(second)) < 2:
            continue
        first, second = np.sort(first), np.sort(second)
        both = np.concatenate([first, second])
        distance = np.abs(
            np.searchsorted(first, both, "right") / len(first) - np.searchsorted(second, both, "right") / len(second)
        ).max()
        s = np.sqrt(len(first) * len(second) / (len(first) + len(second)))
        found[column] = distance * (s + 0.12 + 0.11 / s)
    return np.asarray(kolmogorov(found))


def holm(p_values: Floats) -> Floats:
    """(c,) adjusted p-values that keep the chance of any false rejection (Holm, Scand. J. Stat. 6, 1979)."""
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


class KsHolm(DriftDetector):
    """The last ``window`` blocks against the reference. A fault that spans few of them moves the ranks of few: what is
    found is a change of the bulk. ``p`` (c,) holds the adjusted p-values of the last test."""

    def __init__(self, reference: Blocks, window: int = 32, alpha: float = 1e-3) -> None:
        self._window, self._alpha = window, alpha
        super().__init__(reference)

    def start(self) -> None:
        self._recent: deque[Block] = deque(maxlen=self._window)
        self.p: Floats = np.ones(self.width)

    def update(self, block: Block) -> Found:
        self._recent.append(block)
        if len(self._recent) < self._window:
            return Found.nothing(self.width)
        self.p = holm(ks_p_values(self.reference, np.array(self._recent)))
        moved = self.p < self._alpha
        return Found(bool(moved.any()), moved)
