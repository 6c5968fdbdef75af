"""Orders by regression, likelihoods by statsmodels, over one stretch or several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.tsa.statespace.sarimax import SARIMAX

from core.detectors.arima.detector import Arima
from core.detectors.arima.info import ArimaParams
from core.detectors.arima.order import candidates
from core.detectors.series.likelihood import LONGEST, MOST_PIECES, maximise, pieces
from core.errors import UserError
from core.progress import Progress


def simulated(ar: list[float], ma: list[float], steps: int, seed: int = 0) -> np.ndarray:
    shocks = np.random.default_rng(seed).normal(size=steps + 200)
    return lfilter([1, *ma], [1, *(-one for one in ar)], shocks)[200:]


@pytest.mark.parametrize(
    ("ar", "ma", "d", "order"),
    [
        ([0.6, 0.3], [], 0, (2, 0, 0)),
        ([], [0.7], 0, (0, 0, 1)),
        ([], [], 0, (0, 0, 0)),
        ([], [], 1, (0, 1, 0)),
        ([0.7], [], 1, (1, 1, 0)),
    ],
)
def test_the_order_that_made_the_data_is_found_or_one_that_aic_cannot_tell_from_it(
    ar: list[float], ma: list[float], d: int, order: object
) -> None:
    values = simulated(ar, ma, 2000, seed=5)
    for _ in range(d):
        values = np.cumsum(values)
    ranked = candidates([values - values.mean()], (2, 1, 1))
    (true,) = (one for one in ranked if one.order == order)
    assert ranked[0].order[1] == d
    assert true.aic - ranked[0].aic < 6
    np.testing.assert_allclose([*true.ar, *true.ma], [*ar, *ma], atol=0.06)
    assert true.variance == pytest.approx(1, abs=0.1)
    assert ranked == sorted(ranked, key=lambda one: one.aic)


def test_every_candidate_can_be_a_starting_value() -> None:
    """Stationary and invertible, also where the regression's own answer is not."""
    values = np.cumsum(np.cumsum(simulated([], [], 400)))
    for one in candidates([values - values.mean()], (3, 1, 2)):
        for coefficients in (one.ar, -one.ma):
            if len(coefficients):
                assert np.abs(np.roots([1, *-coefficients])).max() < 1


def test_over_one_stretch_it_is_the_estimate_of_statsmodels() -> None:
    values = simulated([0.6], [0.4], 800)
    model = SARIMAX(values, order=(1, 0, 1))
    found = maximise([model], np.array([0.1, 0.1, 2.0]))
    expected = model.fit(disp=0)
    assert found.converged
    assert found.loglikelihood == pytest.approx(expected.llf, abs=1e-3)
    np.testing.assert_allclose(found.params, expected.params, atol=5e-3)


def test_stretches_at_other_levels_are_no_jumps() -> None:
    """A random walk, cut into stretches that start anywhere: end to end, the seams would count as steps of 100."""
    stretches = [np.cumsum(simulated([], [], 200, seed)) + 100 * seed for seed in range(4)]
    found = maximise([SARIMAX(one, order=(0, 1, 0)) for one in stretches], np.array([3.0]))
    assert found.params[0] == pytest.approx(np.concatenate([np.diff(one) for one in stretches]).var(), rel=0.01)


def test_pieces_are_spread_over_all_stretches_and_no_more_than_asked() -> None:
    normals = [np.full((n, 1), index, np.float32) for index, n in enumerate((3000, 30, 5000, 700))]
    found = pieces(normals, 40, 2000)
    assert sum(map(len, found)) <= 2000
    assert all(40 <= len(one) <= LONGEST for one in found)
    assert {0, 3} <= {int(one[0, 0]) for one in found}
    many = pieces([np.zeros((60, 1), np.float32)] * 100, 40, 2000)
    assert len(many) == MOST_PIECES
    assert len(pieces([np.zeros((45, 1), np.float32)], 40, 2000)) == 1


def fitted(normals: list[np.ndarray], **limits: int) -> Arima:
    detector = Arima(ArimaParams(**limits))
    detector.fit(normals, Progress())
    return detector


def test_scores_of_normal_steps_are_about_one_and_parts_add_up() -> None:
    values = np.stack([simulated([0.8], [], 1500, 1), simulated([], [], 1500, 2), np.zeros(1500)], axis=1)
    detector = fitted([values[:1000].astype(np.float32)])
    assert [one["model"] for one in detector.provenance()["sensors"]][::2] == ["ARIMA(1, 0, 0)", "still"]
    found = detector.score(values[1000:].astype(np.float32)).now
    assert found.score.mean() == pytest.approx(2 / 3, abs=0.1)  # the sensor that stands still has nothing to say
    np.testing.assert_allclose(found.parts.sum(axis=1), found.score, rtol=1e-5)


def test_a_claim_to_precision_is_tested_on_all_normal_steps() -> None:
    """The third stretch is not among those fitted on, and five times as noisy: the variances follow."""
    rng = np.random.default_rng(0)
    stretches = [rng.normal(size=(500, 1)).astype(np.float32) * (5 if index == 2 else 1) for index in range(5)]
    assert not any((part == stretches[2]).all() for part in pieces(stretches, 40, 2000))
    scale = fitted(stretches).provenance()["sensors"][0]["variance_scale"]
    assert scale == pytest.approx((4 + 25) / 5, rel=0.15)


def test_sensors_with_few_readings_can_be_learned_from() -> None:
    """One is read every tenth step, one hardly ever, one never."""
    values = np.stack([simulated([0.8], [], 900, seed) for seed in range(3)], axis=1).astype(np.float32)
    values[np.arange(900) % 10 != 0, 0] = np.nan
    values[np.arange(900) != 400, 1] = np.nan
    values[:, 2] = np.nan
    detector = fitted([values], max_p=1, max_q=1)
    found = detector.score(values).now
    assert np.isfinite(found.score).all()
    assert (found.parts[:, 2] == 0).all()


def test_nothing_to_learn_from_is_told() -> None:
    with pytest.raises(UserError, match="at least 40 steps"):
        fitted([np.zeros((39, 2), np.float32)])


def test_real_sensors_are_fitted_and_predicted(shared_datasets: Path) -> None:
    values = np.load(shared_datasets / "smd" / "train" / "machine-1-6.npz")["x"][:2500, :3].astype(np.float32)
    spread = np.maximum(values.std(axis=0), 1e-3)
    scaled = (values - np.median(values, axis=0)) / spread
    detector = fitted([scaled[:1800]], max_p=2, max_q=1)
    assert all(one["converged"] for one in detector.provenance()["sensors"])
    assert np.median(detector.score(scaled[1800:]).now.score) < 3
