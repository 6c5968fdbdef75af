from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from core.explain.reference import Reference
from core.explain.shapley import sampled, shapley
from core.explain.stretch import Stretch
from tests.explain.toys import correlated, data, model


def exact(score, window: np.ndarray, background: np.ndarray) -> np.ndarray:
    """(d,) over all orders of joining and all of ``background``: the definition."""
    d = window.shape[1]
    orders = list(permutations(range(d)))
    found = np.zeros(d)
    for other in background:
        for order in orders:
            mixed = other.copy()
            before = score(mixed[None])[0]
            for sensor in order:
                mixed[:, sensor] = window[:, sensor]
                after = score(mixed[None])[0]
                found[sensor] += after - before
                before = after
    return found / (len(orders) * len(background))


def rough(windows: np.ndarray) -> np.ndarray:
    """Not additive, not smooth: sensors matter together."""
    x = windows.mean(axis=1)
    return x[:, 0] * x[:, 1] + np.maximum(x[:, 2], x[:, 3]) + x[:, 4] ** 2


def test_sampling_meets_the_exact_values_within_its_own_error() -> None:
    rng = np.random.default_rng(1)
    window, background = (
        rng.standard_normal((1, 3, 5)).astype(np.float32),
        rng.standard_normal((4, 3, 5)).astype(np.float32),
    )
    values, error = sampled(rough, window, background, np.random.default_rng(2), 600)
    truth = exact(rough, window[0], background)
    assert (np.abs(values - truth) < 4 * error + 1e-9).all()
    assert (error < 0.2).all()


def test_values_add_up_to_the_rise_of_the_score() -> None:
    rng = np.random.default_rng(3)
    window, background = rng.standard_normal((1, 2, 5)), rng.standard_normal((1, 2, 5))
    values, _ = sampled(rough, window, background, rng, 7)
    assert values.sum() == pytest.approx((rough(window) - rough(background))[0])


def test_an_additive_score_needs_no_chance() -> None:
    def score(windows: np.ndarray) -> np.ndarray:
        return windows[:, -1] @ np.array([1.0, 2.0, 0.0])

    window, background = np.ones((1, 1, 3)), np.zeros((1, 1, 3))
    values, error = sampled(score, window, background, np.random.default_rng(0), 5)
    assert values == pytest.approx([1, 2, 0])
    assert error == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_same_seed_gives_the_same_values() -> None:
    values = correlated(500, seed=4)
    values[200:220, 3] += 5
    found = data(values)
    fitted = model(found)
    stretch, reference = Stretch.of(fitted, found.units[1], 200, 220, "now"), Reference.of(fitted, found, "m")
    one, other = shapley(stretch, reference, seed=5), shapley(stretch, reference, seed=5)
    assert np.array_equal(one.blame, other.blame)
    assert one.order[0] == 3
    assert one.error is not None


@pytest.mark.filterwarnings("ignore")  # shap's own imports
def test_agrees_with_the_shap_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exact explainer over which sensors are the window's: the same game, solved by other hands."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # compiling what then runs for milliseconds takes fifteen seconds
    import shap

    rng = np.random.default_rng(4)
    window, background = rng.standard_normal((1, 3, 5)), rng.standard_normal((1, 3, 5))

    def joined(present: np.ndarray) -> np.ndarray:
        return rough(np.where(present[:, None, :] > 0, window, background))

    explainer = shap.explainers.Exact(joined, shap.maskers.Independent(np.zeros((1, 5))))
    theirs = explainer(np.ones((1, 5))).values[0]
    values, error = sampled(rough, window, background, rng, 600)
    assert (np.abs(values - theirs) < 4 * error + 1e-9).all()
