"""Figures of a waveform along its last axis (..., n): how strong, how spiky, how lopsided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float64]  # (..., n)
Figure = NDArray[np.float64]  # (...)


def rms(wave: Wave) -> Figure:
    """Root mean square, in the signal's unit; a mean that is not zero counts."""
    return np.asarray(np.sqrt(np.mean(np.square(wave), axis=-1)))


def peak(wave: Wave) -> Figure:
    """Largest absolute value, in the signal's unit."""
    return np.asarray(np.max(np.abs(wave), axis=-1))


def crest_factor(wave: Wave) -> Figure:
    """Peak over RMS: sqrt(2) for a sine, larger for impacts; NaN for silence."""
    return _ratio(peak(wave), rms(wave))


def skewness(wave: Wave) -> Figure:
    """Third standardised moment: 0 for a symmetric signal; NaN for a constant one."""
    centred = wave - np.mean(wave, axis=-1, keepdims=True)
    return _ratio(np.mean(centred**3, axis=-1), np.mean(centred**2, axis=-1) ** 1.5)


def kurtosis(wave: Wave) -> Figure:
    """Fourth standardised moment (Pearson's: 3 for Gaussian noise, 1.5 for a sine); NaN for a constant signal."""
    squared = np.square(wave - np.mean(wave, axis=-1, keepdims=True))
    return _ratio(np.mean(np.square(squared), axis=-1), np.square(np.mean(squared, axis=-1)))


def _ratio(above: Figure, below: Figure) -> Figure:
    """Above over below, NaN where there is nothing below."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0))
