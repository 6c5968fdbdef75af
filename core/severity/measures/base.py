"""What a measure of rust is: fitted to a part's first time, then read off each of its photographs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress
from core.severity.part import Part
from core.severity.types import Mask, Photo, Rgb


@dataclass(frozen=True)
class MeasureInfo:
    """How a measure is called and explained. ``is_area`` tells fractions of the part from other figures."""

    name: str
    title: str
    sentence: str
    is_area: bool
    default_on: bool = True


@dataclass(frozen=True)
class View:
    """One photograph ready for measuring: ``rgb`` (h, w, 3) normalised, ``lab`` (h, w, 3) its CIELAB, and the part."""

    photo: Photo
    rgb: Rgb
    lab: NDArray[np.float32]
    part: Part


@dataclass(frozen=True)
class Reading:
    """``value`` as in ``Measurement``; ``heat`` (h, w) grows with the evidence, ``mask`` what is called corroded."""

    value: float
    heat: NDArray[np.float32]
    mask: Mask | None

    @classmethod
    def nothing(cls, view: View) -> Reading:
        """What a measure gives that has nothing to say of a photograph: NaN, no evidence anywhere."""
        return cls(float("nan"), np.zeros(view.part.mask.shape, np.float32), None)


class Measure(ABC):
    """One instance serves one analysis: ``prepare`` once, then for each part ``fit`` and any number of ``read``."""

    info: ClassVar[MeasureInfo]
    learns_from_all: ClassVar[bool] = False  # whether ``prepare`` is to be called

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def prepare(self, healthy: Sequence[View], progress: Progress) -> None:
        """Learn from the first times of all parts. Called only where ``learns_from_all``: a measure that says so and
        does not learn is a mistake in its making, and is told as such."""
        raise NotImplementedError(type(self).__name__)

    @abstractmethod
    def fit(self, first: Sequence[View]) -> None:
        """Learn what this part looks like at its first time."""

    @abstractmethod
    def read(self, view: View) -> Reading:
        """Measure one photograph of the part last fitted. NaN where the measure has nothing to say of it."""
