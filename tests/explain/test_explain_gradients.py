from __future__ import annotations

import numpy as np
import torch

from core.explain.gradients import integrated_gradients
from core.explain.stretch import Stretch
from tests.explain.toys import Quadratic, correlated, data, model


class Smooth(Quadratic):
    def torch_score(self, windows: torch.Tensor) -> torch.Tensor:
        x = windows[:, -1]
        return ((x @ torch.from_numpy(self.matrix).float()) * x).sum(dim=1)


class Stepped(Quadratic):
    """A score that jumps: its gradients are zero nearly everywhere, and add up to nothing."""

    def torch_score(self, windows: torch.Tensor) -> torch.Tensor:
        return (windows[:, -1] > 0.5).float().sum(dim=1) + 0 * windows.sum(dim=(1, 2))


def stretch_of(detector: Quadratic) -> Stretch:
    values = correlated(400, seed=2)
    values[200:230, 1] += 6
    found = data(values)
    return Stretch.of(model(found, detector), found.units[1], 200, 230, "now")


def test_gradients_of_a_quadratic_score_are_its_parts() -> None:
    stretch = stretch_of(Smooth())
    found = integrated_gradients(stretch)
    assert found is not None
    assert found.refused is None
    highest = np.argsort(-stretch.now[stretch.probed], kind="stable")[:4]
    x = stretch.windows[highest, -1].astype(float)
    # Along the straight way from 0, x' M x splits into x_j (M x)_j.
    assert np.allclose(found.blame, (x * (x @ stretch.member.detector.matrix)).sum(axis=0), rtol=1e-3)


def test_gradients_that_do_not_add_up_are_refused() -> None:
    found = integrated_gradients(stretch_of(Stepped()))
    assert found is not None
    assert found.refused is not None
    assert "100\u00a0%" in found.refused


def test_a_detector_without_gradients_has_none() -> None:
    assert integrated_gradients(stretch_of(Quadratic())) is None
