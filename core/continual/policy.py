"""What a sample is worth: rare, severe and informative ones are kept longer and moved less.

``U = sigmoid(b z(rarity) + g z(severity) + e z(gradient) - c)``, where z standardises robustly over the samples at hand
and c puts their median at 0.5. Without that the sum saturates: every U is 1, every horizon 0, and nothing is decided.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.continual.types import Array

NEIGHBOURS = 5
CLIP = 3.0  # standard deviations
TO_DEVIATION = 1.4826  # of a Gaussian, from its median absolute deviation


def standardised(values: Array) -> Array:
    """Robust z of values (n,), clipped: by median and absolute deviation, by the standard deviation where more than
    half the values are equal, 0 where all are."""
    off = values - np.median(values)
    spread = TO_DEVIATION * float(np.median(np.abs(off)))
    if spread <= 1e-9:
        spread = float(values.std())
    return np.clip(off / spread, -CLIP, CLIP) if spread > 1e-9 else np.zeros_like(values)


def distances(first: Array, second: Array) -> Array:
    """(n, m) Euclidean distances of rows (n, d) and (m, d)."""
    squared = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def rarity(inputs: Array, label: NDArray[np.bool_]) -> Array:
    """(n,) ``log 1/p`` up to constants: log of the mean distance to the nearest samples of the same label."""
    apart = distances(inputs, inputs)
    apart[label[:, None] != label] = np.inf
    np.fill_diagonal(apart, np.inf)
    k = min(NEIGHBOURS, len(inputs) - 1)
    nearest = np.partition(apart, max(k - 1, 0), axis=1)[:, :k]
    finite = np.isfinite(nearest)
    mean = np.where(finite, nearest, 0).sum(axis=1) / np.maximum(finite.sum(axis=1), 1)
    alone = ~finite.any(axis=1)  # the only one of its label is as rare as the rarest
    mean[alone] = mean.max() if len(mean) else 0
    return np.asarray(np.log(mean + 1e-6))


def gradient_norm(probability: Array, label: NDArray[np.bool_], features: Array) -> Array:
    """(n,) norm of the cross entropy's gradient in the last layer, ``|p - y| sqrt(1 + |h|^2)``; features (n, h)."""
    return np.asarray(np.abs(probability - label) * np.sqrt(1 + (features**2).sum(axis=1)))


def utility(rare: Array, severity: Array, gradient: Array, weights: tuple[float, float, float]) -> Array:
    """(n,) U in (0, 1) of the samples at hand, their median at 0.5; increasing in each of rarity, severity,
    gradient."""
    parts = zip(weights, (rare, severity, gradient), strict=True)
    total = sum((weight * standardised(values) for weight, values in parts), np.zeros(len(rare)))
    return (1 / (1 + np.exp(-(total - np.median(total))))).astype(np.float32)


def horizons(longest: float, worth: Array) -> Array:
    """``T0 (1 - U)``: what is valuable is moved less."""
    return (longest * (1 - worth)).astype(np.float32)
