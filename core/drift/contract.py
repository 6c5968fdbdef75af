"""The contract of detectors of drift: fitted on blocks of normal running, then fed one block after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float64]  # (c,) one value per column, NaN where nothing was measured
Blocks = NDArray[np.float64]  # (r, c)


@dataclass(frozen=True)
class Found:
    """What a block has shown: drift or not, and (c,) the columns that drifted."""

    drift: bool
    columns: NDArray[np.bool_]

    @classmethod
    def nothing(cls, width: int) -> Found:
        return cls(False, np.zeros(width, bool))


class DriftDetector(ABC):
    """Drift of c columns. ``reference`` (r, c) are blocks of normal running, r >= 2. Memory is bounded, and what is
    found depends on nothing but the blocks since the last reset."""

    def __init__(self, reference: Blocks) -> None:
        seen = np.isfinite(reference)
        count = np.maximum(seen.sum(axis=0), 1)
        self._centre = np.where(seen, reference, 0).sum(axis=0) / count
        deviation = np.sqrt((np.where(seen, reference - self._centre, 0) ** 2).sum(axis=0) / np.maximum(count - 1, 1))
        self._spread = np.where(deviation > 1e-9 * np.maximum(np.abs(self._centre), 1), deviation, 1.0)
        self.reference = self._standard(reference)
        self.width = reference.shape[1]
        self.reset()

    def push(self, block: Block) -> Found:
        """Take the next block (c,)."""
        return self.update(self._standard(block))

    @abstractmethod
    def reset(self) -> None:
        """Forget all blocks but the reference."""

    @abstractmethod
    def update(self, block: Block) -> Found:
        """Take a block in units of the reference's spread."""

    def _standard(self, values: Blocks) -> Blocks:
        return np.asarray((values - self._centre) / self._spread)
