"""The learner's own watch on drift: the recursive Hellinger estimate over a few directions, and when it alarms.

Directions are the leading principal components of the first task's normals in each modality, and what they leave over
(the logarithm of the residual): few, so that the estimate is sharp, and blind to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.continual.hellinger import WARM_UP, DriftState, RecursiveHellinger
from core.continual.tracking import noise_bound
from core.continual.types import Array

COMPONENTS = 3  # of each modality
BINS = 8
RATE = 0.05
TRIALS = 100  # bootstrap runs behind the alarm's threshold
HORIZON = 200  # steps each, in which one run in a hundred may alarm
LEVEL = 0.99


class DriftWatch:
    """Fed with presumed normals. ``concept`` counts alarms: where nobody tells tasks, it stands for them."""

    def __init__(self, inputs: Array, widths: Sequence[int], batch: int, rng: np.random.Generator) -> None:
        """``inputs`` (m, width): normals of the first task, all modalities side by side; ``batch``: a step's
        samples."""
        self._widths, self._batch = tuple(widths), batch
        self._axes: list[Array] = []
        for part in np.split(inputs, np.cumsum(self._widths)[:-1], axis=1):
            _, _, axes = np.linalg.svd(part - part.mean(axis=0), full_matrices=False)
            self._axes.append(axes[:COMPONENTS].T.astype(np.float32))
        seen = self._seen(inputs)
        self._estimate = RecursiveHellinger(seen, BINS, RATE)
        self._limit = _limit(seen, batch, rng)
        self.concept, self._since = 0, 0

    @property
    def nbytes(self) -> int:
        """Bytes of everything that is kept, in single precision."""
        numbers = sum(axes.size for axes in self._axes) + sum(one.size for one in self._estimate.arrays().values())
        return 4 * numbers

    def update(self, inputs: Array) -> tuple[DriftState, bool]:
        """The state after presumed normals (n, width), and whether drift is first noticed now.

        After an alarm, and once the recursion has forgotten what was before, what it holds becomes the new reference:
        H then tells of the next drift instead of remembering the last one for ever.
        """
        state = self._estimate.update(self._seen(inputs))
        alarm = self._since == 0 and state.debiased > self._limit
        if alarm:
            self.concept += 1
        if alarm or self._since:
            self._since += 1
        if self._since > WARM_UP / RATE:
            self._estimate.rebase()
            self._since = 0
        return state, alarm

    @property
    def noise(self) -> float:
        """What sampling alone adds to the tracking error at most, on average."""
        return noise_bound(RATE, self._batch, BINS)

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = np.array([self._limit, self.concept, self._since])
        return {**self._estimate.arrays(), "own": own, **{f"axes{m}": axes for m, axes in enumerate(self._axes)}}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._estimate.restore(arrays)
        self._axes = [arrays[f"axes{m}"].copy() for m in range(len(self._axes))]
        self._limit, concept, since = (float(value) for value in arrays["own"])
        self.concept, self._since = int(concept), int(since)

    def _seen(self, inputs: Array) -> NDArray[np.float64]:
        """(n, directions)."""
        found = []
        for part, axes in zip(np.split(inputs, np.cumsum(self._widths)[:-1], axis=1), self._axes, strict=True):
            along = part @ axes
            rest = ((part - along @ axes.T) ** 2).sum(axis=1, keepdims=True)
            found += [along, np.log(rest + 1e-6)]
        return np.concatenate(found, axis=1).astype(np.float64)


def _limit(reference: NDArray[np.float64], batch: int, rng: np.random.Generator) -> float:
    """The distance that one run of ``HORIZON`` steps in a hundred surpasses without drift, by bootstrap.

    Half of the reference plays the reference and the other half the stream: the same rows in both would agree too well.
    """
    highest = np.empty(TRIALS)
    for trial in range(TRIALS):
        order = rng.permutation(len(reference))
        half = len(order) // 2
        estimate = RecursiveHellinger(reference[order[:half]], BINS, RATE)
        draws = order[half:][rng.integers(len(order) - half, size=(HORIZON, batch))]
        highest[trial] = estimate.highest(reference[draws.ravel()].reshape(HORIZON, batch, -1))
    return float(np.quantile(highest, LEVEL))
