"""The detector contract.

**A higher score is more anomalous**, everywhere. Scores are deterministic for a seed, do not depend on batch size or
on the order of the images, and are finite. This module and every family's ``info.py`` are free of torch, so that a
page can draw a form without paying for it.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.datasets.types import ImageSet
from core.progress import Progress

MAX_SEED = 2**31 - 1  # what every random generator in use takes


class Params(BaseModel):
    """Parameters of a detector. Unknown names are refused; the form is drawn from title, description and limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class DetectorInfo:
    """What a detector is, for the registry, the form and the manifest."""

    name: str
    title: str
    modality: Literal["image", "series"]
    summary: str  # one sentence: when would I choose it?
    paper: str  # title, authors, year, identifier
    params: type[Params]
    implementation: str  # "module:Class", imported when a detector is built
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unsaid: Mapping[str, Any] = field(default_factory=dict)  # what models older than a parameter were made with
    refit_is_cheap: bool = False  # few normals are then calibrated by cross-fitting instead of a held-out part
    rows: bool = False  # series: also judges rows that no time connects


@dataclass(frozen=True)
class ImageScore:
    """One scored image. ``map`` is (h, w) float32 in the detector's own units, higher is more anomalous."""

    name: str
    score: float
    map: NDArray[np.float32]
    reconstruction: NDArray[np.uint8] | None = None  # (h, w, 3) RGB, from detectors that reconstruct


class ImageDetector(ABC):
    """An image detector: fit on normal images, then score any."""

    info: ClassVar[DetectorInfo]

    def __init__(self, params: Params, seed: int = 0) -> None:
        self.params = params
        self.seed = seed

    @abstractmethod
    def fit(self, data: ImageSet, progress: Progress) -> None:
        """Learn from ``data``, all of it taken for normal. Memory does not grow with the number of images."""

    @abstractmethod
    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        """Score every item, in the order of ``data.items``, one at a time: a caller never holds all maps."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted state into an existing folder: safetensors and JSON only."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        """Read back what ``save`` wrote; scores are then equal."""

    def provenance(self) -> dict[str, Any]:
        """What a manifest should remember of where the scores come from: backbone, its hash, epochs…"""
        return {}


def implementation(info: DetectorInfo) -> type[ImageDetector]:
    """Import the class behind an entry of the registry."""
    module, name = info.implementation.split(":")
    found: type[ImageDetector] = getattr(importlib.import_module(module), name)
    return found
