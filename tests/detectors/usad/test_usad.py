"""USAD's equations, and what it does with holes and with training that goes astray."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.detectors.usad.detector import Usad
from core.detectors.usad.info import UsadParams
from core.detectors.usad.model import UsadNetwork, bounded
from core.detectors.usad.training import first_loss, second_loss
from core.progress import Progress
from tests.detectors.series.check import machine

PARAMS = UsadParams(window=6, latent=4, epochs=3, epoch_steps=30, batch_size=32)


@pytest.fixture(scope="module")
def network() -> UsadNetwork:
    torch.manual_seed(0)
    return UsadNetwork(3, 6, 4)


def test_readings_are_bounded_and_keep_their_order() -> None:
    found = bounded(torch.tensor([-1e9, -3.0, 0.0, 3.0, 1e9]))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))


def test_losses_are_equations_9_and_10(network: UsadNetwork) -> None:
    windows = torch.rand(8, 6, 3)
    once = network.first(network.encoder(windows))
    twice = network.second(network.encoder(once))
    other = network.second(network.encoder(windows))
    plain, again, second = ((windows - drawn).square().mean() for drawn in (once, twice, other))
    torch.testing.assert_close(first_loss(network, windows, None, 4), plain / 4 + 3 / 4 * again)
    torch.testing.assert_close(second_loss(network, windows, None, 4), second / 4 - 3 / 4 * again)
    torch.testing.assert_close(network.errors(windows, 0.3).mean(), 0.3 * plain + 0.7 * again)


def test_what_was_not_measured_is_not_learned_from(network: UsadNetwork) -> None:
    windows, measured = torch.rand(8, 6, 3), torch.ones(8, 6, 3)
    torch.testing.assert_close(first_loss(network, windows, measured, 2), first_loss(network, windows, None, 2))
    measured[:, :, 0] = 0
    drawn = network.redrawn(windows)
    expected = (windows - drawn).square()[:, :, 1:].mean()
    torch.testing.assert_close(first_loss(network, windows, measured, 1), expected)


def test_the_best_epoch_on_held_out_normals_is_kept() -> None:
    curves: list[dict[str, float]] = []
    detector = Usad(PARAMS, seed=2)
    detector.fit([machine(600, 1)], Progress(lambda share, stage, metrics: curves.append(metrics)))
    scores = [one["val_score"] for one in curves if one]
    kept = detector.provenance()
    assert kept["validation_score"] == pytest.approx(min(scores))
    assert kept["best_epoch"] == 1 + int(np.argmin(scores))


def test_gradients_give_the_same_score() -> None:
    detector = Usad(PARAMS, seed=2)
    detector.fit([machine(600, 1)], Progress())
    windows = np.stack([machine(9, seed) for seed in range(5)])
    inputs = torch.from_numpy(windows).requires_grad_()
    score = detector.torch_score(inputs)
    score.sum().backward()
    assert inputs.grad is not None
    np.testing.assert_allclose(score.detach().numpy(), detector.score_windows(windows), rtol=1e-9)
