"""What a sample is worth."""

from __future__ import annotations

import numpy as np
import pytest

from core.continual.policy import gradient_norm, horizons, rarity, standardised, utility

WEIGHTS = (1.0, 1.5, 0.5)


def _three(seed: int = 0, n: int = 41) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).random((3, n), np.float32))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_it_grows_with_rarity_severity_and_gradient(which: int) -> None:
    parts = _three()
    before = utility(*parts, WEIGHTS)[7]
    parts[which][7] += 0.4
    assert utility(*parts, WEIGHTS)[7] > before


def test_its_median_is_a_half_and_it_does_not_saturate() -> None:
    found = utility(*_three(), (2.8, 1.6, 0.9))
    assert np.median(found) == pytest.approx(0.5, abs=1e-6)
    assert found.std() > 0.2


def test_standardising_survives_ties_and_constants() -> None:
    mostly_equal = np.array([0, 0, 0, 0, 0.9], np.float32)
    assert standardised(mostly_equal)[-1] > 1
    assert not standardised(np.full(6, 0.3, np.float32)).any()
    assert np.abs(standardised(np.array([0, 1, 2, 3, 1e9], np.float32))).max() <= 3


def test_the_lonely_are_rare_among_their_own_label() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((60, 4)).astype(np.float32)
    inputs[0] += 12
    label = np.zeros(60, bool)
    label[1] = True  # in the middle of the normals, the only anomaly
    found = rarity(inputs, label)
    assert found[0] == pytest.approx(found[1])
    assert found[2:].max() < found[0]


def test_the_gradient_is_that_of_the_last_layer() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    hidden = torch.tensor(rng.standard_normal((1, 5)), dtype=torch.float32)
    layer = torch.nn.Linear(5, 1)
    logit = layer(hidden).squeeze(1)
    torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.ones(1)).backward()
    whole = torch.cat([layer.weight.grad.ravel(), layer.bias.grad]).norm().item()
    probability = torch.sigmoid(logit.detach()).numpy()
    assert gradient_norm(probability, np.array([True]), hidden.numpy())[0] == pytest.approx(whole, rel=1e-5)


def test_the_valuable_are_moved_less() -> None:
    assert horizons(0.05, np.array([0.0, 0.5, 1.0], np.float32)).tolist() == pytest.approx([0.05, 0.025, 0.0])
