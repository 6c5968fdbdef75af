"""Stretches of a recording that occur in another one: training data among the test data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit

WINDOW = 50  # steps
_DISTINCT = 10  # different steps that a window must have: machines at rest look alike
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2**64
_BASE_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))


def copies(train: Sequence[SeriesUnit], test: Sequence[SeriesUnit]) -> list[tuple[str, str]]:
    """(training unit, test unit) for each test unit that shares a stretch with a training unit. Units have the same
    sensors. Found are all common stretches of 2 WINDOW - 1 steps or more, and equal units of any length."""
    known: dict[int, str] = {}
    whole = {unit.sha256: unit.name for unit in train}
    for unit in train:
        rows = _row_hashes(unit)
        blocks = rows[: len(rows) // WINDOW * WINDOW].reshape(-1, WINDOW)
        varied = 1 + (np.diff(np.sort(blocks, axis=1), axis=1) != 0).sum(1) >= _DISTINCT
        hashes = _window_hashes(rows)[::WINDOW][: len(blocks)][varied]
        known.update(dict.fromkeys(hashes.tolist(), unit.name))
    listed = np.fromiter(known, np.uint64, len(known))
    found = []
    for unit in test:
        hashes = _window_hashes(_row_hashes(unit))
        hits = np.flatnonzero(np.isin(hashes, listed))
        origin = known[int(hashes[hits[0]])] if len(hits) else whole.get(unit.sha256)
        if origin is not None:
            found.append((origin, unit.name))
    return found


def _row_hashes(unit: SeriesUnit) -> NDArray[np.uint64]:
    """(n,) one number for the bytes of each step."""
    keys = np.random.default_rng(0).integers(0, 2**63, unit.values.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
    found = np.zeros(len(unit), np.uint64)
    for column, key in zip(unit.values.T, keys, strict=True):
        bits = np.ascontiguousarray(column).view(np.uint32).astype(np.uint64)
        found += (bits ^ (bits << np.uint64(29))) * key
    return found ^ (found >> np.uint64(31))


def _window_hashes(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(n - WINDOW + 1,) polynomial hashes of WINDOW consecutive rows, modulo 2**64 (Karp and Rabin, 1987)."""
    if len(rows) < WINDOW:
        return np.zeros(0, np.uint64)
    powers = np.cumprod(np.full(len(rows), _BASE))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(rows * powers)])
    inverses = np.cumprod(np.full(len(rows), _BASE_INVERSE))
    return np.asarray((sums[WINDOW:] - sums[:-WINDOW]) * inverses[: len(sums) - WINDOW])
