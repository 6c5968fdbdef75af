"""Whether a part rusts: a test for a rise with a controlled false alarm, and the alert rules.

Under the null hypothesis nothing rises: the times differ by noise alone. The statistic is the largest standardised step
between the mean of the times before and of those after any moment, which sees a late start as well as a steady climb;
its null distribution is simulated for the very times and views at hand. The noise of one time has two parts: how its
views differ, and what they share (one light, one pose, one white balance), which only times that *fall* reveal: it
comes from the residuals of the non-decreasing fit (pool adjacent violators; Robertson, Wright and Dykstra, Order
Restricted Statistical Inference, 1988), moderated by the prior.

A rise must also matter: a significant 0.1 points is no rust. And a part is only called stable where a rise that matters
is ruled out; what is neither is uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.severity import scale
from core.severity.scale import Array
from core.severity.types import Alert, Curve, Estimate, Fit, Forecast, Status

LEVEL = 0.03  # of the test: below 5 % false alarms even where the noise is four times the prior's
MATTERS = 0.005  # of the surface: a smaller rise is not called rust
COVERED = 0.9  # of the surface: a part that begins above cannot show a rise
_SIMULATED = 4000


@dataclass(frozen=True)
class Rise:
    """``value`` from the first to the last time (fraction), at most ``high`` (95 %, one-sided); ``p`` of the test."""

    value: float
    high: float
    p: float


def rise(curve: Curve, seed: int = 0) -> Rise | None:
    """The rise of a curve and how sure it is; None for one time."""
    from scipy import optimize, stats  # slow to import, and a page that only reads a status needs none of it

    k = len(curve.hours)
    if k < 2:
        return None
    even = np.array([float(scale.to_even(np.asarray(views)).mean()) for views in curve.views])
    counts = np.array([len(views) for views in curve.views], float)
    view_sd, _ = scale.spread(curve.views)
    fitted = optimize.isotonic_regression(even).x
    falls = k - len(np.unique(fitted))
    prior = scale.PRIOR_SD**2 + view_sd**2 / counts
    # One scale for all times: the prior's, stretched where times fall by more than it allows.
    df = scale.PRIOR_DF + falls
    stretch = (scale.PRIOR_DF + float((((even - fitted) ** 2) / prior).sum())) / df
    variance = prior * max(stretch, 1.0)
    seen = _largest_step(even[None], variance)[0]
    rng = np.random.default_rng(seed)
    null = rng.standard_normal((_SIMULATED, k)) * np.sqrt(variance)
    null /= np.sqrt(rng.chisquare(df, _SIMULATED) / df)[:, None]
    p = float((1 + np.sum(_largest_step(null, variance) >= seen)) / (1 + _SIMULATED))
    first, last = fitted[0], fitted[-1]
    reach = float(stats.t.ppf(0.95, df) * np.sqrt(variance[-1]))
    start = float(scale.to_share(first))
    return Rise(float(scale.to_share(last)) - start, float(scale.to_share(last + reach)) - start, p)


def status(curve: Curve, found: Rise | None) -> Status:
    """What the rise of a curve means."""
    if found is None or curve.estimates[0].value >= COVERED:
        return "uncertain"
    if found.p <= LEVEL and found.value >= MATTERS:
        return "rusting"
    return "stable" if found.high < 2 * MATTERS else "uncertain"


def alerts(
    last: Estimate, fit: Fit | None, forecast: Forecast, rate_limit: float | None, state: Status
) -> tuple[Alert, ...]:
    """The rules that a part breaks: the limit is crossed, or is expected to be by the median; it grows too fast."""
    found = []
    if last.value >= forecast.limit:
        found.append(Alert("limit", f"{100 * last.value:.1f} % is above the limit of {100 * forecast.limit:g} %."))
    if rate_limit is not None and fit is not None and state == "rusting" and fit.rate_per_day.value > rate_limit:
        rate = 100 * fit.rate_per_day.value
        found.append(Alert("rate", f"It grows by {rate:.2f} points a day, above {100 * rate_limit:g}."))
    return tuple(found)


def _largest_step(means: Array, variance: Array) -> Array:
    """(k,) largest standardised step between the weighted means before and after any moment, of ``means`` (k, n)."""
    weight = 1 / variance
    before_w, total_w = np.cumsum(weight)[:-1], weight.sum()
    sums = np.cumsum(means * weight, axis=1)
    before = sums[:, :-1] / before_w
    after = (sums[:, -1:] - sums[:, :-1]) / (total_w - before_w)
    return np.asarray(((after - before) / np.sqrt(1 / before_w + 1 / (total_w - before_w))).max(axis=1))
