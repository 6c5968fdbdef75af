"""When a limit is crossed: a bootstrap over models, parameters and residuals.

Each draw takes a model by its weight (model averaging: Buckland, Burnham and Augustin, Biometrics 53, 1997), a noise by
what the residuals and the prior say of it, a curve of that noise around the model, and refits (parametric bootstrap:
Efron and Tibshirani, An Introduction to the Bootstrap, 1993). The crossing is where the refitted curve *and one more
residual* meet the limit: parts stray from models in future as they did in the past. What lies beyond the horizon is
censored: a quantile there is None, "not reached within the horizon".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.severity import growth, scale
from core.severity.growth import FEWEST_TIMES, MODELS, Lines
from core.severity.scale import Array
from core.severity.types import Curve, Estimate, Fan, Fit, Forecast

_QUANTILES = {"low95": 0.025, "low80": 0.1, "median": 0.5, "high80": 0.9, "high95": 0.975}
_FAN_POINTS = 60


@dataclass(frozen=True)
class Draws:
    """Refitted ``lines`` (k,) and the residual (k,) of each in future, on the even scale."""

    lines: Lines
    stray: Array


@dataclass(frozen=True)
class Grown:
    """The growth of one curve: the best model's fit, the bootstrap's draws, and how the times stray from the fit
    (moderated standard deviation, even scale)."""

    fit: Fit
    draws: Draws
    noise: float


@lru_cache(maxsize=128)  # the same curve is asked about for every limit that somebody tries
def grow(curve: Curve, *, resamples: int, seed: int) -> Grown | None:
    """Fit the growth models to a curve; None for fewer than three times."""
    n = len(curve.hours)
    if n < FEWEST_TIMES:
        return None
    found, weight = growth.candidates(curve)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(MODELS), resamples, p=weight)
    df = n - 2 + scale.PRIOR_DF
    pooled = (found.squares + scale.PRIOR_DF * scale.PRIOR_SD**2) / df
    noise = np.sqrt(pooled[chosen] * df / rng.chisquare(df, resamples))
    hours = np.array(curve.hours)
    drawn = np.abs(found.even(hours)[chosen] + noise[:, None] * rng.standard_normal((resamples, n)))
    lines = growth.fit(chosen, hours, np.minimum(drawn, np.pi / 2))
    best = int(np.argmax(weight))
    rate, now = lines.rate(hours[-1]), float(found.rate(hours[-1])[best])
    low, high = np.quantile(rate, [0.025, 0.975])
    fit = Fit(
        model=MODELS[best],
        parameters={"a": float(found.a[best]), "b": float(found.b[best])},
        rate_per_day=Estimate(now, min(float(low), now), max(float(high), now)),
        weights={name: float(value) for name, value in zip(MODELS, weight, strict=True)},
    )
    return Grown(fit, Draws(lines, noise * rng.standard_normal(resamples)), float(np.sqrt(pooled[best])))


def crossing(curve: Curve, grown: Grown | None, *, limit: float, horizon: float, seed: int) -> Forecast:
    """When ``curve`` crosses ``limit`` (a fraction), at most ``horizon`` hours after its last time."""
    values = np.array([estimate.value for estimate in curve.estimates])
    nothing = Forecast(limit, horizon)
    if values[0] >= limit:
        return _because(nothing, "The limit is exceeded from the first photograph on; when it was crossed is unknown.")
    if len(values) < FEWEST_TIMES or grown is None:
        few = f"A forecast needs photographs of three times or more; there are {len(values)}"
        crossed = ", between which the limit was crossed" if values[-1] >= limit else ""
        return _because(nothing, f"{few}{crossed}.")
    if values.max() >= limit:
        return _quantiles(
            _interpolated(curve, limit, grown.noise, seed), curve.hours[-1], horizon, limit, observed=True
        )
    draws = grown.draws
    reached = scale.to_share(scale.to_even(limit) + draws.stray)
    hours = np.maximum(draws.lines.crossing(reached), curve.hours[-1])
    return _quantiles(hours, curve.hours[-1], horizon, limit, observed=False)


def fan(curve: Curve, grown: Grown, horizon: float) -> Fan:
    """The measured curve that the models expect from the first time to the horizon's end, with its bands."""
    hours = np.linspace(curve.hours[0], curve.hours[-1] + horizon, _FAN_POINTS)
    even = grown.draws.lines.even(hours) + grown.draws.stray[:, None]
    bands = scale.to_share(np.quantile(even, list(_QUANTILES.values()), axis=0))
    named = {name: tuple(map(float, band)) for name, band in zip(_QUANTILES, bands, strict=True)}
    return Fan(hours=tuple(map(float, hours)), **named)


def _interpolated(curve: Curve, limit: float, noise: float, seed: int) -> Array:
    """Hours at which curves made non-decreasing first meet the limit between two times, infinity for one that has not
    met it by the last time: when it will is not to be told from here. Their errors are those of the
    views, or ``noise`` where the views of a time agree better with each other than the times do with a growth."""
    rng = np.random.default_rng(seed)
    sd, _ = scale.spread(curve.views)
    even = scale.to_even(np.array([estimate.value for estimate in curve.estimates]))
    spread = np.maximum(sd / np.sqrt([len(views) for views in curve.views]), noise)
    errors = spread * rng.standard_normal((1000, len(even)))
    drawn = np.maximum.accumulate(np.maximum(even + errors, 0.0), axis=1)
    wanted, hours = float(scale.to_even(limit)), np.array(curve.hours)
    after = np.argmax(drawn >= wanted, axis=1)
    row = np.arange(len(drawn))
    missed, at_once = drawn[:, -1] < wanted, drawn[:, 0] >= wanted
    before = np.maximum(after - 1, 0)
    step = np.maximum(drawn[row, after] - drawn[row, before], 1e-12)
    part = np.clip((wanted - drawn[row, before]) / step, 0, 1)
    found = hours[before] + part * (hours[after] - hours[before])
    return np.asarray(np.where(missed, np.inf, np.where(at_once, hours[0], found)))


def _quantiles(hours: Array, last: float, horizon: float, limit: float, *, observed: bool) -> Forecast:
    end = last + horizon
    low95, low80, median, high80, high95 = (
        None if value > end else float(value)
        for value in np.quantile(hours, list(_QUANTILES.values()), method="inverted_cdf")
    )
    share = float(np.mean(hours <= end))
    return Forecast(limit, horizon, median, low80, high80, low95, high95, share, observed)


def _because(nothing: Forecast, reason: str) -> Forecast:
    return Forecast(nothing.limit, nothing.horizon_hours, reason=reason)
