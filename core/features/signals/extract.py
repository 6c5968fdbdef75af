"""From a frame of raw samples to the figures that a detector sees, for each kind of front end.

An ``Extractor`` knows one sensor's features by name and unit, and computes them for frames (m, n), row by row.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Sensor
from core.errors import UserError
from core.features.signals import statistics
from core.features.signals.envelope import Band, envelope
from core.features.signals.mel import mel_edges, mel_filters, mel_spectrum
from core.features.signals.spectra import band_power, decibel, frequencies, power_spectrum

Frames = NDArray[np.float64]  # (m, n)


class Extractor(ABC):
    """Features of frames of ``size`` samples at ``rate`` samples per second."""

    def __init__(self, size: int, rate: float) -> None:
        self.size, self.rate = size, rate

    @abstractmethod
    def sensors(self, name: str) -> list[Sensor]:
        """What the features of the sensor ``name`` are called, f of them."""

    @abstractmethod
    def features(self, frames: Frames) -> NDArray[np.float64]:
        """(m, n) frames to (m, f) features; NaN where a frame holds one."""


class BandLevels(Extractor):
    """Mean square in even bands in dB, with kurtosis and crest factor, which a beginning bearing fault raises first."""

    def __init__(self, size: int, rate: float, bands: int, span: Band) -> None:
        super().__init__(size, rate)
        self.edges = np.linspace(*span, bands + 1)
        _resolved((span[1] - span[0]) / bands, size, rate)

    def sensors(self, name: str) -> list[Sensor]:
        levels = [Sensor(f"{name} {words} level", "dB") for words in band_names(self.edges)]
        return [*levels, Sensor(f"{name} kurtosis"), Sensor(f"{name} crest factor")]

    def features(self, frames: Frames) -> NDArray[np.float64]:
        centred = frames - frames.mean(axis=1, keepdims=True)
        levels = decibel(band_power(power_spectrum(centred, self.rate), self.edges))
        return np.column_stack([levels, statistics.kurtosis(centred), statistics.crest_factor(centred)])


class EnvelopeLevels(Extractor):
    """Mean square of the envelope in even bands of its rhythm, in dB, and that of the carrier it was taken from."""

    def __init__(self, size: int, rate: float, bands: int, carrier: Band, fastest: float) -> None:
        super().__init__(size, rate)
        self.carrier = carrier
        # The lowest rhythm that a frame can show is one beat per frame.
        self.edges = np.linspace(rate / size, fastest, bands + 1)
        _resolved((fastest - rate / size) / bands, size, rate)

    def sensors(self, name: str) -> list[Sensor]:
        levels = [Sensor(f"{name} envelope {words} level", "dB") for words in band_names(self.edges)]
        return [*levels, Sensor(f"{name} {band_names(np.array(self.carrier))[0]} level", "dB")]

    def features(self, frames: Frames) -> NDArray[np.float64]:
        found = envelope(frames, self.rate, self.carrier)
        beat = found - found.mean(axis=1, keepdims=True)
        levels = decibel(band_power(power_spectrum(beat, self.rate), self.edges))
        carrier = decibel(np.mean(np.square(found), axis=1) / 2)  # a sine's mean square is half its envelope's
        return np.column_stack([levels, carrier])


class LogMel(Extractor):
    """Power under Slaney's mel filters, in dB."""

    def __init__(self, size: int, rate: float, bands: int, span: Band) -> None:
        super().__init__(size, rate)
        self.edges = mel_edges(bands, *span)
        if not mel_filters(frequencies(size, rate), self.edges).any(axis=1).all():
            raise _too_fine(size, rate)

    def sensors(self, name: str) -> list[Sensor]:
        return [Sensor(f"{name} mel {hertz(centre)}", "dB") for centre in self.edges[1:-1]]

    def features(self, frames: Frames) -> NDArray[np.float64]:
        return decibel(mel_spectrum(power_spectrum(frames, self.rate), self.edges))


def hertz(frequency: float) -> str:
    """ "850 Hz", "2.5 kHz"."""
    return f"{frequency / 1000:.4g} kHz" if frequency >= 1000 else f"{frequency:.4g} Hz"


def band_names(edges: NDArray[np.float64]) -> list[str]:
    """ "2.0-3.0 kHz" for each band between rising edges in Hz, with digits enough to tell a tenth of the width."""
    unit, shown, digits = ("kHz", edges / 1000, 1) if edges[-1] >= 1000 else ("Hz", edges, 0)
    least = np.diff(shown).min() / 10
    while np.abs(np.round(shown, digits) - shown).max() > least:
        digits += 1
    words = [f"{edge:.{digits}f}" for edge in shown]
    return [f"{low}-{high} {unit}" for low, high in itertools.pairwise(words)]


def _resolved(width: float, size: int, rate: float) -> None:
    if width < rate / size:
        raise _too_fine(size, rate)


def _too_fine(size: int, rate: float) -> UserError:
    what = f"Frames of {size / rate:g} s tell frequencies apart by {rate / size:.3g} Hz, and the bands are narrower"
    return UserError(what, "front end", "Take longer frames or fewer bands")
