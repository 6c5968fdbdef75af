"""Envelope analysis: what rhythm a resonance is struck in (Randall and Antoni, MSSP 25, 2011)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.features.signals.spectra import Spectrum, Wave, amplitude_spectrum, frequencies

Band = tuple[float, float]  # Hz


def envelope(wave: Wave, rate: float, band: Band) -> NDArray[np.float64]:
    """(..., n) magnitude of the analytic signal within ``band``: band-pass and Hilbert transform in one, by leaving
    only those positive frequencies. ValueError for a band that lies outside 0 to ``rate`` / 2 or holds no frequency.
    """
    n = wave.shape[-1]
    low, high = band
    if not 0 <= low < high <= rate / 2:
        raise ValueError(f"no band from {low:g} to {high:g} Hz at {rate:g} samples per second")
    frequency = frequencies(n, rate)
    inside = (frequency >= low) & (frequency <= high) & (frequency > 0)
    if not inside.any():
        raise ValueError(f"{n} samples resolve no frequency from {low:g} to {high:g} Hz")
    spectrum = np.zeros(wave.shape, complex)
    spectrum[..., : len(frequency)] = np.where(inside, 2 * np.fft.rfft(wave), 0)
    if n % 2 == 0:
        spectrum[..., n // 2] /= 2  # the Nyquist frequency has no negative twin
    return np.asarray(np.abs(np.fft.ifft(spectrum)))


def envelope_spectrum(wave: Wave, rate: float, band: Band) -> Spectrum:
    """Amplitude spectrum of the envelope less its mean: lines at the rate of impacts and its multiples."""
    found = envelope(wave, rate, band)
    return amplitude_spectrum(found - found.mean(axis=-1, keepdims=True), rate)
