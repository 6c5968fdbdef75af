"""Anomaly maps of a run beside the masks of its dataset, read one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.datasets.images import load_mask
from core.datasets.types import ImageSet
from core.progress import Progress
from core.store.runfolder import Run

if TYPE_CHECKING:
    import pandas as pd


class MaskedMaps:
    """The counted images that take part in pixel metrics, as (map, mask or None): maps are read anew each time through.

    ``counted`` are rows of ``Run.scores()``. Masks are read once and kept as bits at the size of their map (8 kB for
    256 x 256); a mask without a single pixel left there counts as missing.
    """

    def __init__(self, run: Run, data: ImageSet, counted: pd.DataFrame, progress: Progress) -> None:
        self.run, self.counted, self.progress = run, counted, progress
        bad = counted["item"][counted["label"] == "bad"]
        self.masks = {
            name: mask for name in bad if (mask := self._read_mask(name, data.by_name[name].mask)) is not None
        }
        self.without_mask = frozenset(bad) - frozenset(self.masks)

    @property
    def any_masks(self) -> bool:
        return bool(self.masks)

    @property
    def rows(self) -> pd.DataFrame:
        return self.counted[~self.counted["item"].isin(self.without_mask)]

    def only(self, category: str) -> MaskedMaps:
        part = copy(self)
        part.counted = self.counted[self.counted["category"] == category]
        part.masks = {name: mask for name, mask in self.masks.items() if name in set(part.counted["item"])}
        return part

    def goods(self) -> Iterator[NDArray[np.float32]]:
        """The maps of the good images."""
        names = self.counted["item"][self.counted["label"] == "good"]
        for done, name in enumerate(names):
            self.progress.report(done, len(names), "reading maps of good parts")
            yield self.run.map(name)

    def defects(self) -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.bool_]]]:
        """Name, map and mask of each anomalous image that has one."""
        for done, (name, packed) in enumerate(self.masks.items()):
            self.progress.report(done, len(self.masks), "reading maps of defects")
            found = self.run.map(name)
            yield name, found, _unpacked(packed, found)

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_] | None]]:
        names = self.rows["item"]
        for done, name in enumerate(names):
            self.progress.report(done, len(names), "comparing maps with masks")
            found = self.run.map(name)
            packed = self.masks.get(name)
            yield found, None if packed is None else _unpacked(packed, found)

    def _read_mask(self, name: str, path: Path | None) -> NDArray[np.uint8] | None:
        """The packed mask of an anomalous image; None where there is none, or nothing is marked at the map's size."""
        if path is None:
            return None
        height, width = self.run.map(name).shape
        mask = load_mask(path, (width, height))
        return np.packbits(mask) if mask.any() else None


def _unpacked(packed: NDArray[np.uint8], found: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.unpackbits(packed, count=found.size).view(np.bool_).reshape(found.shape)
