"""Mel spectra by Slaney's definition (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above, equal areas."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.features.signals.spectra import Spectrum

_STEP = 200 / 3  # Hz per mel below the bend
_BEND_HZ, _BEND_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27  # per mel above it: 27 steps from 1 to 6.4 kHz


def hz_to_mel(frequency: ArrayLike) -> NDArray[np.float64]:
    """Frequencies in Hz on Slaney's mel scale."""
    hz = np.asarray(frequency, float)
    above = _BEND_MEL + np.log(np.maximum(hz, _BEND_HZ) / _BEND_HZ) / _LOG_STEP
    return np.where(hz < _BEND_HZ, hz / _STEP, above)


def mel_to_hz(mel: ArrayLike) -> NDArray[np.float64]:
    """The inverse of ``hz_to_mel``."""
    found = np.asarray(mel, float)
    above = _BEND_HZ * np.exp((np.maximum(found, _BEND_MEL) - _BEND_MEL) * _LOG_STEP)
    return np.where(found < _BEND_MEL, found * _STEP, above)


@lru_cache(maxsize=8)
def mel_edges(bands: int, low: float, high: float) -> NDArray[np.float64]:
    """(bands + 2,) corners in Hz, evenly spaced in mel: filter k rises from corner k to k + 1 and falls to k + 2."""
    first, last = hz_to_mel([low, high])
    edges = mel_to_hz(np.linspace(first, last, bands + 2))
    edges.setflags(write=False)
    return edges


def mel_filters(frequency: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(b, k) triangles over ``frequency`` (k,) with the corners ``edges`` (b + 2,), each of area 1 over Hz."""
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequency - left) / (centre - left), (right - frequency) / (right - centre)
    return np.maximum(np.minimum(rising, falling), 0) * 2 / (right - left)


def mel_spectrum(spectrum: Spectrum, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., b) sums of a power spectrum (..., k) under each filter."""
    filters = mel_filters(spectrum.frequency, edges)
    # Band by band over its own few bins: quicker than a full product, and a row's sums do not depend on the others.
    bands = []
    for weights in filters:
        own = np.flatnonzero(weights)
        low, high = (own[0], own[-1] + 1) if len(own) else (0, 0)
        bands.append((spectrum.value[..., low:high] * weights[low:high]).sum(axis=-1))
    return np.stack(bands, axis=-1)
