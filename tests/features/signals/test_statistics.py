"""Figures of waveforms against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from core.features.signals.statistics import crest_factor, kurtosis, peak, rms, skewness

TIME = np.arange(4000) / 4000
SINE = 3 * np.sin(2 * np.pi * 50 * TIME)


def test_of_a_sine() -> None:
    assert rms(SINE) == pytest.approx(3 / np.sqrt(2))
    assert peak(SINE) == pytest.approx(3)
    assert crest_factor(SINE) == pytest.approx(np.sqrt(2))
    assert kurtosis(SINE) == pytest.approx(1.5)
    assert skewness(SINE) == pytest.approx(0, abs=1e-9)


def test_of_one_impact_among_n_samples() -> None:
    """Mean 1/n, so central moments of a Bernoulli variable of p = 1/n."""
    n = 1000
    impact, p = np.zeros(n), 1 / n
    impact[17] = 1
    assert rms(impact) == pytest.approx(np.sqrt(p))
    assert crest_factor(impact) == pytest.approx(np.sqrt(n))
    assert skewness(impact) == pytest.approx((1 - 2 * p) / np.sqrt(p * (1 - p)))
    assert kurtosis(impact) == pytest.approx(3 + (1 - 6 * p * (1 - p)) / (p * (1 - p)))


def test_every_row_is_a_signal_and_scale_does_not_matter_to_shape() -> None:
    rows = np.random.default_rng(0).gamma(2.0, size=(5, 4, 300))
    for figure in (kurtosis, skewness, crest_factor):
        assert figure(rows).shape == (5, 4)
        assert np.allclose(figure(rows), figure(7 * rows))
    assert rms(rows)[2, 3] == pytest.approx(rms(rows[2, 3]))


def test_silence_has_no_shape() -> None:
    silent = np.zeros((2, 100))
    assert (rms(silent) == 0).all()
    assert (
        np.isnan(kurtosis(silent)).all() and np.isnan(skewness(silent)).all() and np.isnan(crest_factor(silent)).all()
    )
