"""Where the samples of a task come from: the plant draws them, recordings are drawn from pools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.continual.descriptors import Array, Describe
from core.continual.severity import SeverityTable
from core.continual.types import View
from core.errors import UserError

Part = Literal["train", "calibration", "probe"]
PARTS: tuple[Part, ...] = ("train", "calibration", "probe")
Raw = Mapping[View, Any]  # arrays, or what is indexed like one and read when it is asked for


@dataclass(frozen=True, eq=False)
class Drawn:
    """Raw samples. ``items`` (n,) names recorded items, where there are any: their features are computed once."""

    raw: Raw
    items: NDArray[np.int64] | None = None


class Source(ABC):
    """Samples of one task. What is drawn follows from the arguments alone."""

    name: str
    describe: Mapping[View, Describe]  # how each view's raw windows become descriptors

    @abstractmethod
    def faults(self, part: Part) -> NDArray[np.int64]:
        """The classes (0 is normal) that this part has samples of, rising."""

    def count(self, part: Part, fault: int) -> int | None:
        """How many different samples of a class this part has; None: as many as one likes."""
        return None

    @abstractmethod
    def draw(self, fault: NDArray[np.int64], part: Part, generator: np.random.Generator) -> Drawn:
        """A raw sample of each class in ``fault`` (n,)."""

    def spread(self) -> NDArray[np.float64] | None:
        """(c,) sd of the raw signals in normal running, None where there are no signals."""
        if "vibration" not in self.describe:
            return None
        normal = np.zeros(64, np.int64)
        waves = self.draw(normal, "calibration", np.random.default_rng(0)).raw["vibration"]
        return np.asarray(waves.std(axis=(0, 1), dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Pool:
    """Recorded windows of one part of a task: raw views (m, ...) and the class of each (m,)."""

    raw: Raw
    fault: NDArray[np.int64]


@dataclass(eq=False)
class PoolSource(Source):
    """Draws from pools that share no recording (or no event, or no image) with each other: with replacement for
    training, without in the frozen parts as long as there are samples left."""

    name: str
    describe: Mapping[View, Describe]
    pools: Mapping[Part, Pool]
    _places: dict[tuple[Part, int], NDArray[np.int64]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for part in PARTS:
            fault = self.pools[part].fault
            for one in np.unique(fault):
                self._places[part, int(one)] = np.flatnonzero(fault == one)
            if (part, 0) not in self._places:
                what = f"The task «{self.name}» has no normal samples for its {part} part"
                raise UserError(what, "stream", "Leave it out, or give it more data")
        if len(self.faults("probe")) < 2:
            what = f"The task «{self.name}» has one class only: nothing anomalous to be measured on"
            raise UserError(what, "stream", "Leave it out, or give it labelled anomalies")

    def faults(self, part: Part) -> NDArray[np.int64]:
        return np.unique(self.pools[part].fault).astype(np.int64)

    def count(self, part: Part, fault: int) -> int:
        return len(self._places.get((part, fault), ()))

    def draw(self, fault: NDArray[np.int64], part: Part, generator: np.random.Generator) -> Drawn:
        items = np.empty(len(fault), np.int64)
        for one in np.unique(fault):
            places, here = self._places[part, int(one)], fault == one
            items[here] = generator.choice(places, here.sum(), replace=part == "train" or here.sum() > len(places))
        raw = {view: np.asarray(values[items]) for view, values in self.pools[part].raw.items()}
        return Drawn(raw, PARTS.index(part) * 10_000_000 + items)


@dataclass(frozen=True, eq=False)
class Ground:
    """What a kind of stream is made of, before tasks are cut from it."""

    sources: tuple[Source, ...]
    faults: tuple[str, ...]
    table: str  # name of the default severity table
    origins: tuple[str, ...]
    notes: tuple[str, ...] = ()
    states: int | None = None
    severities: SeverityTable | None = None  # where the data themselves imply one (a proxy)


def described(describe: Mapping[View, Describe], raw: Raw) -> dict[View, Array]:
    """The descriptors of raw views; a description may read another view's raw data (patches and covariances of the
    same image): ``patches`` are described from ``image``."""
    return {view: how(raw["image" if view == "patches" else view]) for view, how in describe.items()}
