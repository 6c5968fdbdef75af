"""Event logs: a continuous-time Markov jump process.

A window of events is summarised without loss by its transition counts ``N`` and the time ``R`` spent in each state: the
likelihood is ``sum N_ij log q_ij - sum q_i R_i``. With Gamma priors the posterior mean is closed form, and forgetting
is a decay of N and R (Bladt & Sorensen, J. R. Stat. Soc. B 67, 2005, for the likelihood).

**Score.** The log-likelihood of an event is *higher* for a log that runs three times too fast, because densities of
short holding times are high. Deviance is not fooled: given R, the counts are Poisson with means ``q_ij R_i``, and
signed roots of their deviances are the coordinates that the network sees.

**Motion.** The counts themselves jump: each event is forgotten at a rate and new ones arrive as a generator says that
is tilted towards states where the detector errs, ``q_ij exp(tau (c_j - c_i))``. This immigration-death process has a
closed form: what is left is binomial, what has arrived Poisson. Its diffusion limit is the Langevin process of the
other modalities, with the same clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from core.continual.dynamics.contract import ModalityDynamics, Motion, register
from core.continual.types import Array, Modality

Floats = NDArray[np.float64]
TILT = 0.5  # tau
MOST_COST = 2.0  # states' mean losses, centred and scaled, are clipped here
EVIDENCE = 2.0  # signed root deviance from which a count is what makes a sample an anomaly: it is not edited
LARGE = 5.0
LEAST_HOLD = 1e-3  # seconds added to a holding time before its logarithm


def posterior_rates(counts: Floats, holds: Floats, shape: Floats | float = 0.0, rate: float = 0.0) -> Floats:
    """Generator (K, K) from counts (K, K) and holding times (K,): posterior means ``(N + a) / (R + b)`` under Gamma(a,
    b) priors; with a = b = 0 the maximum likelihood. The diagonal is minus the sum of each row.

    A state never visited has rate 0 without a prior.
    """
    total = (holds + rate)[:, None]
    found = np.divide(counts + shape, total, out=np.zeros_like(counts, dtype=np.float64), where=total > 0)
    return _with_diagonal(found)


def tilted(generator: Floats, costs: Floats, strength: float) -> Floats:
    """Generators (K, K) tilted exponentially towards costly states (K,): rates stay non-negative, rows sum to 0."""
    return _with_diagonal(generator * np.exp(strength * (costs[None, :] - costs[:, None])))


def log_likelihood(counts: Floats, holds: Floats, generator: Floats) -> float:
    """Of a path with these statistics, in nats."""
    off = ~np.eye(len(generator), dtype=bool)
    return float(xlogy(counts[off], generator[off]).sum() + (holds * np.diag(generator)).sum())


def deviance(counts: Floats, holds: Floats, generator: Floats) -> Floats:
    """(n,) ``2 [l(Q of the window) - l(Q)]`` of n windows, counts (n, K, K), holds (n, K): 0 at best, about chi-squared
    for normal windows; rate-aware."""
    return np.asarray((signed_roots(counts, holds, generator) ** 2).sum(axis=(1, 2)))


def signed_roots(counts: Floats, holds: Floats, generator: Floats) -> Floats:
    """(n, K, K) signed roots of Poisson deviances: how much too many (positive) or too few transitions; diagonal 0."""
    off = ~np.eye(len(generator), dtype=bool)
    expected = np.where(off, holds[:, :, None] * generator, 0.0)
    seen = np.where(off, counts, 0.0)
    ratio = np.divide(seen, expected, out=np.ones_like(seen), where=(expected > 0) & (seen > 0))
    found = 2 * (seen * np.log(ratio) - (seen - expected))
    return np.asarray(np.sign(seen - expected) * np.sqrt(np.maximum(found, 0)))


def _with_diagonal(rates: Floats) -> Floats:
    found = rates.copy()
    np.fill_diagonal(found, 0.0)
    np.fill_diagonal(found, -found.sum(axis=1))
    return found


@register
class JumpProcess(ModalityDynamics):
    """Counts and holding times of windows, (n, K, K + 1): see ``types``."""

    name: ClassVar[Modality] = "log"

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        k = shape[0]
        self._off = ~np.eye(k, dtype=bool)
        self._counts, self._holds, self._windows = np.zeros((k, k)), np.ones(k), 1.0
        self._generator = np.zeros((k, k))
        self._now = np.zeros((k, k))
        self._level, self._spread = np.zeros(k), np.ones(k)

    @property
    def stored(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def width(self) -> int:
        k = self.shape[0]
        return k * (k - 1) + k

    def encode(self, raw: Array) -> Array:
        return np.asarray(raw.reshape(len(raw), -1), np.float32)

    def fit(self, rows: Array) -> None:
        counts, holds = self._split(rows)
        self._counts, self._holds, self._windows = counts.sum(axis=0), holds.sum(axis=0), float(len(rows))
        self._generator = self._now = self._posterior()
        logs = np.log(holds + LEAST_HOLD)
        self._level = logs.mean(axis=0)
        self._spread = np.maximum(logs.std(axis=0), 0.1)

    def follow(self, rows: Array, rate: float) -> None:
        if len(rows):
            counts, holds = self._split(rows)
            share = self._windows / len(rows)
            self._counts += rate * (counts.sum(axis=0) * share - self._counts)
            self._holds += rate * (holds.sum(axis=0) * share - self._holds)
            self._now = self._posterior()

    def embed(self, rows: Array) -> Array:
        counts, holds = self._split(rows)
        roots = signed_roots(counts, holds, self._generator)[:, self._off]
        logs = (np.log(holds + LEAST_HOLD) - self._level) / self._spread
        return np.asarray(LARGE * np.arcsinh(np.concatenate([roots, logs], axis=1) / LARGE), np.float32)

    def transform(self, rows: Array, motion: Motion, push: Array, rng: np.random.Generator) -> Array:
        """Without diffusion (sigma 0) counts take their expected values: the ordinary differential equation."""
        counts, holds = self._split(rows)
        clock = (motion.sigma if motion.form == "langevin" else motion.sigma0) ** 2 / 2
        share = -np.expm1(-(1 + clock) * motion.horizon.astype(np.float64))[:, None, None]  # of events replaced
        target = tilted(self._now, self._costs(holds, motion.loss), TILT)
        arriving = np.where(self._off, holds[:, :, None] * target, 0.0) * share
        whole = np.floor(counts)
        if motion.sigma > 0:
            left = rng.binomial(whole.astype(np.int64), 1 - share) + (counts - whole) * (1 - share)
            moved = left + rng.poisson(arriving)
        else:
            moved = counts * (1 - share) + arriving
        evidence = motion.anomalous[:, None, None] & (np.abs(signed_roots(counts, holds, self._generator)) > EVIDENCE)
        moved = np.where(evidence, counts, moved)
        before, after = self._joined(counts, holds), self._joined(moved, holds)
        length = np.sqrt(((self.embed(after) - self.embed(before)) ** 2).sum(axis=1))
        kept = (motion.horizon > 0) & (length <= motion.radius)  # a jump cannot be shortened: too long a one is refused
        return np.where(kept[:, None], after, rows)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "counts": self._counts, "holds": self._holds, "windows": np.array([self._windows]),
            "generator": self._generator, "now": self._now, "level": self._level, "spread": self._spread,
        }  # fmt: skip

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._counts, self._holds = arrays["counts"].copy(), arrays["holds"].copy()
        self._windows = float(arrays["windows"][0])
        self._generator, self._now = arrays["generator"].copy(), arrays["now"].copy()
        self._level, self._spread = arrays["level"].copy(), arrays["spread"].copy()

    def _posterior(self) -> Floats:
        """A prior of one event in all windows for each transition: one never seen is rare, not impossible."""
        mean_rate = max(float(self._counts.sum() / max(self._holds.sum(), 1e-9)), 1e-9)
        return posterior_rates(self._counts, self._holds, 1 / len(self._holds), 1 / mean_rate)

    def _costs(self, holds: Floats, loss: Array) -> Floats:
        """(K,) how much the detector errs on samples that dwell in each state."""
        costs = (loss[:, None] * holds).sum(axis=0) / np.maximum(holds.sum(axis=0), 1e-9)
        centred = costs - costs.mean()
        return np.asarray(np.clip(centred / (centred.std() + 1e-9), -MOST_COST, MOST_COST))

    def _split(self, rows: Array) -> tuple[Floats, Floats]:
        k = self.shape[0]
        values = rows.astype(np.float64).reshape(-1, k, k + 1)
        return values[:, :, :k], values[:, :, k]

    def _joined(self, counts: Floats, holds: Floats) -> Array:
        return np.concatenate([counts, holds[:, :, None]], axis=2).reshape(len(counts), -1).astype(np.float32)
