"""Raw signals cut into windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.continual.source import Pool


def windows(values: NDArray[np.float32], size: int, hop: int) -> NDArray[np.float32]:
    """(n, d) to (m, size, d), every ``hop`` steps; m is 0 for a short recording."""
    if len(values) < size:
        return np.empty((0, size, values.shape[1]), np.float32)
    found = np.lib.stride_tricks.sliding_window_view(values, size, axis=0)[::hop]
    return np.ascontiguousarray(found.transpose(0, 2, 1), np.float32)


def pool_of(found: Sequence[tuple[int, NDArray[np.float32]]]) -> Pool:
    """Raw windows of several classes as one pool of signals."""
    kept = [(fault, values) for fault, values in found if len(values)]
    if not kept:
        return Pool({"vibration": np.empty((0, 1, 1), np.float32)}, np.empty(0, np.int64))
    fault = np.concatenate([np.full(len(values), fault) for fault, values in kept])
    return Pool({"vibration": np.concatenate([values for _, values in kept])}, fault)
