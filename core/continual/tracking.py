"""How closely a forgetting memory can follow a moving distribution: the bound, and a simulation that checks it.

If ``H(p_t, p_(t-1)) <= v`` at every step, the exponential average ``q_t`` of rate ``l`` stays near, because the squared
Hellinger distance is jointly convex and ``H(p_(t-k), p_t) <= k v``::

    H(q_t, p_t)^2 <= sum_k l (1 - l)^k (k v)^2 = v^2 (1 - l)(2 - l) / l^2

From batches of n samples in B bins, sampling adds at most ``sqrt(l B / (2 n))`` on average. A uniform memory (a
reservoir) has no such bound: its rate is 1 / t. The bound needs v, which only a simulated stream knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Path = Literal["static", "linear", "sinus", "staircase"]
Memory = Literal["exponential", "reservoir"]
EDGE = 6.0  # outermost bins reach from here to infinity, in standard deviations around the path's middle


def bias_bound(velocity: float, rate: float) -> float:
    """The largest ``H(q_t, p_t)`` of the exact average: drift alone, without sampling."""
    return float(velocity * np.sqrt((1 - rate) * (2 - rate)) / rate)


def noise_bound(rate: float, batch: int, bins: int) -> float:
    """What sampling adds on average at most."""
    return float(np.sqrt(rate * bins / (2 * batch)))


def tracking_bound(velocity: float, rate: float, batch: int, bins: int) -> float:
    """The largest mean of ``H(q_t, p_t)`` with sampled batches."""
    return bias_bound(velocity, rate) + noise_bound(rate, batch, bins)


def best_rate(velocity: float, batch: int, bins: int) -> float:
    """The rate that makes ``sqrt(2) v / l + sqrt(l B / 2n)`` least: forgetting as fast as v^(2/3)."""
    return float(min((4 * velocity * np.sqrt(batch / bins)) ** (2 / 3), 1.0))


@dataclass(frozen=True)
class Tracked:
    """A simulated pursuit. ``velocity``: the largest H between neighbouring steps; ``bias`` (steps,): distance of the
    exact average from the truth; ``error`` (seeds, steps): of the sampled one."""

    velocity: float
    bias: Floats
    error: Floats


def path(kind: Path, step: float, steps: int, bins: int) -> Floats:
    """(steps, bins) probabilities of a unit Gaussian whose mean moves by at most ``step`` at a time."""
    t = np.arange(steps)
    period = 200
    means = {
        "static": np.zeros(steps),
        "linear": step * t,
        "sinus": step * period / (2 * np.pi) * np.sin(2 * np.pi * t / period),
        "staircase": step * (t // 10),
    }[kind]
    edges = np.linspace(means.min() - EDGE / 2, means.max() + EDGE / 2, bins - 1)
    below = norm.cdf(edges - means[:, None])
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def simulate(
    truth: Floats, rate: float, batch: int, seeds: int, *, seed: int = 0, memory: Memory = "exponential"
) -> Tracked:
    """Follow ``truth`` (steps, bins) by batches of ``batch`` samples, ``seeds`` times."""
    rng = np.random.default_rng(seed)
    exact = truth[0].copy()
    sampled = np.repeat(truth[:1], seeds, axis=0)
    bias, error = np.empty(len(truth)), np.empty((seeds, len(truth)))
    for t, now in enumerate(truth):
        weight = rate if memory == "exponential" else 1 / (t + 1)
        exact = (1 - weight) * exact + weight * now
        sampled = (1 - weight) * sampled + weight * rng.multinomial(batch, now, size=seeds) / batch
        bias[t], error[:, t] = _hellinger(exact[None], now)[0], _hellinger(sampled, now)
    moved = np.sqrt(np.maximum(1 - np.sqrt(truth[1:] * truth[:-1]).sum(axis=1), 0.0))
    return Tracked(float(moved.max()), bias, error)


def _hellinger(rows: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(1 - np.sqrt(rows * other).sum(axis=1), 0.0)))


def pursue(
    step: float, steps: int, *, sigma: float, kappa: float, adaptive: Literal["langevin", "diffusion_only"]
) -> Floats:
    """(steps,) H of a Gaussian memory that follows ``N(step t, 1)`` by an SDE with ``sigma (1 + kappa H)``, in moments.

    ``langevin`` is the time-changed form ``dX = 1/2 sigma^2 score dt + sigma dW``, which leaves the target invariant
    for any sigma. ``diffusion_only`` scales the noise of ``dX = 1/2 score dt + sigma dW`` as published: the noise is no
    longer balanced, the variance inflates, which raises H, which raises sigma.
    """
    mean, variance, found = 0.0, 1.0 if adaptive == "langevin" else sigma**2, np.empty(steps)
    reference = variance
    for t in range(steps):
        target = step * t
        squared = 1 - np.sqrt(2 * np.sqrt(variance * reference) / (variance + reference)) * np.exp(
            -((mean - target) ** 2) / (4 * (variance + reference))
        )
        found[t] = np.sqrt(max(squared, 0.0))
        noise = adaptive_variance(sigma, kappa, found[t])
        pull = noise / 2 if adaptive == "langevin" else 0.5
        mean += pull * (target - mean)
        variance = (1 - pull) ** 2 * variance + (noise * (1 - noise / 4) if adaptive == "langevin" else noise)
    return found


def adaptive_variance(sigma: float, kappa: float, distance: float) -> float:
    """``sigma(t)^2``, at most 1: a step must not jump past its target."""
    return float(min((sigma * (1 + kappa * distance)) ** 2, 1.0))
