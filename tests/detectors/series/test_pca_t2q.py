"""PCA T2+Q against its definitions, and how often it names the right sensor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from core.detectors.pca_t2q.detector import PcaT2q
from core.detectors.pca_t2q.info import PcaT2qParams
from core.errors import UserError
from core.progress import Progress

FACTORS, SENSORS = 3, 12


def factory(steps: int, seed: int) -> np.ndarray:
    """Twelve sensors that follow three loads, with noise of their own."""
    mixing = np.random.default_rng(0).normal(size=(FACTORS, SENSORS))
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(steps, FACTORS)) @ mixing + 0.3 * rng.normal(size=(steps, SENSORS))
    return (values / np.sqrt((mixing**2).sum(axis=0) + 0.09)).astype(np.float32)


@pytest.fixture(scope="module", params=[1, 3])
def fitted(request: pytest.FixtureRequest) -> PcaT2q:
    detector = PcaT2q(PcaT2qParams(window=request.param))
    detector.fit([factory(3000, 1)], Progress())
    return detector


def windows_of(detector: PcaT2q, count: int, seed: int) -> np.ndarray:
    return factory(count * detector.window, seed).reshape(count, detector.window, SENSORS)


def test_the_score_is_t2_and_q_over_their_limits(fitted: PcaT2q) -> None:
    """From scratch, by singular values."""
    training = factory(3000, 1)
    flat = np.stack([training[i : i + fitted.window].ravel() for i in range(3001 - fitted.window)]).astype(float)
    mean, spread = flat.mean(0), flat.std(0)
    x = (flat - mean) / spread
    _, singular, rows = np.linalg.svd(x, full_matrices=False)
    variances = singular**2 / len(x)
    k = int(np.searchsorted(np.cumsum(variances) / variances.sum(), 0.9)) + 1

    def statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        t = x @ rows[:k].T
        return (t**2 / variances[:k]).sum(axis=1), (x**2).sum(axis=1) - (t**2).sum(axis=1)

    limits = [np.quantile(one, 0.99) for one in statistics(x)]
    probe = windows_of(fitted, 20, 2)
    t2, q = statistics((probe.reshape(20, -1) - mean) / spread)
    expected = t2 / limits[0] + q / limits[1]
    np.testing.assert_allclose(fitted.judge(probe, np.ones((20, SENSORS), bool)).score, expected, rtol=1e-6)
    assert fitted.provenance()["components"] == k


def test_a_part_is_what_the_best_replacement_takes_off_the_score(fitted: PcaT2q) -> None:
    probe = windows_of(fitted, 1, 3)
    known = np.ones((1, SENSORS), bool)
    judged = fitted.judge(probe, known)
    for sensor in (0, 7):

        def score(values: np.ndarray, sensor: int = sensor) -> float:
            changed = probe.copy()
            changed[0, :, sensor] = values
            return float(fitted.judge(changed, known).score[0])

        best = minimize(score, probe[0, :, sensor], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9})
        assert judged.score[0] - best.fun == pytest.approx(judged.parts[0, sensor], rel=1e-3)


def test_a_missing_sensor_adds_nothing(fitted: PcaT2q) -> None:
    """Its score is the least that any values of the missing sensors could give."""
    probe = windows_of(fitted, 1, 3)
    known = np.ones((1, SENSORS), bool)
    known[0, [2, 5]] = False
    whole, lacking = fitted.judge(probe, np.ones_like(known)), fitted.judge(probe, known)
    assert lacking.score[0] <= whole.score[0]
    assert (lacking.parts[0, [2, 5]] == 0).all()
    one = known.copy()
    one[0, 5] = True
    single = fitted.judge(probe, one)
    assert whole.score[0] - single.score[0] == pytest.approx(whole.parts[0, 2], rel=1e-4)


def test_it_names_the_faulty_sensor(fitted: PcaT2q) -> None:
    """One sensor off by two of its spreads for a whole window, among 12 that three loads move."""
    probe = windows_of(fitted, 600, 4)
    faulty = np.random.default_rng(5).integers(SENSORS, size=600)
    probe[np.arange(600), :, faulty] += 2
    parts = fitted.judge(probe, np.ones((600, SENSORS), bool)).parts
    assert np.mean(parts.argmax(axis=1) == faulty) > 0.95


def test_too_many_values_a_window_are_told_with_a_window_that_fits() -> None:
    with pytest.raises(UserError, match="window of at most 40 "):
        PcaT2q(PcaT2qParams(window=200)).fit([np.zeros((300, 50), np.float32)], Progress())
