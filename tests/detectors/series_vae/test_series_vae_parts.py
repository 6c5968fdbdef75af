"""The pieces of the VAE over time: closed forms, and two ways to the same number."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.detectors.series.holes import carried
from core.detectors.series.samples import split
from core.detectors.series.windows import Fill
from core.detectors.series_vae.info import SeriesVaeParams
from core.detectors.series_vae.loss import active_units, freed, gaussian_nll, kl_per_latent
from core.detectors.series_vae.model import SeriesVaeNetwork, compress, expand
from core.detectors.series_vae.scorer import Scorer
from core.detectors.series_vae.training import hide
from core.errors import UserError


def test_nll_and_kl_are_those_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 3, generator=generator)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(kl_per_latent(mean, log_variance), expected)
    scale = torch.tensor([0.1, 1.0, 3.0])
    expected = -torch.distributions.Normal(torch.zeros(3), scale).log_prob(mean)
    torch.testing.assert_close(gaussian_nll(mean, scale), expected)


def test_a_unit_below_its_free_bits_pays_them_and_no_more() -> None:
    kl = torch.tensor([[0.0, 1.0], [0.02, 3.0]])
    assert float(freed(kl, 0.05)) == pytest.approx(0.05 + 2.0)


def test_a_unit_is_active_where_its_mean_varies_and_it_costs() -> None:
    mean = torch.tensor([[0.0, 1.0, 1.0], [0.0, -1.0, -1.0]])
    assert active_units(mean, torch.tensor([[1.0, 1.0, 0.0]]).expand(2, 3)) == 1


@given(st.floats(-105, 105, width=32))
def test_compressed_readings_expand_again(value: float) -> None:
    one = torch.tensor([value])
    assert float(expand(compress(one))) == pytest.approx(value, rel=1e-4, abs=1e-4)
    assert abs(float(compress(one))) <= 15.001


@pytest.mark.parametrize("encoder", ["cnn", "transformer"])
def test_the_last_step_is_drawn_alone_as_with_the_others(encoder: str) -> None:
    network = SeriesVaeNetwork(3, SeriesVaeParams(window=32, width=8, latent=4, encoder=encoder)).eval()
    codes = torch.randn(5, 4)
    torch.testing.assert_close(network.decode_last(codes), network.decode(codes)[:, -1])


@pytest.mark.parametrize("error", ["nll", "mse", "mae"])
@pytest.mark.parametrize("horizon", [0, 3])
def test_the_newest_step_is_judged_alone_as_with_the_others(error: str, horizon: int) -> None:
    params = SeriesVaeParams(window=16, width=8, latent=4, error=error, horizon=horizon, kl_weight=2)
    scorer = Scorer(SeriesVaeNetwork(3, params).eval(), params)
    recordings, measured = torch.randn(6, 16 + horizon, 3), (torch.rand(6, 16 + horizon, 3) < 0.8).float()
    measured[0, -1] = 0  # nothing at all is known of this one
    for known in (None, measured):
        verdict, (score, parts) = scorer(recordings, known), scorer.newest(recordings, known)
        expected, shares = verdict.score[:, -1], verdict.parts[:, -1]
        if horizon:
            expected, shares = expected + verdict.forecast_score, shares + verdict.forecast_parts
        torch.testing.assert_close(score, expected)
        torch.testing.assert_close(parts, shares)
        assert torch.isfinite(score).all()
    assert (parts[0] == 0).all()


def test_with_nll_the_score_is_the_evidence_bound_per_value() -> None:
    """A window's mean score is (NLL + KL) / values, as in the loss."""
    params = SeriesVaeParams(window=16, width=8, latent=4)
    network = SeriesVaeNetwork(3, params).eval()
    values = torch.randn(4, 16, 3)
    mean, log_variance = network.encode(values)
    nll = gaussian_nll(values - network.decode(mean), network.scale()).sum((1, 2))
    expected = (nll + kl_per_latent(mean, log_variance).sum(1)) / 48
    torch.testing.assert_close(Scorer(network, params)(values).score.mean(1), expected)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.floats(0, 1), st.integers(1, 30))
def test_holes_are_filled_as_in_a_stream(seed: int, share: float, age: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(31, 2)).astype(np.float32)
    values[rng.random(values.shape) < share] = np.nan
    values[rng.random(values.shape) < 0.02] = np.inf
    found, measured = carried(torch.from_numpy(values)[None], age)
    np.testing.assert_array_equal(found[0].numpy(), Fill(2, age).push(values)[0])
    np.testing.assert_array_equal(measured[0].numpy() > 0, np.isfinite(values))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(8, 400), min_size=1, max_size=12), st.integers(0, 1000))
def test_no_window_to_learn_from_touches_what_is_held_out(lengths: list[int], seed: int) -> None:
    """Every step carries its own number: held-out numbers are in no learning window, checking windows hold no other,
    and no window spans two stretches."""
    edges = np.cumsum([0, *lengths])
    normals = [np.arange(a, b, dtype=np.float32)[:, None] for a, b in pairwise(edges)]
    try:
        samples = split(normals, 8, seed)
    except UserError:
        assert sum(lengths) < 4 * 8
        return
    held = np.concatenate(samples.held_out).ravel()
    learned, checked = samples.windows(samples.learn)[0][..., 0], samples.windows(samples.check)[0][..., 0]
    assert not np.isin(learned, held).any()
    assert np.isin(checked, held).all()
    assert np.isin(held, checked).all()
    for windows in (learned, checked):
        assert (np.searchsorted(edges, windows[:, 0], "right") == np.searchsorted(edges, windows[:, -1], "right")).all()


def test_pretraining_hides_one_stretch_of_some_sensors() -> None:
    hidden = hide(200, 32, 4, torch.Generator().manual_seed(0))
    assert hidden.shape == (200, 32, 4)
    starts = (hidden.diff(dim=1, prepend=torch.zeros(200, 1, 4)) == 1).sum(1)
    assert int(starts.max()) == 1
    assert 0.2 < float(starts.float().mean()) < 0.4
    assert float(hidden.sum(1).max()) <= 17
