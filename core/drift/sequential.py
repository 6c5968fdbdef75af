"""Detectors that watch each column on its own, block by block: ADWIN and Page-Hinkley, by river.

Quick, and without a bound on what a single block may do to them: a short violent fault looks like drift to them. The
monitor takes their word as a suspicion only.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from core.drift.contract import Block, Blocks, DriftDetector, Found

PRIMED = 64  # blocks of the reference that a watcher has seen before the first one it judges


class _Each(DriftDetector):
    """A watcher of one number for each column; a watcher that has found drift begins anew by itself."""

    def reset(self) -> None:
        self._watchers = [self.watcher() for _ in range(self.width)]
        for block in self.reference[-PRIMED:]:
            self.update(block)

    def update(self, block: Block) -> Found:
        found = np.zeros(self.width, bool)
        for column, (watcher, value) in enumerate(zip(self._watchers, block, strict=True)):
            if np.isfinite(value):
                watcher.update(float(value))
                found[column] = watcher.drift_detected
        return Found(bool(found.any()), found)

    @abstractmethod
    def watcher(self) -> Any:
        """A new watcher: ``update(value)`` and ``drift_detected``."""


class Adwin(_Each):
    """Adaptive windowing (Bifet & Gavaldà, SDM 2007): the mean of the younger part of a window differs from the older
    part's by more than Hoeffding's bound allows. ``confidence`` is delta, shared among the columns."""

    def __init__(self, reference: Blocks, confidence: float = 0.002) -> None:
        self._delta = confidence / reference.shape[1]
        super().__init__(reference)

    def watcher(self) -> Any:
        from river.drift import ADWIN

        return ADWIN(delta=self._delta, clock=1)  # type: ignore[no-untyped-call]


class PageHinkley(_Each):
    """Page (Biometrika 41, 1954) and Hinkley: the sum of deviations from the mean so far, less ``slack``, in spreads of
    a block, rose or fell by more than ``threshold``, which grows with the logarithm of the columns."""

    def __init__(self, reference: Blocks, slack: float = 0.5, threshold: float = 10.0) -> None:
        self._slack, self._threshold = slack, threshold + np.log(reference.shape[1])
        super().__init__(reference)

    def watcher(self) -> Any:
        from river.drift import PageHinkley as River

        return River(min_instances=PRIMED // 2, delta=self._slack, threshold=self._threshold, alpha=1.0)
