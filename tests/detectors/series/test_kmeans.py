"""k-means on windows: known answers."""

from __future__ import annotations

import numpy as np
import pytest

from core.detectors.kmeans import detector as module
from core.detectors.kmeans.detector import KMeansWindows
from core.detectors.kmeans.info import KMeansParams
from core.progress import Progress


def square_wave(steps: int) -> np.ndarray:
    """Two sensors that switch between -1 and 1 every four steps."""
    wave = np.where(np.arange(steps) // 4 % 2, 1, -1)
    return np.stack([wave, -wave], axis=1).astype(np.float32)


def fitted(values: np.ndarray, **params: int) -> KMeansWindows:
    detector = KMeansWindows(KMeansParams(**params))
    detector.fit([values], Progress())
    return detector


def test_what_repeats_exactly_has_no_distance() -> None:
    detector = fitted(square_wave(200), window=4, clusters=8)
    assert detector.provenance() == {"clusters": 8}
    found = detector.score(square_wave(64))
    np.testing.assert_allclose(found.now.score[4:], 0, atol=1e-6)
    np.testing.assert_allclose(found.settled.score[4:], 0, atol=1e-6)


def test_the_score_is_the_mean_distance_and_the_parts_are_its_shares() -> None:
    detector = fitted(square_wave(200), window=4, clusters=8)
    values = square_wave(64)
    values[40, 0] += 0.8
    found = detector.score(values)
    assert found.now.score[40] == pytest.approx(np.sqrt(0.8**2 / 8))
    np.testing.assert_allclose(found.now.parts[40], [found.now.score[40], 0], atol=1e-6)
    # All four windows over step 40 hold the spike, three of the four over step 39 do.
    assert found.settled.score[40] == pytest.approx(np.sqrt(0.8**2 / 8))
    assert found.settled.score[39] == pytest.approx(0.75 * np.sqrt(0.8**2 / 8))
    np.testing.assert_allclose(found.settled.parts.sum(axis=1), found.settled.score, atol=1e-6)


def test_fewer_different_windows_than_clusters_are_no_trouble() -> None:
    detector = fitted(square_wave(100), window=4, clusters=50)
    assert detector.provenance() == {"clusters": 8}
    assert fitted(square_wave(6), window=4, clusters=50).provenance() == {"clusters": 3}


def test_many_windows_are_learned_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_FROM", 500)
    values = np.random.default_rng(0).normal(size=(2000, 3)).astype(np.float32)
    first, second = (fitted(values, window=3, clusters=6).score(values[:100]).now.score for _ in range(2))
    np.testing.assert_array_equal(first, second)
