"""What the loop asks of a method, whatever it is inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.continual.types import Array, Batch, MemoryRecord


class Strategy(ABC):
    """One method on one stream. ``begin`` first; then, step by step, ``score``, ``observe``, ``learn``.

    Everything that changes is in ``arrays``, random generators included: a strategy that was restored goes on
    bit-identically.
    """

    @abstractmethod
    def begin(self, normals: Batch) -> None:
        """Normals of the first task give the scales. Raises UserError where they are too few."""

    @abstractmethod
    def score(self, batch: Batch) -> Array:
        """(n,) higher is more anomalous. Reads views alone, changes nothing."""

    @abstractmethod
    def probability(self, score: Array) -> Array:
        """(n,) calibrated, in [0, 1]."""

    @abstractmethod
    def observe(self, seen: Batch, score: Array, threshold: float) -> dict[str, float]:
        """A batch was scored: what can be learned without its labels. Returns what to record."""

    @abstractmethod
    def learn(self, batch: Batch) -> dict[str, float]:
        """Train on what was told. An empty batch is allowed. Returns what to record."""

    @abstractmethod
    def end_task(self) -> None:
        """A task is over; not called where nobody tells."""

    @abstractmethod
    def remembered(self, step: int) -> MemoryRecord:
        """What is kept now."""

    @abstractmethod
    def latent(self, batch: Batch) -> Array:
        """(n, d) the representation that scores are made of, for a map of it."""

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave; after ``begin`` with the same normals."""


class Generators:
    """Independent random generators by purpose: what one method draws more than another disturbs nothing else."""

    def __init__(self, seed: int, purposes: tuple[str, ...]) -> None:
        children = np.random.SeedSequence(seed).spawn(len(purposes))
        self._all = {
            name: np.random.Generator(np.random.PCG64(one)) for name, one in zip(purposes, children, strict=True)
        }

    def __getitem__(self, purpose: str) -> np.random.Generator:
        return self._all[purpose]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """States as 128-bit integers cut into words, exactly."""
        found = {}
        for name, generator in self._all.items():
            state = generator.bit_generator.state
            inner = state["state"]
            words = [(inner[key] >> shift) & (2**64 - 1) for key in ("state", "inc") for shift in (0, 64)]
            found[name] = np.array([*words, state["has_uint32"], state["uinteger"]], np.uint64)
        return found

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave."""
        for name, generator in self._all.items():
            low, high, inc_low, inc_high, has, spare = (int(word) for word in arrays[name])
            inner = {"state": low | high << 64, "inc": inc_low | inc_high << 64}
            generator.bit_generator.state = {
                "bit_generator": "PCG64", "state": inner, "has_uint32": has, "uinteger": spare,
            }  # fmt: skip


def prefixed(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The same arrays under ``name/``."""
    return {f"{name}/{key}": value for key, value in arrays.items()}


def below(name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Back from `prefixed`."""
    start = f"{name}/"
    return {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
