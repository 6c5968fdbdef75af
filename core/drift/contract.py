"""The contract of detectors of drift: fitted on blocks of normal running, then fed one block after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float64]  # (c,) one value per column, NaN where nothing was measured
Blocks = NDArray[np.float64]  # (r, c)

MOST = 1024  # blocks that are remembered; then the oldest are forgotten down to KEPT
KEPT = 256


@dataclass(frozen=True)
class Found:
    """What a block has shown: drift or not, and (c,) the columns that drifted."""

    drift: bool
    columns: NDArray[np.bool_]

    @classmethod
    def nothing(cls, width: int) -> Found:
        return cls(False, np.zeros(width, bool))


class DriftDetector(ABC):
    """Drift of c columns. ``reference`` (r, c) are blocks of normal running, r >= 2.

    What is found depends on nothing but the blocks since the last reset; a bounded number of them is remembered, and is
    the whole state: ``state`` and ``restore`` go through JSON, and a detector that was restored goes on as the other
    would have.
    """

    def __init__(self, reference: Blocks) -> None:
        centre = np.nanmean(reference, axis=0)
        spread = np.nanstd(reference, axis=0, ddof=1)
        self._centre = centre
        self._spread = np.where(spread > 1e-9 * np.maximum(np.abs(centre), 1), spread, 1.0)
        self.reference = self._standard(reference)
        self.width = reference.shape[1]
        self._past: list[Block] = []
        self.start()

    def push(self, block: Block) -> Found:
        """Take the next block (c,)."""
        standard = self._standard(block)
        if len(self._past) >= MOST:
            self.restore(self.state()[-KEPT:])
        self._past.append(standard)
        return self.update(standard)

    def reset(self) -> None:
        """Forget all blocks but the reference."""
        self._past = []
        self.start()

    def state(self) -> list[list[float | None]]:
        """The blocks since the last reset, as JSON."""
        return [[float(value) if np.isfinite(value) else None for value in block] for block in self._past]

    def restore(self, state: list[list[float | None]]) -> None:
        """Go on from what ``state`` gave, with the same reference."""
        self.reset()
        for row in state:
            block = np.array([np.nan if value is None else value for value in row])
            self._past.append(block)
            self.update(block)

    @abstractmethod
    def start(self) -> None:
        """Begin anew from the reference."""

    @abstractmethod
    def update(self, block: Block) -> Found:
        """Take a block in units of the reference's spread."""

    def _standard(self, values: Blocks) -> Blocks:
        return np.asarray((values - self._centre) / self._spread)
