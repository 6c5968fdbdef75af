"""The pieces of the VAE, each against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.detectors.image_vae.augment import BRIGHTNESS, SHIFT, augment
from core.detectors.image_vae.latent import LatentSpace
from core.detectors.image_vae.loss import active_units, elbo
from core.detectors.image_vae.model import ConvVae
from core.detectors.image_vae.residual import anomaly_map, errors, usual_error
from core.detectors.image_vae.ssim import C1, C2, SIGMA, WINDOW, dssim
from core.errors import UserError


def random_image(seed: int, side: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).random((side, side, 3), np.float32)


def test_the_network_is_as_specified() -> None:
    network = ConvVae()
    convolutions = [layer for layer in network.encoder if isinstance(layer, torch.nn.Conv2d)]
    mirrored = [layer for layer in network.decoder if isinstance(layer, torch.nn.ConvTranspose2d)]
    assert [layer.stride for layer in convolutions] == [(2, 2)] * 4
    assert [(layer.out_channels, layer.in_channels) for layer in mirrored] == [
        (layer.in_channels, layer.out_channels) for layer in convolutions[::-1]
    ]
    assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in network.encoder) == 4
    assert sum(isinstance(layer, torch.nn.LeakyReLU) for layer in network.encoder) == 4
    images = torch.rand(2, 3, 224, 224)
    redrawn, mean, log_variance = network(images, torch.zeros(2, 512))
    assert redrawn.shape == images.shape
    assert mean.shape == log_variance.shape == (2, 512)


def test_without_noise_the_reparameterised_code_is_its_mean() -> None:
    network = ConvVae(4, 8).eval()
    images = torch.rand(2, 3, 224, 224)
    redrawn, mean, _ = network(images, torch.zeros(2, 8))
    torch.testing.assert_close(redrawn, network.decode(mean))
    torch.testing.assert_close(network.reconstruct(images), redrawn.clamp(0, 1))


def test_the_kl_term_is_that_of_two_gaussians() -> None:
    mean, log_variance = torch.randn(5, 7), torch.randn(5, 7)
    images = torch.rand(5, 3, 4, 4)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    expected = torch.distributions.kl_divergence(posterior, prior).sum(1).mean()
    torch.testing.assert_close(elbo(images, images * 0.5, mean, log_variance, 1.0).kl, expected)


def test_the_loss_is_the_best_gaussian_likelihood_plus_kl() -> None:
    """Up to the constant (1 + log 2 pi) / 2: no other variance of the decoder does better."""
    images, redrawn = torch.rand(3, 3, 8, 8), torch.rand(3, 3, 8, 8)
    nothing = torch.zeros(3, 2)
    found = elbo(images, redrawn, nothing, nothing, 1.0).loss + 0.5 * (1 + np.log(2 * np.pi))
    error = (images - redrawn).square().mean()
    best = min(float(0.5 * (np.log(2 * np.pi * v) + error / v)) for v in np.linspace(0.01, 1, 2000))
    assert float(found) == pytest.approx(best, abs=1e-4)


def test_units_that_do_not_vary_are_not_active() -> None:
    codes = torch.zeros(100, 6)
    codes[:, :2] = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    codes[:, 2] = 7.0  # constant, however large
    assert active_units(codes) == 2
    assert active_units(codes[:1]) == 0


def literal_dssim(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Wang et al. (2004), equation 13, window by window."""
    half = WINDOW // 2
    axis = np.arange(-half, half + 1)
    line = np.exp(-(axis**2) / (2 * SIGMA**2))
    weights = np.outer(line, line) / line.sum() ** 2
    pad = ((half, half), (half, half))
    out = np.zeros(one.shape)
    for channel in range(3):
        x, y = (np.pad(image[..., channel].astype(float), pad, mode="symmetric") for image in (one, other))
        for row in range(one.shape[0]):
            for column in range(one.shape[1]):
                a, b = (image[row : row + WINDOW, column : column + WINDOW] for image in (x, y))
                ma, mb = (weights * a).sum(), (weights * b).sum()
                va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
                vab = (weights * (a - ma) * (b - mb)).sum()
                ssim = (2 * ma * mb + C1) * (2 * vab + C2) / ((ma**2 + mb**2 + C1) * (va + vb + C2))
                out[row, column, channel] = (1 - ssim) / 2
    return out.mean(axis=2)


def test_dssim_equals_the_definition() -> None:
    one = random_image(0)
    other = np.clip(one + 0.2 * random_image(1) - 0.1, 0, 1)
    np.testing.assert_allclose(dssim(one, other), literal_dssim(one, other), atol=1e-5)


def test_alike_images_have_no_error_of_any_measure() -> None:
    image = random_image(0)
    for measure in ("l1", "multi-scale", "ssim", "multi-scale+ssim"):
        assert np.abs(errors(image, image, measure)).max() < 1e-6  # type: ignore[arg-type]


def test_l1_is_the_mean_absolute_difference() -> None:
    one, other = random_image(0), random_image(1)
    np.testing.assert_allclose(errors(one, other, "l1")[0], np.abs(one - other).mean(axis=2), rtol=1e-5)


def test_grain_vanishes_at_coarse_scales_and_a_stain_does_not() -> None:
    plain = np.full((96, 96, 3), 0.5, np.float32)
    grain = plain + 0.05 * np.random.default_rng(0).standard_normal(plain.shape).astype(np.float32)
    stain = plain.copy()
    stain[24:72, 24:72] += 0.05
    at_centre = [errors(image, plain, "multi-scale")[:, 48, 48] for image in (grain, stain)]
    assert at_centre[0][-2] < 0.1 * 0.05
    assert at_centre[1][-2] > 0.9 * 0.05


def test_an_error_counts_in_units_of_the_usual_one() -> None:
    normals = [np.full((1, 64, 64), 0.02, np.float32), np.full((1, 64, 64), 0.04, np.float32)]
    usual = usual_error(iter(normals))
    found = np.full((1, 64, 64), 0.06, np.float32)
    np.testing.assert_allclose(anomaly_map(found, usual, smoothing=3.0), 2.0, rtol=0.01)


def test_the_same_error_is_more_surprising_where_normals_are_calm() -> None:
    normal = np.full((1, 96, 96), 0.01, np.float32)
    normal[:, :, 48:] = 0.1
    found = anomaly_map(np.full_like(normal, 0.05), usual_error([normal]), smoothing=0.0)
    assert found[48, 10] > 2 * found[48, 86]


def test_flat_images_redrawn_perfectly_give_finite_maps() -> None:
    nothing = np.zeros((1, 32, 32), np.float32)
    assert np.isfinite(anomaly_map(nothing, usual_error([nothing]), 2.0)).all()


def test_augmentation_moves_and_dims_by_no_more_than_it_says() -> None:
    images = np.zeros((40, 64, 64, 3), np.uint8)
    images[:, 32, 32] = 200
    changed = augment(images, np.random.default_rng(0))
    assert changed.shape == images.shape
    for image in changed:
        (row,), (column,) = np.nonzero(image[..., 0])
        assert abs(row - 32) <= SHIFT
        assert abs(column - 32) <= SHIFT
        assert abs(int(image[row, column, 0]) - 200) <= 200 * BRIGHTNESS + 1
    assert len({tuple(np.argwhere(image[..., 0])[0]) for image in changed}) > 10


@pytest.fixture
def space() -> LatentSpace:
    torch.manual_seed(0)
    return LatentSpace(ConvVae(4, 8).eval(), torch.randn(30, 8))


def test_samples_are_images_that_follow_from_the_seed(space: LatentSpace) -> None:
    images = space.sample(3, seed=1)
    assert images.shape == (3, 224, 224, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, space.sample(3, seed=1))
    assert (images != space.sample(3, seed=2)).any()


def test_at_temperature_zero_all_samples_are_the_average_part(space: LatentSpace) -> None:
    images = space.sample(3, temperature=0.0)
    np.testing.assert_array_equal(images[0], images[1])


def test_samples_spread_as_the_codes_do() -> None:
    """The covariance of drawn codes is that of the training codes."""
    codes = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)) @ torch.diag(torch.tensor([3.0, 1, 0.5, 0]))
    space = LatentSpace(ConvVae(4, 4), codes)
    drawn = torch.randn(20_000, 40, generator=torch.Generator().manual_seed(1)) @ space._spread
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(codes.T), atol=0.2, rtol=0.05)


def test_interpolation_begins_and_ends_at_the_two_images(space: LatentSpace) -> None:
    first, last = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.uint8)
    steps = space.interpolate(first, last, 5)
    assert steps.shape == (5, 224, 224, 3)
    np.testing.assert_array_equal(steps[::-1], space.interpolate(last, first, 5))
    assert space.encode(first).shape == (8,)


def test_impossible_wishes_are_refused(space: LatentSpace) -> None:
    image = np.zeros((224, 224, 3), np.uint8)
    with pytest.raises(UserError, match="Ask for 2 or more"):
        space.interpolate(image, image, 1)
    with pytest.raises(UserError, match="Ask for 1 or more"):
        space.sample(0)
    with pytest.raises(ValueError, match="224"):
        space.encode(image[:100])
