"""Circular block bootstrap: intervals for figures of a series whose steps are not independent.

Politis & Romano 1992: the series is closed to a ring and as many steps as it has are drawn in blocks. Blocks that are
as long as what hangs together keep most of it whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.series.stretches import stretches

Floats = NDArray[np.float64]


def block_length(scores: ArrayLike, labels: ArrayLike | None, window: int = 0) -> int:
    """Steps per block: the longest of the median event with a buffer of ``window`` around it, and twice the lag at
    which the autocorrelation of the scores falls below 1 / e; at most a quarter of the series, at least 1."""
    values = np.asarray(scores, float)
    event = 0
    if labels is not None and np.any(labels):
        event = int(np.median(np.diff(stretches(labels), axis=1))) + window
    return max(1, min(max(event, 2 * _correlation_time(values)), len(values) // 4))


def draw(n: int, block: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) steps of one resample."""
    starts = rng.integers(n, size=-(-n // block))
    return ((starts[:, None] + np.arange(block)).ravel()[:n]) % n


def interval(value: float, resampled: ArrayLike, confidence: float = 0.95) -> tuple[float, float] | None:
    """Percentile interval of a figure in [0, 1], moved so that the resamples' mean is the figure's ``value``: blocks
    cut events, which shifts all resamples alike. None where too few resamples have the figure (fewer than half)."""
    drawn = np.asarray(resampled, float)
    kept = drawn[np.isfinite(drawn)]
    if not len(kept) or 2 * len(kept) < len(drawn):
        return None
    low, high = np.quantile(kept, [(1 - confidence) / 2, (1 + confidence) / 2]) + value - kept.mean()
    return float(np.clip(min(low, value), 0, 1)), float(np.clip(max(high, value), 0, 1))


def _correlation_time(values: Floats) -> int:
    """Steps until the autocorrelation is below 1 / e; by ranks, so that a few high scores do not hide the others."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
    centred = ranks - ranks.mean()
    size = 1 << (2 * len(values) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(values)]
    below = np.flatnonzero(correlation < correlation[0] / np.e)
    return int(below[0]) if len(below) else len(values)
