"""How far the stream has moved from its reference: a recursive Hellinger distance, less what sampling alone would show.

A distance estimated from samples is never zero, and grows with the number of bins or dimensions. Fed into a diffusion
as it is, it would inflate it for ever. Both estimators therefore subtract the value that they would have on average
without any drift, *before* the root is taken:

- histograms: ``E H^2 ~ (B - 1) / 8 (1 / n_eff + 1 / m)`` per feature, B bins, m reference samples, ``n_eff`` what an
  exponential average remembers;
- Gaussians: the Bhattacharyya distance under no drift has a closed form (digammas of Wishart determinants).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import digamma

from core.errors import UserError

Floats = NDArray[np.float64]
LAPLACE = 0.5  # added to every bin: one without samples is not impossible
WARM_UP = 3.0  # times 1 / rate steps until the recursion has forgotten where it began


@dataclass(frozen=True)
class DriftState:
    """Hellinger distances, 0 to 1. ``value``: as estimated; ``debiased``: less its mean without drift, the one that
    drives anything; ``per_feature`` (d,) debiased; ``n_eff``: samples that the estimate rests on; ``warm``: whether
    the recursion has run long enough to be believed."""

    value: float
    debiased: float
    per_feature: Floats
    n_eff: float
    warm: bool


def gaussian(mean: Floats, covariance: Floats, other_mean: Floats, other_covariance: Floats) -> float:
    """Hellinger distance of two Gaussians, means (d,) and covariances (d, d)."""
    return float(np.sqrt(-np.expm1(-bhattacharyya(mean, covariance, other_mean, other_covariance))))


def bhattacharyya(mean: Floats, covariance: Floats, other_mean: Floats, other_covariance: Floats) -> float:
    """``-log`` of the Bhattacharyya coefficient of two Gaussians (Kailath, IEEE Trans. Commun. 15, 1967)."""
    between = (covariance + other_covariance) / 2
    logs = [np.linalg.slogdet(one)[1] for one in (between, covariance, other_covariance)]
    shift = mean - other_mean
    return float(max(logs[0] / 2 - (logs[1] + logs[2]) / 4 + shift @ np.linalg.solve(between, shift) / 8, 0.0))


def expected_bhattacharyya(d: int, n: int, m: int) -> float:
    """Its mean between the sample moments of n and m draws from the *same* d-dimensional Gaussian; exact for n = m.

    ``E log |S|`` of a Wishart is a sum of digammas; the pooled covariance is one with n + m - 2 degrees of freedom
    where n = m, and by matching the first two moments (Satterthwaite) otherwise.
    """
    first, second = n - 1, m - 1
    pooled = (1 / first + 1 / second) ** -1 * 4
    means = d * (1 / n + 1 / m) * pooled / (pooled - d - 1) / 8
    return float(_log_volume(d, pooled) / 2 - (_log_volume(d, first) + _log_volume(d, second)) / 4 + means)


def _log_volume(d: int, degrees: float) -> float:
    """``E log |W / v|`` of a standard Wishart with v degrees of freedom."""
    return float(digamma((degrees + 1 - np.arange(1, d + 1)) / 2).sum() + d * np.log(2 / degrees))


def two_samples(reference: Floats, batch: Floats) -> DriftState:
    """Hellinger distance of the Gaussians of two samples (m, d) and (n, d). Needs n, m >= d + 3: a UserError says so.

    The debiasing is what makes a few dozen samples enough; without it the distance is near 1 from d ~ n on.
    """
    (m, d), n = reference.shape, len(batch)
    if min(n, m) < d + 3:
        raise UserError(
            f"{min(n, m)} samples cannot tell a covariance of {d} dimensions",
            "Gaussian Hellinger distance",
            f"Give {d + 3} at least, or use histograms",
        )
    moments = [(one.mean(axis=0), np.atleast_2d(np.cov(one, rowvar=False))) for one in (reference, batch)]
    distance = bhattacharyya(*moments[0], *moments[1])
    debiased = max(distance - expected_bhattacharyya(d, n, m), 0.0)
    single = [
        bhattacharyya(moments[0][0][j : j + 1], moments[0][1][j : j + 1, j : j + 1],
                      moments[1][0][j : j + 1], moments[1][1][j : j + 1, j : j + 1])
        for j in range(d)
    ]  # fmt: skip
    features = np.maximum(np.array(single) - expected_bhattacharyya(1, n, m), 0.0)
    return DriftState(_distance(distance), _distance(debiased), np.sqrt(-np.expm1(-features)), float(n), True)


def _distance(bhattacharyya_distance: float) -> float:
    return float(np.sqrt(-np.expm1(-bhattacharyya_distance)))


class RecursiveHellinger:
    """Distance of an exponentially forgetting histogram of the stream from a fixed reference.

    Every feature has ``bins`` bins at the quantiles of the reference, so that each holds the same share of it.
    ``q_t = (1 - rate) q_(t-1) + rate p_t``. The distance is that of the pair (feature drawn at random, its value): the
    mean of the squared distances of all features. Feed presumed-normal samples alone, or a burst of faults is drift.
    """

    def __init__(self, reference: Floats, bins: int = 16, rate: float = 0.05) -> None:
        if len(reference) < 2 * bins:
            raise UserError(
                f"{len(reference)} normal samples are too few for a reference with {bins} bins",
                "drift estimate",
                f"Give {2 * bins} at least",
            )
        self.rate, self.bins = rate, bins
        self.reset(reference)

    def reset(self, reference: Floats) -> None:
        """Take another reference (m, d), m >= 2 bins; the recursion begins there."""
        self._edges = np.quantile(reference, np.arange(1, self.bins) / self.bins, axis=0).T.copy()  # (d, bins - 1)
        self._reference = _smooth(self._counts(reference))
        self._m, self._q = len(reference), self._reference.copy()
        self._steps, self._weight = 0, 0.0  # of the reference left in q; the sum of squared weights of all samples
        self._left = 1.0

    def update(self, batch: Floats) -> DriftState:
        """Take the next batch (n, d); one without rows changes nothing."""
        if len(batch):
            keep = 1 - self.rate
            self._q = keep * self._q + self.rate * self._counts(batch) / len(batch)
            self._weight = keep**2 * self._weight + self.rate**2 / len(batch)
            self._left *= keep
            self._steps += 1
        return self.state()

    def rebase(self) -> None:
        """What the recursion holds becomes the reference; nothing is kept of the old one."""
        self._reference = _smooth(self._q * (1 / self._weight if self._weight else self._m))
        self._m = int(1 / self._weight) if self._weight else self._m
        self._q, self._steps, self._weight, self._left = self._reference.copy(), 0, 0.0, 1.0

    def highest(self, batches: Floats) -> float:
        """The largest debiased distance while batches (steps, n, d) go by, from the present state and without
        changing it."""
        steps, n, d = batches.shape
        codes = self._bins(batches.reshape(-1, d)) + np.repeat(np.arange(steps), n)[:, None] * (d * self.bins)
        counts = np.bincount(codes.ravel(), minlength=steps * d * self.bins).reshape(steps, d, self.bins) / n
        keep, steps_done = 1 - self.rate, np.arange(1, steps + 1)
        first = keep * self._q[None]
        q, _ = lfilter([self.rate], [1.0, -keep], counts, axis=0, zi=first)
        weights = keep ** (2 * steps_done) * self._weight
        weights += self.rate**2 / n * (1 - keep ** (2 * steps_done)) / (1 - keep**2)
        squared = 1 - np.sqrt(q * self._reference).sum(axis=2).mean(axis=1)
        squared -= self._noise(weights, self._left * keep**steps_done)
        return float(np.sqrt(max(float(squared.max()), 0.0)))

    def state(self) -> DriftState:
        """The estimate as it stands."""
        squared = 1 - np.sqrt(self._q * self._reference).sum(axis=1)
        noise = self._noise(self._weight, self._left)
        features = np.sqrt(np.maximum(squared - noise, 0.0))
        debiased = float(np.sqrt(max(float(squared.mean()) - noise, 0.0)))
        value = float(np.sqrt(max(float(squared.mean()), 0.0)))
        warm = self._steps >= WARM_UP / self.rate
        return DriftState(value, debiased, features, 1 / self._weight if self._weight else 0.0, warm)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that `restore` needs to go on bit-identically."""
        scalars = np.array([self._m, self._steps, self._weight, self._left])
        return {"edges": self._edges, "reference": self._reference, "q": self._q, "scalars": scalars}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave."""
        self._edges, self._reference, self._q = (arrays[key].copy() for key in ("edges", "reference", "q"))
        m, steps, self._weight, self._left = (float(value) for value in arrays["scalars"])
        self._m, self._steps = int(m), int(steps)

    def _noise(self, weight: Any, left: Any) -> Any:
        """Mean squared distance without drift. What is left of the reference in q agrees with it: only the share of
        new samples is noisy."""
        return (self.bins - 1) / 8 * (weight + (1 - left) ** 2 / self._m)

    def _bins(self, values: Floats) -> NDArray[np.int64]:
        """(n, d) places of values in the flattened (d, bins)."""
        above = values[:, :, None] >= self._edges
        return np.asarray(above.sum(axis=2) + np.arange(values.shape[1]) * self.bins)

    def _counts(self, values: Floats) -> Floats:
        """(d, bins) counts of values (n, d)."""
        d = values.shape[1]
        flat = np.bincount(self._bins(values).ravel(), minlength=d * self.bins)
        return flat.reshape(d, self.bins).astype(np.float64)


def _smooth(counts: Floats) -> Floats:
    return np.asarray((counts + LAPLACE) / (counts + LAPLACE).sum(axis=1, keepdims=True))


def adaptive_sigma(sigma: float, kappa: float, distance: float) -> float:
    """``sigma(t) = sigma0 (1 + kappa H)``: the further the stream has moved, the faster memory may follow."""
    return sigma * (1 + kappa * distance)
