"""Ranks with ties shared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def midranks(values: ArrayLike) -> NDArray[np.float64]:
    """(m, n) the ranks from 1 of each row; equal values share the mean of their ranks."""
    rows = np.asarray(values, float)
    found = np.empty(rows.shape)
    for row, out in zip(rows, found, strict=True):
        order = np.argsort(row, kind="stable")
        ranked = row[order]
        starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])) if len(row) else np.empty(0, int)
        sizes = np.diff(np.append(starts, len(row)))
        out[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return found
