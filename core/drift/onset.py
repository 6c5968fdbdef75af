"""When a change began."""

from __future__ import annotations

import numpy as np

from core.drift.blocks import Floats


def onset(values: Floats) -> int:
    """Index of the first value after the single change of level that explains (n,) best, 0 for fewer than two values:
    the split whose two means leave the least squared error (Hinkley, Biometrika 57, 1970). NaN counts as the mean."""
    seen = np.isfinite(values)
    n = len(values)
    if n < 2 or not seen.any():
        return 0
    centred = np.where(seen, values - values[seen].mean(), 0.0)
    before = np.cumsum(centred)[:-1]
    sizes = np.arange(1, n)
    return int(np.argmax(before**2 * (1 / sizes + 1 / (n - sizes)))) + 1
