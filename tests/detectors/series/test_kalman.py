"""Kalman filters: variances that made the data, a fault that lasts, starting values from moments."""

from __future__ import annotations

import numpy as np
import pytest

from core.detectors.kalman.detector import Kalman
from core.detectors.kalman.info import KalmanParams
from core.detectors.series.locallevel import level_moments
from core.progress import Progress


def levels(steps: int, seed: int = 0) -> np.ndarray:
    """Noise of variance 1 on a level with steps of variance 0.04."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=steps) + 0.2 * np.cumsum(rng.normal(size=steps))


def fitted(values: np.ndarray, **params: object) -> Kalman:
    detector = Kalman(KalmanParams(**params))
    detector.fit([values.astype(np.float32)], Progress())
    return detector


def test_moments_are_those_that_made_the_data() -> None:
    noise, level = level_moments([levels(200_000)])
    assert noise == pytest.approx(1, rel=0.02)
    assert level == pytest.approx(0.04, rel=0.5)


def test_normal_steps_score_about_one_and_the_variances_are_found() -> None:
    values = levels(3000)[:, None]
    detector = fitted(values[:2000])
    (about,) = detector.provenance()["sensors"]
    assert about["converged"]
    assert about["variance_scale"] == pytest.approx(1, abs=0.1)
    found = detector.score(values[2000:].astype(np.float32)).now
    assert found.score.mean() == pytest.approx(1, abs=0.15)
    assert np.mean(found.score > 3.84) == pytest.approx(0.05, abs=0.02)  # chi-square of one degree of freedom


def test_a_fault_is_seen_while_it_lasts_and_a_new_level_is_accepted() -> None:
    values = levels(1600)[:, None].astype(np.float32)
    detector = fitted(values[:1200], patience=60)
    faulty = values[1200:].copy()
    faulty[100:140] += 15
    faulty[200:] += 15
    score = detector.score(faulty).now.score
    assert (score[100:140] > 20).all()
    assert np.median(score[140:200]) < 2
    assert (score[200:259] > 20).all()
    assert np.median(score[265:]) < 2


def test_a_slope_is_followed_by_the_trend_and_not_by_the_level() -> None:
    steps = np.arange(900)
    ramp = (0.05 * steps + 0.1 * np.random.default_rng(0).normal(size=900))[:, None]
    flat = fitted(levels(900)[:, None] * 0.1)
    trend = fitted(ramp[:600] - ramp[:600].mean(), model="trend")
    found = trend.score((ramp - ramp[:600].mean()).astype(np.float32)).now.score
    assert np.median(found[600:]) < 2
    assert np.isfinite(flat.score(ramp.astype(np.float32)).now.score).all()
