"""The tracking bound holds in simulation, and says something: a reservoir breaks it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from core.continual.tracking import best_rate, bias_bound, path, pursue, simulate, tracking_bound

SETTINGS = list(product(("static", "linear", "sinus", "staircase"), (0.01, 0.04), (0.02, 0.05, 0.1)))
BATCH, BINS, STEPS, SEEDS = 32, 16, 400, 6


@pytest.mark.parametrize(("kind", "step", "rate"), SETTINGS)
def test_the_bound_holds(kind: str, step: float, rate: float) -> None:
    found = simulate(path(kind, step, STEPS, BINS), rate, BATCH, SEEDS)  # type: ignore[arg-type]
    assert found.bias.max() <= bias_bound(found.velocity, rate) + 1e-7
    assert found.error.max(axis=1).mean() <= tracking_bound(found.velocity, rate, BATCH, BINS)


def test_there_are_twenty_settings_at_least() -> None:
    assert len(SETTINGS) >= 20


def test_a_reservoir_has_no_such_bound() -> None:
    truth = path("linear", 0.02, 800, BINS)
    forgetting = simulate(truth, 0.1, BATCH, SEEDS)
    uniform = simulate(truth, 0.1, BATCH, SEEDS, memory="reservoir")
    bound = tracking_bound(forgetting.velocity, 0.1, BATCH, BINS)
    assert forgetting.error.max(axis=1).mean() < bound < uniform.error.max(axis=1).mean()


def test_the_best_rate_is_a_minimum() -> None:
    velocity = 0.007
    rate = best_rate(velocity, BATCH, BINS)
    assert rate == pytest.approx(0.116, abs=2e-3)
    for other in (rate / 2, rate * 2):
        loose = np.sqrt(2) * velocity / other + np.sqrt(other * BINS / (2 * BATCH))
        assert loose > np.sqrt(2) * velocity / rate + np.sqrt(rate * BINS / (2 * BATCH))


def test_drift_driven_noise_tracks_in_the_langevin_form_alone() -> None:
    """More gain makes the first closer and the second worse than no adaptation."""
    lag = {
        form: [pursue(0.01, 1500, sigma=0.25, kappa=kappa, adaptive=form)[500:].max() for kappa in (0.0, 1.8, 5.0)]
        for form in ("langevin", "diffusion_only")
    }
    assert lag["langevin"][0] > lag["langevin"][1] > lag["langevin"][2]
    assert lag["diffusion_only"][0] < lag["diffusion_only"][1] < lag["diffusion_only"][2]
    assert lag["diffusion_only"][1] > lag["langevin"][1]
