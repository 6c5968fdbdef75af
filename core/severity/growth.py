"""How a rusted share grows: four models, fitted together and weighed against each other.

Each model is a line behind a link, with a slope that is never negative, so that rust never recedes:

- *linear in log*: share = exp(a + b t), exponential growth, capped at the whole surface;
- *logistic*: share = 1 / (1 + exp(-(a + b t))), fronts that meet slow each other down evenly;
- *Gompertz*: share = exp(-exp(-(a + b t))), which slows down earlier (Gompertz, Phil. Trans. R. Soc. 115, 1825);
- *Avrami*: share = 1 - exp(-exp(a + b log t)), nuclei that appear and grow from the start on (Avrami, J. Chem. Phys. 7,
  1939); while the share is small it is the power law of atmospheric corrosion (ISO 9224).

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

Kinds = NDArray[np.int64]

MODELS = ("linear in log", "logistic", "Gompertz", "Avrami")
AVRAMI = MODELS.index("Avrami")
FEWEST_TIMES = 3
HOURS_PER_DAY = 24.0
_STEPS = 30
_TINY = 1e-6
_FIRST = 0.002  # shares nearer to 0 or 1 than this say nothing about the start of the search


@dataclass(frozen=True)
class Lines:
    """Fitted lines (k,), each of its ``model`` (index into MODELS) with intercept ``a`` and slope ``b`` per hour, or
    per unit of log hours; ``squares`` is the sum of squared residuals on the even scale."""

    model: Kinds
    a: Array
    b: Array
    squares: Array

    def even(self, hours: Array) -> Array:
        """(k, m) expected curve on the even scale."""
        kind = self.model[:, None]
        return scale.to_even(share(kind, self.a[:, None] + self.b[:, None] * clock(kind, hours)))

    def crossing(self, limits: Array) -> Array:
        """(k,) hour at which each line reaches its limit; infinite without growth."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reading = (link(self.model, limits) - self.a) / self.b
        hours = np.where(self.model == AVRAMI, np.exp(np.clip(reading, -50, 50)), reading)
        return np.where(self.b > 0, hours, np.inf)

    def rate(self, hour: float) -> Array:
        """(k,) growth of the share per day at ``hour``."""
        before, after = scale.to_share(self.even(np.array([hour - 0.5, hour + 0.5]))).T
        return np.asarray((after - before) * HOURS_PER_DAY)


def clock(model: Kinds, hours: Array) -> Array:
    """What each model's line is drawn over: hours, or for Avrami's their logarithm (from one hour on)."""
    return np.where(model == AVRAMI, np.log(np.maximum(hours, 1.0)), hours)


def share(model: Kinds, line: Array) -> Array:
    """The share at which each model is for a line's value; the arguments broadcast."""
    up = np.exp(np.clip(line, -50.0, 50.0))
    return np.select(
        [model == 0, model == 1, model == 2], [np.minimum(up, 1.0), up / (1 + up), np.exp(-1 / up)], -np.expm1(-up)
    )


def link(model: Kinds, value: Array) -> Array:
    """The line's value at which each model gives ``value``; the arguments broadcast."""
    kept = np.clip(value, _TINY, 1 - _TINY)
    log, rest = np.log(kept), np.log1p(-kept)
    return np.select([model == 0, model == 1, model == 2], [log, log - rest, -np.log(-log)], np.log(-rest))


def fit(model: Kinds, hours: Array, even: Array) -> Lines:
    """Least squares of ``even`` (k, n), curves on the even scale, at ``hours`` (n,), each by its ``model`` (k,).

    All k at once by Levenberg and Marquardt's method; ``b`` is held at zero where it would become negative.
    """
    kind = model[:, None]
    readings = clock(kind, hours)
    middle, unit = readings.mean(axis=1), readings.std(axis=1) + _TINY
    x = (readings - middle[:, None]) / unit[:, None]
    start = link(kind, np.clip(scale.to_share(even), _FIRST, 1 - _FIRST))
    level = start.mean(axis=1)
    slope = np.maximum(((start - level[:, None]) * x).mean(axis=1), 1e-3)
    damping = np.full(len(even), 1e-2)
    residual, gradient = _state(kind, level, slope, x, even)
    squares = (residual**2).sum(axis=1)
    for _ in range(_STEPS):
        across = gradient * x
        p = (gradient**2).sum(axis=1) * (1 + damping) + 1e-12
        q = (gradient * across).sum(axis=1)
        r = (across**2).sum(axis=1) * (1 + damping) + 1e-12
        u, v = (gradient * residual).sum(axis=1), (across * residual).sum(axis=1)
        inverse = 1 / (p * r - q * q)
        new_level = level + np.clip((r * u - q * v) * inverse, -3, 3)
        new_slope = np.maximum(slope + np.clip((p * v - q * u) * inverse, -3, 3), 0.0)
        tried, tried_gradient = _state(kind, new_level, new_slope, x, even)
        tried_squares = (tried**2).sum(axis=1)
        better = tried_squares <= squares
        level, slope = np.where(better, new_level, level), np.where(better, new_slope, slope)
        squares = np.where(better, tried_squares, squares)
        residual = np.where(better[:, None], tried, residual)
        gradient = np.where(better[:, None], tried_gradient, gradient)
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


def _state(kind: Kinds, level: Array, slope: Array, x: Array, even: Array) -> tuple[Array, Array]:
    """(k, n) residuals on the even scale, and the derivative of the curve there by its line's value."""
    line = level[:, None] + slope[:, None] * x
    found = share(kind, line)
    kept = np.clip(found, 1e-12, 1 - 1e-12)
    rest = 1 - kept
    by_share = 1 / (2 * np.sqrt(kept * rest))
    by_line = np.select(
        [kind == 0, kind == 1, kind == 2],
        [np.where(line < 0, kept, 0.0), kept * rest, -kept * np.log(kept)],
        -rest * np.log(rest),
    )
    return even - scale.to_even(found), by_line * by_share
