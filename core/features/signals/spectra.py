"""Spectra of a waveform along its last axis (..., n), sampled ``rate`` times per second; frequencies are in Hz.

NumPy transforms row by row, so a row's spectrum does not depend on what else is in the array, to the last bit: streams
rely on it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Wave = NDArray[np.float64]  # (..., n)
QUIET = 1e-12  # what is less is silence: -120 dB of power, in squared units of the signal


@dataclass(frozen=True, eq=False)
class Spectrum:
    """``frequency`` (k,) in Hz and ``value`` (..., k)."""

    frequency: NDArray[np.float64]
    value: NDArray[np.float64]


def frequencies(n: int, rate: float) -> NDArray[np.float64]:
    """(n // 2 + 1,) in Hz, of the one-sided spectrum of n samples."""
    return np.asarray(np.fft.rfftfreq(n, 1 / rate), np.float64)


def amplitude_spectrum(wave: Wave, rate: float, window: str = "hann") -> Spectrum:
    """One-sided: a sine of amplitude A that falls on a bin gives A there, a constant its value at 0 Hz.

    ``window`` is one of SciPy's; its coherent gain is taken out (Harris 1978).
    """
    n = wave.shape[-1]
    taper = _taper(window, n)
    value = np.abs(np.fft.rfft(wave * taper)) / taper.sum()
    value[..., 1 : (n + 1) // 2] *= 2  # all but 0 Hz and, where n is even, the Nyquist frequency come twice
    return Spectrum(frequencies(n, rate), value)


def power_spectrum(wave: Wave, rate: float, window: str = "hann") -> Spectrum:
    """One-sided share of each frequency in the mean square, in squared units: the shares sum to the power of the
    windowed signal, which is the mean square of noise, and exactly that with a ``boxcar``."""
    n = wave.shape[-1]
    taper = _taper(window, n)
    value = np.square(np.abs(np.fft.rfft(wave * taper))) / (n * np.square(taper).sum())
    value[..., 1 : (n + 1) // 2] *= 2
    return Spectrum(frequencies(n, rate), value)


def welch_psd(wave: Wave, rate: float, segment: int = 2048) -> Spectrum:
    """Power spectral density in squared units per Hz, averaged over half overlapping Hann-windowed segments of
    ``segment`` samples or the whole signal where it is shorter (Welch 1967)."""
    from scipy.signal import welch

    frequency, value = welch(wave, rate, nperseg=min(segment, wave.shape[-1]), detrend="constant")
    return Spectrum(frequency, value)


def band_power(spectrum: Spectrum, edges: ArrayLike) -> NDArray[np.float64]:
    """(..., b) sums of a spectrum over the bands between b + 1 rising ``edges`` in Hz: from each edge to below the
    next, the last edge included. Of a power spectrum: the mean square in the band. A band without a bin has none."""
    limits = np.asarray(edges, float)
    start = np.searchsorted(spectrum.frequency, limits)
    start[-1] = np.searchsorted(spectrum.frequency, limits[-1], side="right")
    bands = [spectrum.value[..., low:high].sum(axis=-1) for low, high in itertools.pairwise(start)]
    return np.stack(bands, axis=-1)


def decibel(power: ArrayLike) -> NDArray[np.float64]:
    """Power in dB re 1 squared unit, not below -120."""
    return np.asarray(10 * np.log10(np.maximum(power, QUIET)))


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """``level`` (k, m) in dB at ``frequency`` (k,) in Hz and ``time`` (m,): the middles of the frames, in s."""

    time: NDArray[np.float64]
    frequency: NDArray[np.float64]
    level: NDArray[np.float64]


def spectrogram(wave: Wave, rate: float, frame: int = 1024, hop: int = 512) -> Spectrogram:
    """Power spectra of Hann-windowed frames of ``frame`` samples, one every ``hop`` samples, of one signal (n,).

    ValueError where the signal is shorter than a frame.
    """
    frames = np.lib.stride_tricks.sliding_window_view(wave, frame)[::hop]
    found = power_spectrum(frames, rate)
    time = np.asarray((np.arange(len(frames)) * hop + frame / 2) / rate, np.float64)
    return Spectrogram(time, found.frequency, decibel(found.value).T)


def _taper(window: str, n: int) -> NDArray[np.float64]:
    from scipy.signal import get_window  # seconds of a cold page, which reads no more than a front end's description

    return np.asarray(get_window(window, n), np.float64)
