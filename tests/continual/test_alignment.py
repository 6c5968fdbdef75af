"""The shared space of the modalities, and the network on top: what is missing neither counts nor is filled in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.continual.dynamics.alignment import align, paired
from core.continual.network import FusionNetwork


def _views(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """Three modalities driven by one common factor, each with noise of its own."""
    common = rng.standard_normal((n, 1))
    return [
        (common @ rng.standard_normal((1, width)) + 0.3 * rng.standard_normal((n, width))).astype(np.float32)
        for width in (5, 7, 4)
    ]


def test_the_common_factor_is_found_and_agreed_upon() -> None:
    rng = np.random.default_rng(0)
    views = _views(rng, 400)
    alone = align(views, 1).project(views)[:, :, 0]
    assert abs(np.corrcoef(alone)[np.triu_indices(3, 1)]).min() > 0.9


def test_modalities_that_belong_to_different_moments_disagree() -> None:
    views = _views(np.random.default_rng(1), 400)
    fitted = align(views, 2)
    mixed = [views[0], views[1][::-1], views[2]]
    assert np.median(fitted.fuse(mixed)[1]) > 1.5 * np.median(fitted.fuse(views)[1])


def test_a_missing_modality_drops_out_of_the_mean() -> None:
    views = _views(np.random.default_rng(2), 300)
    fitted = align(views, 2)
    views[1][:10] = np.nan
    mean, disagreement = fitted.fuse(views)
    both = fitted.project(views)[[0, 2]][:, :10]
    assert mean[:10] == pytest.approx(both.mean(axis=0), abs=1e-6)
    views[0][:10] = np.nan
    assert not fitted.fuse(views)[1][:10].any()
    assert np.isfinite(disagreement).all()


def test_it_is_deterministic_and_rests_on_what_all_have_seen() -> None:
    views = _views(np.random.default_rng(3), 200)
    views[2][50:] = np.nan
    assert paired(views).sum() == 50
    first, second = align(views, 3), align(views, 3)
    assert all(np.array_equal(one, other) for one, other in zip(first.maps, second.maps, strict=True))
    assert align(views[:1], 3).shared == 3


def test_the_network_ignores_what_stands_where_a_modality_is_missing() -> None:
    views = _views(np.random.default_rng(4), 100)
    torch.manual_seed(0)
    network = FusionNetwork([5, 7, 4], align(views, 2), 8)
    inputs = torch.from_numpy(np.concatenate(views, axis=1))
    mask = torch.ones(100, 3)
    mask[:, 1] = 0
    other = inputs.clone()
    other[:, 5:12] = 99.0
    assert torch.equal(network(inputs, mask), network(other, mask))
    assert not torch.equal(network(inputs, torch.ones(100, 3)), network(inputs, mask))
