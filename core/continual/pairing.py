"""Bearing recordings for images: MVTec with vibration, as nobody recorded it.

An image of a part is given a window of a bearing whose severity is nearest; good parts get healthy bearings. Whoever
learns from such pairs can learn that labels occur together, and nothing about machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.continual.bearings import bearing_ground, describe_bearing
from core.continual.config import RecordedSpec
from core.continual.descriptors import Array
from core.continual.severity import read_severities
from core.continual.source import PARTS, Part, PoolSource
from core.progress import Progress

RATE = 12_000.0


@dataclass(frozen=True, eq=False)
class BearingPairs:
    """Windows of healthy and faulty bearings by part, with their severity; parts share no bearing that is at fault."""

    windows: dict[Part, NDArray[np.float32]]
    severities: dict[Part, NDArray[np.float64]]

    @classmethod
    def read(cls, path: Path, seed: int, progress: Progress) -> BearingPairs:
        """From a folder in the layout of CWRU. UserError where it is none."""
        ground = bearing_ground(RecordedSpec(kind="cwru", path=path, tasks=60), seed, progress)
        table = read_severities("bearings")
        by_fault = np.array([0.0, *(table.severity(name) for name in ground.faults[1:])])
        pools = {part: [one.pools[part] for one in ground.sources if isinstance(one, PoolSource)] for part in PARTS}
        return cls(
            {part: np.concatenate([pool.raw["vibration"] for pool in own]) for part, own in pools.items()},
            {part: by_fault[np.concatenate([pool.fault for pool in own])] for part, own in pools.items()},
        )

    def waves(self, faults: Sequence[str], part: Part, generator: np.random.Generator) -> NDArray[np.float32]:
        """(m, 2048, 1): one for each image by its defect (empty: good)."""
        table = read_severities("defects")
        found = np.empty(len(faults), np.int64)
        severities = self.severities[part]
        for place, fault in enumerate(faults):
            wanted = table.severity(fault) if fault else 0.0
            able = severities > 0 if wanted else severities == 0
            distance = np.where(able, np.abs(severities - wanted), np.inf)
            found[place] = generator.choice(np.flatnonzero(distance == distance.min()))
        return self.windows[part][found]

    def describe(self, raw: NDArray[np.float32]) -> Array:
        return describe_bearing(raw, RATE)
