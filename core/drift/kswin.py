"""Windowing by Kolmogorov-Smirnov tests (KSWIN; Raab, Heusinger and Schleif, Neurocomputing 416, 2020).

The newest values are held against as many drawn from those before them. It needs no reference, and a change that is
slow beside its window goes unseen.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from core.drift.contract import Block, Blocks, DriftDetector, Found
from core.drift.ks import ks_p_values


class Kswin(DriftDetector):
    """Of the last ``window`` blocks, the ``newest`` are held against as many of the others, drawn without replacement.
    Drift where a column's p-value is at most ``alpha`` shared among the columns; the newest blocks are then all that
    is known. The window begins with the end of the reference. ``alpha`` is of each test: the paper's 1e-4.
    """

    def __init__(
        self, reference: Blocks, window: int = 96, newest: int = 32, alpha: float = 1e-4, seed: int = 0
    ) -> None:
        self._window, self._newest, self._seed = window, newest, seed
        self._alpha = alpha / reference.shape[1]
        super().__init__(reference)

    def reset(self) -> None:
        self._generator = np.random.default_rng(self._seed)
        self._recent: deque[Block] = deque(self.reference[-self._window :], maxlen=self._window)

    def update(self, block: Block) -> Found:
        self._recent.append(block)
        if len(self._recent) < self._window:
            return Found.nothing(self.width)
        blocks = np.array(self._recent)
        drawn = self._generator.choice(self._window - self._newest, self._newest, replace=False)
        moved = ks_p_values(blocks[drawn], blocks[-self._newest :]) <= self._alpha
        if moved.any():
            self._recent = deque(blocks[-self._newest :], maxlen=self._window)
        return Found(bool(moved.any()), moved)
