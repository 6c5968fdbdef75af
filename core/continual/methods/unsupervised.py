"""What methods that learn from presumed normals alone have in common: caching of scores, calibration, records."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.continual.contract import Generators, Strategy, below, prefixed
from core.continual.methods.options import Learner
from core.continual.platt import Platt
from core.continual.types import Array, Batch, MemoryRecord, Stream


class Unsupervised(Strategy):
    """Subclasses tell apart normals and the rest by nothing but distance or error; labels serve to leave out what was
    told to be anomalous, and to turn scores into probabilities."""

    def __init__(self, options: Learner, stream: Stream, seed: int) -> None:
        self._o, self._stream, self._seed = options, stream, seed
        self._random = Generators(seed, ("model",))
        self._platt = Platt()
        # The normals behind the threshold are scored at every step, and banks change seldom.
        self._scores: WeakKeyDictionary[Batch, Array] = WeakKeyDictionary()

    def score(self, batch: Batch) -> Array:
        if batch not in self._scores:
            self._scores[batch] = self._judged(batch)
        return self._scores[batch]

    def probability(self, score: Array) -> Array:
        return self._platt(score)

    def observe(self, seen: Batch, score: Array, threshold: float) -> dict[str, float]:
        self._platt.predicted(seen.ids, score)
        return {}

    def learn(self, batch: Batch) -> dict[str, float]:
        label = batch.label & batch.known
        self._platt.told(batch.ids[batch.known], label[batch.known])
        normals = batch.take(~label)
        return self._taught(normals) if len(normals) else {}

    def remembered(self, step: int) -> MemoryRecord:
        ids = self._held()
        n = len(ids)
        return MemoryRecord(
            step, ids, np.zeros(n, np.int16), np.zeros(n, np.float32), np.full(n, np.nan, np.float32),
            np.zeros(n, np.int8), self._nbytes(),
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        found = {**prefixed("random", self._random.arrays()), **prefixed("platt", self._platt.arrays())}
        return found | prefixed("model", self._state())

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._random.restore(below("random", arrays))
        self._platt.restore(below("platt", arrays))
        self._take_back(below("model", arrays))
        self._changed()

    def _changed(self) -> None:
        """What was scored before was scored by another model."""
        self._scores = WeakKeyDictionary()

    @abstractmethod
    def _judged(self, batch: Batch) -> Array:
        """(n,) scores."""

    @abstractmethod
    def _taught(self, normals: Batch) -> dict[str, float]:
        """Learn from presumed normals, at least one."""

    @abstractmethod
    def _held(self) -> NDArray[np.int64]:
        """Samples that something is kept of, one entry a vector."""

    @abstractmethod
    def _nbytes(self) -> int:
        """Bytes of what is kept of them."""

    @abstractmethod
    def _state(self) -> dict[str, NDArray[Any]]:
        """The model as arrays."""

    @abstractmethod
    def _take_back(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Back from `_state`."""
