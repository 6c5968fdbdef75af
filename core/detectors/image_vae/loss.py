"""What training minimises, and whether the code is used."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ACTIVE = 0.01  # variance of a code's mean over images above which the unit carries information


@dataclass(frozen=True)
class Elbo:
    """Terms of the negative evidence lower bound, per image: ``loss`` in nats per pixel value, ``kl`` in nats."""

    loss: Tensor
    squared_error: Tensor  # mean over pixel values
    kl: Tensor


def elbo(images: Tensor, redrawn: Tensor, mean: Tensor, log_variance: Tensor, beta: float) -> Elbo:
    """Negative ELBO of a batch (b, 3, h, w) with codes (b, latent), KL weighted with ``beta`` (Higgins et al., 2017).

    The decoder is a Gaussian whose one variance takes its best value, the mean squared error (Rybkin et al., Simple and
    Effective VAE Training with Calibrated Decoders, ICML 2021, arXiv:2006.13202): no scale between the two terms is
    left to be tuned. Divided by the number of pixel values, so that the size of the loss does not depend on it.
    """
    squared_error = (images - redrawn).square().mean()
    kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1).mean()
    # 1e-6 is a quarter of a grey level: nothing is gained by redrawing closer than the camera's own steps.
    loss = 0.5 * (squared_error + 1e-6).log() + beta * kl / images[0].numel()
    return Elbo(loss, squared_error, kl)


def active_units(means: Tensor) -> int:
    """How many axes of the code vary over images, from their means (n, latent).

    Burda et al., Importance Weighted Autoencoders, ICLR 2016, section 5.2. Few of them: the posterior has collapsed
    and the decoder draws nearly the same picture for every image.
    """
    if len(means) < 2:
        return 0
    return int((torch.var(means, dim=0) > ACTIVE).sum())
