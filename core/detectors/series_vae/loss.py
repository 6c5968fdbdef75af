"""What training minimises, and whether the code is used."""

from __future__ import annotations

import math

import torch
from torch import Tensor

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
ACTIVE_VARIANCE = 0.01  # of a unit's mean over windows (Burda et al., ICLR 2016, section 5.2)
ACTIVE_KL = 0.01  # nats, mean over windows


def gaussian_nll(residual: Tensor, scale: Tensor) -> Tensor:
    """Negative log-likelihood (…, d) in nats of residuals (…, d) under scales (d,)."""
    return 0.5 * (residual / scale).square() + scale.log() + HALF_LOG_2PI


def kl_per_latent(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(q || N(0, 1)) in nats (b, latent)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def freed(kl: Tensor, free_bits: float) -> Tensor:
    """KL of a batch (b, latent) to its price: a unit below ``free_bits`` nats, mean over the batch, pays no less
    (Kingma et al., Improved Variational Inference with Inverse Autoregressive Flow, NeurIPS 2016, appendix C.8)."""
    return kl.mean(0).clamp_min(free_bits).sum()


def active_units(mean: Tensor, kl: Tensor) -> int:
    """Units of the code that say something: their mean varies over windows and they cost more than nothing."""
    if len(mean) < 2:
        return 0
    return int(((torch.var(mean, dim=0) > ACTIVE_VARIANCE) & (kl.mean(0) > ACTIVE_KL)).sum())
