"""Spectra against closed forms: amplitudes, Parseval's theorem, modulation, known bearings, mel filters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from core.features.signals.bearings import SKF_6203, SKF_6205
from core.features.signals.envelope import envelope, envelope_spectrum
from core.features.signals.mel import hz_to_mel, mel_edges, mel_filters, mel_spectrum, mel_to_hz
from core.features.signals.spectra import (
    amplitude_spectrum,
    band_power,
    decibel,
    power_spectrum,
    spectrogram,
    welch_psd,
)

RATE = 8000.0
TIME = np.arange(4000) / RATE
NOISE = np.random.default_rng(0).standard_normal(4000)


@pytest.mark.parametrize("window", ["hann", "boxcar", "flattop"])
def test_amplitude_of_a_sine_and_of_a_constant(window: str) -> None:
    found = amplitude_spectrum(2 * np.sin(2 * np.pi * 1000 * TIME) + 5, RATE, window)
    assert found.frequency[500] == 1000
    assert found.value[500] == pytest.approx(2)
    assert found.value[0] == pytest.approx(5)
    assert found.value[700:].max() < 1e-3


@pytest.mark.parametrize("n", [4000, 3999])
def test_the_nyquist_frequency_is_counted_once(n: int) -> None:
    alternating = np.cos(np.pi * np.arange(n))
    found = amplitude_spectrum(alternating, RATE, "boxcar")
    if n % 2 == 0:
        assert found.value[-1] == pytest.approx(1)
    assert power_spectrum(alternating, RATE, "boxcar").value.sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [4000, 3999])
def test_power_sums_to_the_mean_square(n: int) -> None:
    """Parseval."""
    wave = NOISE[:n]
    assert power_spectrum(wave, RATE, "boxcar").value.sum() == pytest.approx(np.mean(wave**2))
    assert power_spectrum(wave, RATE).value.sum() == pytest.approx(np.mean(wave**2), rel=0.1)


def test_welch_of_white_noise_is_flat_and_integrates_to_its_variance() -> None:
    noise = np.random.default_rng(1).standard_normal(200_000) * 3
    found = welch_psd(noise, RATE)
    assert np.median(found.value) == pytest.approx(9 / (RATE / 2), rel=0.05)
    assert found.value.sum() * found.frequency[1] == pytest.approx(9, rel=0.02)
    assert len(welch_psd(noise[:100], RATE).frequency) == 51


def test_band_power_of_sines_lands_in_their_bands() -> None:
    wave = 2 * np.sin(2 * np.pi * 1000 * TIME) + 6 * np.cos(2 * np.pi * 3000 * TIME)
    found = band_power(power_spectrum(wave, RATE), [0, 500, 1500, 4000])
    assert_allclose(found, [0, 2, 18], atol=1e-9)
    whole = power_spectrum(NOISE, RATE)
    assert band_power(whole, np.linspace(0, 4000, 9)).sum() == pytest.approx(whole.value.sum())  # nothing twice or lost


def test_decibel_has_a_floor() -> None:
    assert_allclose(decibel([100.0, 1.0, 0.0]), [20, 0, -120])


def test_spectrogram_finds_the_moment_and_the_pitch() -> None:
    wave = np.where(TIME < 0.25, np.sin(2 * np.pi * 500 * TIME), np.sin(2 * np.pi * 2000 * TIME))
    found = spectrogram(wave, RATE, 400, 200)
    assert found.level.shape == (201, 19) == (len(found.frequency), len(found.time))
    loudest = found.frequency[found.level.argmax(axis=0)]
    assert (loudest[found.time < 0.22] == 500).all() and (loudest[found.time > 0.28] == 2000).all()
    assert found.level.max() == pytest.approx(10 * np.log10(0.5 * 2 / 3), abs=0.01)  # Hann: 2/3 of A^2/2 on the bin


@pytest.mark.parametrize("n", [4000, 3999])
def test_envelope_of_a_modulated_carrier(n: int) -> None:
    time = np.arange(n) / n * 0.5
    rate = n / 0.5
    modulation = 1 + 0.5 * np.cos(2 * np.pi * 80 * time)
    wave = modulation * np.sin(2 * np.pi * 2000 * time) + 3 * np.sin(2 * np.pi * 300 * time)
    assert_allclose(envelope(wave, rate, (1500, 2500)), modulation, atol=1e-9)
    spectrum = envelope_spectrum(wave, rate, (1500, 2500))
    assert spectrum.frequency[spectrum.value.argmax()] == pytest.approx(80)
    assert spectrum.value.max() == pytest.approx(0.5)


def test_whole_band_envelope_is_hilberts() -> None:
    from scipy.signal import hilbert

    wave = NOISE - NOISE.mean()
    assert_allclose(envelope(wave, RATE, (0, RATE / 2)), np.abs(hilbert(wave)), atol=1e-9)


@pytest.mark.parametrize("band", [(2000, 1000), (0, 5000), (1000.5, 1001.5)])
def test_bands_that_are_not_there_are_refused(band: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"no (band|frequency)"):
        envelope(NOISE, RATE, band)


def test_fault_frequencies_of_the_bearings_of_cwru() -> None:
    """Orders published by the Bearing Data Center; its «rolling element» is twice the ball's own spin."""
    drive, fan = SKF_6205.fault_frequencies(1), SKF_6203.fault_frequencies(1)
    assert_allclose([drive.bpfi, drive.bpfo, drive.ftf, 2 * drive.bsf], [5.4152, 3.5848, 0.39828, 4.7135], rtol=2e-4)
    assert_allclose([fan.bpfi, fan.bpfo, fan.ftf, 2 * fan.bsf], [4.9469, 3.0530, 0.3817, 3.9874], rtol=5e-4)
    assert SKF_6205.fault_frequencies(30).bpfo == pytest.approx(30 * drive.bpfo)
    assert drive.bpfo + drive.bpfi == pytest.approx(9)
    assert drive.bpfo == pytest.approx(9 * drive.ftf)


def test_mel_scale_at_known_points() -> None:
    assert_allclose(hz_to_mel([0, 200, 1000, 6400]), [0, 3, 15, 42])
    frequencies = np.linspace(0, 20_000, 500)
    assert_allclose(mel_to_hz(hz_to_mel(frequencies)), frequencies, atol=1e-8)


def test_mel_filters_are_triangles_of_equal_area() -> None:
    edges = mel_edges(20, 0.0, 4000.0)
    fine = np.linspace(0, 4000, 400_001)
    filters = mel_filters(fine, edges)
    assert_allclose(filters.sum(axis=1) * 0.01, 1, atol=1e-4)
    assert_allclose(fine[filters.argmax(axis=1)], edges[1:-1], atol=0.01)
    assert_allclose(filters.max(axis=1), 2 / (edges[2:] - edges[:-2]), rtol=1e-3)


def test_mel_spectrum_equals_a_plain_sum() -> None:
    edges = mel_edges(16, 50.0, 3500.0)
    spectrum = power_spectrum(NOISE.reshape(8, 500), RATE)
    expected = np.zeros((8, 16))
    for band in range(16):
        left, centre, right = edges[band : band + 3]
        for index, frequency in enumerate(spectrum.frequency):
            if left < frequency <= centre:
                weight = (frequency - left) / (centre - left)
            elif centre < frequency < right:
                weight = (right - frequency) / (right - centre)
            else:
                continue
            expected[:, band] += spectrum.value[:, index] * weight * 2 / (right - left)
    assert_allclose(mel_spectrum(spectrum, edges), expected, rtol=1e-12)
