"""From steps that depend on each other to blocks that hardly do: detectors of drift count on independent values.

Scores of overlapping windows and slow sensors repeat themselves, and a detector of drift that is fed every step takes
their slow swings for changes. The mean of a block that is longer than the correlation time hardly depends on the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

Floats = NDArray[np.float64]

TIMES = 2.0  # correlation times in a block
SHORTEST = 16  # steps of a block, so that it has a spread and quartiles
FEWEST = 40  # blocks of a reference; with fewer nobody can tell what is usual
_SOKAL = 5.0  # the sum of correlations ends at so many correlation times


def correlation_time(stretches: Sequence[Floats]) -> Floats:
    """(c,) integrated autocorrelation time in steps, 1 + 2 sum of rho_k, of stretches (n, c) of one process.

    The sum ends where its lag has reached five correlation times (Sokal 1997), or with the longest stretch. An AR(1)
    with coefficient a has (1 + a) / (1 - a). A column that never moves has 1. Missing values count as the mean.
    """
    columns = stretches[0].shape[1]
    rows = np.concatenate(stretches)
    seen = np.isfinite(rows)
    mean = np.where(seen, rows, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    total, products = 0, np.zeros((max(len(one) for one in stretches), columns))
    for one in stretches:
        centred = np.where(np.isfinite(one), one - mean, 0.0)
        products[: len(one)] += _autocovariances(centred)
        total += len(one)
    variance = products[0]
    rho = products / np.where(variance > 1e-12 * total, variance, np.inf)
    times = 1 + 2 * np.cumsum(rho[1:], axis=0)
    lags = np.arange(1, len(rho))[:, None]
    enough = lags >= _SOKAL * times
    last = np.where(enough.any(axis=0), enough.argmax(axis=0), max(len(times) - 1, 0))
    found = times[last, np.arange(columns)] if len(times) else np.ones(columns)
    return np.maximum(found, 1.0)


def block_length(times: Floats, least: int, steps: int) -> int:
    """Steps of a block: ``TIMES`` correlation times of the slowest of ``times`` (c,), but at least ``SHORTEST`` and
    ``least``, the steps that a score looks back on; shorter where only so ``FEWEST`` blocks fit into ``steps`` of
    reference. UserError where not even the shortest do.
    """
    least, longest = max(least, SHORTEST), steps // FEWEST
    if longest < least:
        raise UserError(
            f"{steps} held-out normal steps are too few to tell drift by",
            f"{FEWEST} blocks of {least} steps are needed",
            "Give longer recordings of normal running, or choose a shorter window",
        )
    return max(least, min(int(np.ceil(TIMES * float(times.max()))), longest))


def block_means(values: Floats, length: int) -> Floats:
    """(n, c) to the (n // length, c) means of whole blocks; NaN where a block has no reading."""
    blocks = values[: len(values) // length * length].reshape(-1, length, values.shape[1])
    seen = np.isfinite(blocks)
    total = np.where(seen, blocks, 0.0).sum(axis=1)
    found: Floats = np.full(total.shape, np.nan)
    np.divide(total, seen.sum(axis=1), out=found, where=seen.any(axis=1))
    return found


def _autocovariances(centred: Floats) -> Floats:
    """(n, c) sums of products at lags 0 to n - 1, by the Fourier transform."""
    n = len(centred)
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=0)) ** 2
    return np.asarray(np.fft.irfft(power, 2 * n, axis=0)[:n])
