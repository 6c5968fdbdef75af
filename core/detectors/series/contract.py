"""The contract of detectors over time.

**A higher score is more anomalous.** A detector sees scaled signals only, (n, d) float32 in units of each sensor's
usual spread (``scaling.Scaler``), NaN where nothing was measured, and never knows files, names or splits. It gives two
scores:

- *now* of a step uses that step and earlier ones: what a live monitor can know at once;
- *settled* also uses the next ``delay`` steps (all windows over the step). Detectors without windows settle at once.

Scores are finite, deterministic for a seed, and do not depend on how a stream is cut: pushing a recording step by step,
in blocks or whole gives the same numbers. Before the first step a window holds that step again, so every step has a
score; the first ``context - 1`` of a unit are less sure and take no part in calibration.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import DetectorInfo, Params
from core.progress import Progress

Signal = NDArray[np.float32]  # (n, d)


@dataclass(frozen=True)
class Scores:
    """Scores of consecutive steps. ``score`` is (n,) float64; ``parts`` is (n, d) float32, each sensor's share of it
    in the detector's own terms (larger: more to blame; a part may be negative)."""

    score: NDArray[np.float64]
    parts: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def joined(cls, blocks: Iterable[Scores], width: int) -> Scores:
        """One after the other; ``width`` is d, for where there is no block."""
        found = list(blocks)
        if not found:
            return cls(np.zeros(0), np.zeros((0, width), np.float32))
        return cls(np.concatenate([one.score for one in found]), np.concatenate([one.parts for one in found]))


@dataclass(frozen=True)
class Pushed:
    """What became known with a push: ``now`` of exactly the pushed steps, ``settled`` of the steps that have become
    settled, in order: the first of them follows the last one of the push before."""

    now: Scores
    settled: Scores


class SeriesStream(ABC):
    """The state of one unit's scoring. Its memory does not grow with the number of steps."""

    @abstractmethod
    def push(self, values: Signal) -> Pushed:
        """Score the next n >= 0 steps."""

    @abstractmethod
    def close(self) -> Scores:
        """The settled scores still owed, from the windows there are. Nothing may be pushed afterwards."""


class SeriesDetector(ABC):
    """A detector over time: fit on normal stretches, then score any unit of the same sensors."""

    info: ClassVar[DetectorInfo]

    def __init__(self, params: Params, seed: int = 0) -> None:
        self.params = params
        self.seed = seed

    @property
    @abstractmethod
    def context(self) -> int:
        """Steps, the newest included, that a *now* score looks back on."""

    @property
    def delay(self) -> int:
        """Steps after a step until its *settled* score is known."""
        return 0

    @abstractmethod
    def fit(self, normals: Sequence[Signal], progress: Progress) -> None:
        """Learn from normal stretches, none shorter than ``shortest``. UserError where they cannot be learned from."""

    @property
    def shortest(self) -> int:
        """Steps that a stretch must have to be learned from; shorter ones are left out by the caller."""
        return self.context

    @abstractmethod
    def stream(self) -> SeriesStream:
        """A fresh stream, for one unit."""

    def score(self, values: Signal, progress: Progress = Progress()) -> Pushed:
        """Now and settled scores of a whole unit: the stream over blocks."""
        stream, now, settled = self.stream(), [], []
        block = 16384
        for start in range(0, len(values), block):
            found = stream.push(values[start : start + block])
            now.append(found.now)
            settled.append(found.settled)
            progress.report(min(start + block, len(values)), len(values), "Scoring")
        settled.append(stream.close())
        width = values.shape[1]
        return Pushed(Scores.joined(now, width), Scores.joined(settled, width))

    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        """(b, t, d) recordings of t steps each to (b,) *now* scores of their last steps: what explanations probe."""
        return np.array([self.stream().push(window).now.score[-1] for window in windows])

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted state into an existing folder: safetensors, JSON, and skops for scikit-learn only."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        """Read back what ``save`` wrote; scores are then equal."""

    def provenance(self) -> dict[str, Any]:
        """What a manifest should remember of the fit: orders, epochs, active latent dimensions…"""
        return {}


def implementation(info: DetectorInfo) -> type[SeriesDetector]:
    """Import the class behind an entry of the registry."""
    module, name = info.implementation.split(":")
    found: type[SeriesDetector] = getattr(importlib.import_module(module), name)
    return found
