"""How a rusted share grows: three models, fitted together and weighed against each other.

Each model is a line in time behind a link: ``share = h(a + b t)`` with ``b >= 0``, so that rust never recedes.

- *linear in log*: h = exp, exponential growth, capped at the whole surface;
- *logistic*: h = 1 / (1 + exp(-.)), fronts that meet slow each other down evenly;
- *Gompertz*: h = exp(-exp(-.)), which slows down earlier (Gompertz, Phil. Trans. R. Soc. 115, 1825).

The upper end is the whole surface, not a parameter: three to eight inspections do not carry one. Least squares are
taken on the scale of even noise (``scale``). Weights are those of Akaike (Burnham and Anderson, Model Selection and
Multimodel Inference, 2002); since all candidates have the same number of parameters, the small-sample correction of
AICc cancels and the weights are defined from three times on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.severity import scale
from core.severity.scale import Array
from core.severity.types import Curve

MODELS = ("linear in log", "logistic", "Gompertz")
FEWEST_TIMES = 3
HOURS_PER_DAY = 24.0
_STEPS = 40
_TINY = 1e-6
_FIRST = 0.002  # shares nearer to 0 or 1 than this say nothing about the start of the search


@dataclass(frozen=True)
class Lines:
    """Fitted lines (k,): ``share = h(a + b * hours)`` by the model of each; ``squares`` of residuals, even scale."""

    model: NDArray[np.int64]
    a: Array
    b: Array
    squares: Array

    def even(self, hours: Array) -> Array:
        """(k, m) expected curve on the even scale."""
        return scale.to_even(share(self.model[:, None], self.a[:, None] + self.b[:, None] * hours))

    def crossing(self, limits: Array) -> Array:
        """(k,) hour at which each line reaches its limit; infinite without growth."""
        with np.errstate(divide="ignore", invalid="ignore"):
            hours = (link(self.model, limits) - self.a) / self.b
        return np.where(self.b > 0, hours, np.inf)

    def rate(self, hour: float) -> Array:
        """(k,) growth of the share per day at ``hour``."""
        step = 0.5
        before, after = (share(self.model, self.a + self.b * (hour + s)) for s in (-step, step))
        return (after - before) / (2 * step) * HOURS_PER_DAY


def share(model: NDArray[np.int64], line: Array) -> Array:
    """h of each model at a line's value; the arguments broadcast."""
    bounded = np.clip(line, -50.0, 50.0)
    return np.select(
        [model == 0, model == 1],
        [np.exp(np.minimum(bounded, 0.0)), 1 / (1 + np.exp(-bounded))],
        np.exp(-np.exp(-bounded)),
    )


def link(model: NDArray[np.int64], value: Array) -> Array:
    """The line's value at which each model gives ``value``; the arguments broadcast."""
    kept = np.clip(value, _TINY, 1 - _TINY)
    return np.select([model == 0, model == 1], [np.log(kept), np.log(kept / (1 - kept))], -np.log(-np.log(kept)))


def fit(model: NDArray[np.int64], hours: Array, even: Array) -> Lines:
    """Least squares of ``even`` (k, n), curves on the even scale, at ``hours`` (n,), each by its ``model`` (k,).

    All k at once by Levenberg and Marquardt's method; ``b`` is held at zero where it would become negative.
    """
    middle, unit = hours.mean(), max(float(hours.std()), _TINY)
    x, kind = (hours - middle) / unit, model[:, None]
    start = link(kind, np.clip(scale.to_share(even), _FIRST, 1 - _FIRST))
    slope = np.maximum(((start - start.mean(axis=1, keepdims=True)) * x).mean(axis=1), 1e-3)
    level, damping = start.mean(axis=1), np.full(len(even), 1e-2)
    squares, residual = _squares(kind, level, slope, x, even)
    for _ in range(_STEPS):
        gradient = _gradient(kind, level[:, None] + slope[:, None] * x)
        jj = np.stack([(gradient**2).sum(1), (gradient**2 * x).sum(1), (gradient**2 * x**2).sum(1)])
        jr = np.stack([(gradient * residual).sum(1), (gradient * x * residual).sum(1)])
        p, q, r = jj[0] * (1 + damping) + 1e-12, jj[1], jj[2] * (1 + damping) + 1e-12
        inverse = 1 / (p * r - q * q)
        new_level = level + np.clip((r * jr[0] - q * jr[1]) * inverse, -3, 3)
        new_slope = np.maximum(slope + np.clip((p * jr[1] - q * jr[0]) * inverse, -3, 3), 0.0)
        tried, left = _squares(kind, new_level, new_slope, x, even)
        better = tried <= squares
        level, slope = np.where(better, new_level, level), np.where(better, new_slope, slope)
        squares, residual = np.where(better, tried, squares), np.where(better[:, None], left, residual)
        damping = np.clip(np.where(better, damping / 4, damping * 8), 1e-9, 1e9)
    return Lines(model, level - slope * middle / unit, slope / unit, squares)


def weights(squares: Array, n: int) -> Array:
    """Akaike weights of the models from their sums of squares over ``n`` times.

    No residual is believed to be smaller than half the prior noise: three points on a line are no proof of the line.
    """
    variance = np.maximum(squares / n, (scale.PRIOR_SD / 2) ** 2)
    relative = -0.5 * n * np.log(variance)
    raw = np.exp(relative - relative.max())
    return np.asarray(raw / raw.sum())


def candidates(curve: Curve) -> tuple[Lines, Array]:
    """Every model fitted to a curve of at least ``FEWEST_TIMES`` times, and their weights, in the order of MODELS."""
    even = scale.to_even(np.array([estimate.value for estimate in curve.estimates]))
    found = fit(np.arange(len(MODELS)), np.array(curve.hours), np.tile(even, (len(MODELS), 1)))
    return found, weights(found.squares, len(even))


def _squares(kind: NDArray[np.int64], level: Array, slope: Array, x: Array, even: Array) -> tuple[Array, Array]:
    residual = even - scale.to_even(share(kind, level[:, None] + slope[:, None] * x))
    return (residual**2).sum(axis=1), residual


def _gradient(kind: NDArray[np.int64], line: Array) -> Array:
    """Derivative of the even scale by the line's value."""
    step = 1e-4
    return np.asarray((scale.to_even(share(kind, line + step)) - scale.to_even(share(kind, line - step))) / (2 * step))
