"""AUPIMO: how much of one part's defect is found while almost nothing is marked on good parts.

Bertoldo et al., AUPIMO: Redefining Visual Anomaly Detection Benchmarks, BMVC 2024 (arXiv 2401.01984): the recall within
one anomalous image's own mask, averaged over the logarithm of the false-positive rate from 1e-5 to 1e-4. That rate is
shared: the mean over good images of the share of their pixels that is marked; nothing in an anomalous image counts as
a false positive. One number per anomalous image, so that two detectors can be compared image by image.

Exact, without a grid of thresholds: at a rate f the threshold is the lowest that marks at most f of the good pixels,
the recall is then a step function of ln f, and its integral is a sum over the few good pixels that are ever marked. As
a pixel of a defect is found from some rate on, each adds the share of the range in which it is found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

LOWER, UPPER = 1e-5, 1e-4  # of the paper
LEAST_LEVELS = 30  # distinct rates within the range; with fewer, a handful of good pixels decides
FEW_LEVELS = 300  # with fewer the figure is coarse
_POOL = 1 << 22  # candidates kept before the ones that cannot matter are dropped


@dataclass(frozen=True, eq=False)
class SharedRate:
    """The false-positive rate that all anomalous images of a detector share.

    ``values`` (k,) are the highest values of good pixels, ascending; ``gains`` (k + 1,) says how much of the range lies
    above: a pixel above exactly j of the values is found in a share ``gains[j]`` of it. ``levels`` counts the distinct
    rates within the range.
    """

    values: Floats
    gains: Floats
    levels: int

    @classmethod
    def of(cls, good: Iterable[Map], n: int, lower: float = LOWER, upper: float = UPPER) -> Self:
        """From the maps (h, w) of n >= 1 good images, read one at a time; sizes may differ."""
        if not 0 < lower < upper <= 1:
            raise ValueError(f"the range of rates {lower} to {upper} is not within 0 to 1")
        pool: list[tuple[Floats, Floats]] = []
        seen = size = 0
        for found in good:
            flat = _finite(found).ravel()
            # One pixel adds 1 / (n size) to the rate: of one image no more than this many lie within the range.
            kept = min(len(flat), math.ceil(upper * n * len(flat)) + 1)
            top = np.partition(flat, len(flat) - kept)[len(flat) - kept :].astype(float)
            pool.append((top, np.full(kept, 1 / (n * len(flat)))))
            seen, size = seen + 1, size + kept
            if size > _POOL:
                pool = [_highest(pool, upper)]
                size = len(pool[0][0])
        if not n or seen != n:
            raise ValueError(f"{seen} maps of good images where {n} were told")
        values, weights = _highest(pool, upper)
        rates = np.cumsum(weights)
        ends = np.clip(rates, lower, upper)
        widths = np.diff(np.log(ends), prepend=math.log(lower)) / math.log(upper / lower)
        levels = int(((rates >= lower) & (rates <= upper)).sum())
        return cls(values[::-1], np.append(0.0, np.cumsum(widths[::-1])), levels)

    def aupimo(self, found: Map, mask: Mask) -> float:
        """Of one anomalous image: its map (h, w) and its mask, which marks a pixel at least; from 0 to 1."""
        if mask.shape != found.shape or not mask.any():
            raise ValueError(f"a mask of {mask.shape} must mark something on a map of {found.shape}")
        above = np.searchsorted(self.values, _finite(found)[mask], "left")
        return float(min(self.gains[above].mean(), 1.0))


def _highest(pool: Sequence[tuple[Floats, Floats]], upper: float) -> tuple[Floats, Floats]:
    """The distinct values, descending, down to the one at which the rate reaches ``upper``, with their weights."""
    values, weights = (np.concatenate(columns) for columns in zip(*pool, strict=True))
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    summed = np.add.reduceat(weights[order], starts)
    enough = int(np.searchsorted(np.cumsum(summed), upper, "left")) + 1
    return ranked[starts][:enough], summed[:enough]


def _finite(found: Map) -> Map:
    if not np.isfinite(found).all():
        raise ValueError("an anomaly map holds a value that is not finite")
    return found
