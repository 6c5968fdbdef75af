"""AUROCs of several detectors on the same images, and whether they differ, in closed form.

DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988: the AUROC is a mean over pairs of a bad and a good image, so its
variance follows from how far each image's own mean strays from it; the covariances of two detectors come from the same
images. By mid-ranks in O(m n log n) (Sun & Xu, IEEE Signal Processing Letters 21, 2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.intervals import Z95
from core.metrics.ranks import midranks

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DeLong:
    """``aurocs`` (m,) of so many bad and good images, and their ``covariance`` (m, m)."""

    aurocs: Floats
    covariance: Floats
    n_bad: int
    n_good: int

    def interval(self, index: int) -> tuple[float, float]:
        """95 % interval of one AUROC, on the logit scale so that it stays within 0 and 1; no width at 0 and 1."""
        value, spread = float(self.aurocs[index]), math.sqrt(max(float(self.covariance[index, index]), 0.0))
        if not 0 < value < 1:
            return value, value
        middle, half = math.log(value / (1 - value)), Z95 * spread / (value * (1 - value))
        return 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))

    def difference(self, index: int, other: int) -> Difference:
        """How far the AUROC of ``index`` lies above that of ``other``."""
        value = float(self.aurocs[index] - self.aurocs[other])
        own, theirs, both = (
            float(self.covariance[place]) for place in ((index, index), (other, other), (index, other))
        )
        spread = math.sqrt(max(own + theirs - 2 * both, 0.0))
        if spread < 1e-12:
            # The same ranking: nothing that could differ by chance. Or perfect against constant scores: no spread is
            # seen, and what is left to say is how many ways there are to call as many of the images bad.
            splits = math.comb(self.n_bad + self.n_good, self.n_bad)
            return Difference(value, (value, value), 1.0 if abs(value) < 1e-12 else min(1.0, 2 / splits))
        p = math.erfc(abs(value) / spread / math.sqrt(2))
        return Difference(value, (value - Z95 * spread, value + Z95 * spread), p)


@dataclass(frozen=True)
class Difference:
    """A difference with its 95 % interval and the two-sided p-value of there being none."""

    value: float
    ci95: tuple[float, float]
    p: float


def delong(scores: ArrayLike, anomalous: ArrayLike) -> DeLong | None:
    """AUROCs of (m, n) scores of the same n images; None with fewer than two images of a kind."""
    values, truth = np.asarray(scores, float), np.asarray(anomalous, bool)
    if values.ndim != 2 or values.shape[1:] != truth.shape:
        raise ValueError(f"scores {values.shape} must be a row of one score per label {truth.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite")
    bad, good = values[:, truth], values[:, ~truth]
    n_bad, n_good = bad.shape[1], good.shape[1]
    if n_bad < 2 or n_good < 2:
        return None
    ranks = midranks(values)
    # Of each bad image the share of good ones below it, of each good image the share of bad ones above it.
    below = (ranks[:, truth] - midranks(bad)) / n_good
    above = 1 - (ranks[:, ~truth] - midranks(good)) / n_bad
    covariance = _covariance(below) / n_bad + _covariance(above) / n_good
    return DeLong(below.mean(axis=1), covariance, n_bad, n_good)


def _covariance(values: Floats) -> Floats:
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred @ centred.T / (values.shape[1] - 1))
