"""The contract of modality dynamics, and the registry.

A memory keeps what the detector consumes: a row of ``stored`` numbers a sample. Dynamics know how to make it from a raw
view, how the network sees it (``embed``: about unit variance for normals of the first task), and how to move it.

**Time.** Every process has the same clock, so that one horizon means the same everywhere: over a horizon T, diffusion
adds a variance of about ``sigma^2 T`` in embedded units, and the push towards hardness moves by about T.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.continual.types import Array, Modality

Form = Literal["langevin", "diffusion_only"]


@dataclass(frozen=True)
class Motion:
    """How n samples are to be moved. ``horizon`` (n,); 0 leaves a sample as it is, to the last bit. ``sigma`` as it is
    at this moment, ``sigma0`` without drift; ``anomalous`` (n,); ``loss`` (n,) of the detector now; ``radius``: the
    largest displacement in embedded units, so that a label stays true."""

    horizon: Array
    sigma: float
    sigma0: float
    anomalous: NDArray[np.bool_]
    loss: Array
    radius: float
    form: Form = "langevin"

    def of(self, here: NDArray[np.bool_]) -> Motion:
        """That of the samples ``here`` alone."""
        return replace(self, horizon=self.horizon[here], anomalous=self.anomalous[here], loss=self.loss[here])


class ModalityDynamics(ABC):
    """One modality. ``fit`` first; everything is deterministic but ``transform``, which draws from the ``rng``."""

    name: ClassVar[Modality]

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    @property
    @abstractmethod
    def stored(self) -> int:
        """Numbers that a memory keeps of a sample."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers that the network sees."""

    @abstractmethod
    def encode(self, raw: Array) -> Array:
        """Raw view (n, *shape) to rows (n, stored). Rows of NaN stay NaN."""

    @abstractmethod
    def fit(self, rows: Array) -> None:
        """Learn the reference (scales, rates, means) from rows of normals (m, stored), m >= 2."""

    @abstractmethod
    def follow(self, rows: Array, rate: float) -> None:
        """Let the target of the dynamics follow the stream's normals: an exponential average."""

    @abstractmethod
    def embed(self, rows: Array) -> Array:
        """Rows (n, stored) as the network sees them (n, width)."""

    @abstractmethod
    def transform(self, rows: Array, motion: Motion, push: Array, rng: np.random.Generator) -> Array:
        """The same rows, moved; (n, stored). ``push`` (n, width) is the gradient of each sample's loss as embedded."""

    def distance(self, rows: Array, others: Array) -> Array:
        """(n, m) Euclidean distances of embedded rows."""
        first, second = self.embed(rows), self.embed(others)
        squared = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
        return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)

    @abstractmethod
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fitted state; `restore` goes on from it bit-identically."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``arrays`` gave."""


REGISTRY: dict[Modality, type[ModalityDynamics]] = {}


def register(kind: type[ModalityDynamics]) -> type[ModalityDynamics]:
    """Class decorator: these are the dynamics of ``kind.name``."""
    REGISTRY[kind.name] = kind
    return kind


def clipped(moved: NDArray[np.float64], start: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """Rows (n, d) no further than ``radius`` from where they started; those within are returned as they are."""
    step = moved - start
    length = np.sqrt((step**2).sum(axis=1, keepdims=True))
    scale = np.minimum(radius / np.maximum(length, 1e-12), 1)
    return np.where(scale < 1, start + step * scale, moved)
