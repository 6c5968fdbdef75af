"""Vibration: a neural stochastic differential equation on standardised features.

The drift has two parts: the detector's own network pushes a sample where it is harder to judge (the gradient of its
loss, at unit length: saturated samples would never move otherwise), and the score of a target pulls it back::

    dX = push dt + 1/2 sigma(t)^2 grad log p_t(X) dt + sigma(t) dW            (langevin, the default)
    dX = push dt + 1/2 sigma0^2   grad log p_t(X) dt + sigma(t) dW            (diffusion_only, as published)

For a normal, p_t is a Gaussian that follows the stream's normals; for an anomaly it is one about the stored sample,
since a pull towards the normals would erase what makes it one. The first form is a change of time of one and the same
diffusion: it leaves p_t invariant for any sigma, and a larger sigma only approaches it faster. In the second the noise
is no longer balanced and the variance grows without a reason (see ``tracking.pursue``).

The noise is additive, so Ito and Stratonovich agree. Over a horizon as short as these the direction of the push hardly
turns: it is evaluated once a step, and the rest is solved exactly (exponential Euler).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.continual.dynamics.contract import ModalityDynamics, Motion, clipped, register
from core.continual.types import Array, Modality

LEAST_SPREAD = 1e-6  # of a feature that never moves in the normals, relative to its level
LARGE = 5.0  # spreads from which embedding grows like a logarithm: one wild feature must not rule the network


class Diffusion(ModalityDynamics):
    """A diffusion on standardised vectors; subclasses say what the vector is."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self._centre, self._spread = np.zeros(self.stored), np.ones(self.stored)
        self._mean, self._square = np.zeros(self.stored), np.ones(self.stored)

    @property
    def width(self) -> int:
        return self.stored

    def fit(self, rows: Array) -> None:
        values = rows.astype(np.float64)
        self._centre = values.mean(axis=0)
        spread = values.std(axis=0)
        least = LEAST_SPREAD * np.maximum(np.abs(self._centre), 1)
        self._spread = np.where(spread > least, spread, 1.0)
        z = (values - self._centre) / self._spread
        self._mean, self._square = z.mean(axis=0), (z**2).mean(axis=0)

    def follow(self, rows: Array, rate: float) -> None:
        if len(rows):
            z = self._standard(rows)
            self._mean += rate * (z.mean(axis=0) - self._mean)
            self._square += rate * ((z**2).mean(axis=0) - self._square)

    def embed(self, rows: Array) -> Array:
        return np.asarray(LARGE * np.arcsinh(self._standard(rows) / LARGE), np.float32)

    def transform(self, rows: Array, motion: Motion, push: Array, rng: np.random.Generator) -> Array:
        """One exponential Euler step: with the push held, what remains is an Ornstein-Uhlenbeck process, solved
        exactly. Samples have horizons of their own."""
        start = self._standard(rows)
        horizon = motion.horizon.astype(np.float64)[:, None]
        force = push.astype(np.float64)
        force /= np.sqrt((force**2).sum(axis=1, keepdims=True)) + 1e-12
        centre = np.where(motion.anomalous[:, None], start, self._mean)
        variance = np.where(motion.anomalous[:, None], 1.0, self._variance())
        pull = (motion.sigma if motion.form == "langevin" else motion.sigma0) ** 2 / 2 / variance
        gone = np.where(pull > 0, -np.expm1(-pull * horizon) / np.where(pull > 0, pull, 1), horizon)
        spread = np.where(pull > 0, -np.expm1(-2 * pull * horizon) / np.where(pull > 0, 2 * pull, 1), horizon)
        noise = motion.sigma * np.sqrt(spread) * rng.standard_normal(start.shape)
        moved = clipped(start + (force + pull * (centre - start)) * gone + noise, start, motion.radius)
        back = (moved * self._spread + self._centre).astype(np.float32)
        return np.where(motion.horizon[:, None] > 0, back, rows)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"centre": self._centre, "spread": self._spread, "mean": self._mean, "square": self._square}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._centre, self._spread = arrays["centre"].copy(), arrays["spread"].copy()
        self._mean, self._square = arrays["mean"].copy(), arrays["square"].copy()

    def _variance(self) -> NDArray[np.float64]:
        return np.asarray(np.maximum(self._square - self._mean**2, 1e-2))

    def _standard(self, rows: Array) -> NDArray[np.float64]:
        return np.asarray((rows - self._centre) / self._spread, np.float64)


@register
class VibrationSde(Diffusion):
    """Features of windows of signals, (n, D)."""

    name: ClassVar[Modality] = "vibration"

    @property
    def stored(self) -> int:
        return self.shape[0]

    def encode(self, raw: Array) -> Array:
        return np.asarray(raw, np.float32)
