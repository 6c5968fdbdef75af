"""How long a backbone takes for one image, in units of ResNet-18's, both in one process and in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from core.compare.backbones.rule import TEACHER
from core.features.backbones import LoadedBackbone
from core.features.patches import PatchExtractor

SIZE = 256
ROUNDS = 40
WARM_UP = 5


def time_ratios(
    contenders: Mapping[str, LoadedBackbone], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """The median over rounds of each contender's forward time as a share of ResNet-18's in the same round."""
    pixels = np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), dtype=np.uint8)
    extractors = {name: PatchExtractor(loaded, SIZE) for name, loaded in contenders.items()}
    taken = []
    for _ in range(rounds + WARM_UP):
        row = {}
        for name, extractor in extractors.items():
            started = clock()
            extractor.stages(pixels)
            row[name] = clock() - started
        taken.append(row)
    return {name: float(np.median([row[name] / row[TEACHER] for row in taken[WARM_UP:]])) for name in contenders}
