"""Whether a part rusts: a test for a rise with a controlled false alarm, and the alert rules.

Under the null hypothesis nothing rises: the times differ by noise alone. That noise has two parts: how the views of one
time differ, and what they share (one light, one pose, one white balance), which only times that *fall* reveal. The
statistic is the largest standardised step between the mean of the times before and of those after any moment, which
sees a late start as well as a steady climb; its null distribution is simulated for the very times and views at hand. A
part is said to rise by any of three ways to treat the noise:

- *together*: the variance of a time is the views' own, pooled, and the shared part's, which is the prior stretched by
  the residuals of the non-decreasing fit (Robertson, Wright and Dykstra, Order Restricted Statistical Inference, 1988);
- *apart*: where one side of a part rusts sooner, its views differ because it rusts, and pooling them would hide it.
  Then the step must stand out from the shared noise alone, and the order of all views, whatever their noise, must be no
  chance: the permutation test of Jonckheere (Biometrika 41, 1954);
- *in order*: means of five times or more that climb without a fall are no chance, whatever their noise, of which the
  first two ways then know too little: Kendall's tau (Mann, Econometrica 13, 1945), exact but for ties.

A rise must also matter: a significant 0.1 points is no rust. And a part is only called stable where a rise that matters
is ruled out; what is neither is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.severity import scale
from core.severity.scale import Array
from core.severity.types import Curve, Status

LEVEL = 0.02  # of the test: below 5 % false alarms also where the noise is three times the prior's
MATTERS = 0.005  # of the surface: a smaller rise is not called rust
WHITE_MATTERS = 0.02  # of the surface: pale deposits are less certain than red rust
COVERED = 0.9  # of the surface: a part that begins above cannot show a rise
_SIMULATED = 4000
_PERMUTED = 2000
_PAIRS_AT_ONCE = 4_000_000


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
    even = [scale.to_even(np.asarray(views)) for views in curve.views]
    means, counts = np.array([one.mean() for one in even]), np.array([len(one) for one in even], float)
    fitted = optimize.isotonic_regression(means).x
    view_sd, _ = scale.spread(curve.views)
    rng = np.random.default_rng(seed)
    together, variance, df = _step_test(means, fitted, scale.PRIOR_SD**2 + view_sd**2 / counts, rng)
    shared, _, _ = _step_test(means, fitted, np.full(k, scale.PRIOR_SD**2), rng)
    climbing = stats.kendalltau(np.arange(k), means, alternative="greater").pvalue if np.ptp(means) > 0 else 1.0
    p = min(together, max(shared, _order_test(even, rng)), float(climbing))
    reach = float(stats.t.ppf(0.95, df) * np.sqrt(variance[-1]))
    start = float(scale.to_share(fitted[0]))
    return Rise(float(scale.to_share(fitted[-1])) - start, float(scale.to_share(fitted[-1] + reach)) - start, p)


def status(curve: Curve, found: Rise | None) -> Status:
    """What the rise of a curve means."""
    if found is None or curve.estimates[0].value >= COVERED:
        return "uncertain"
    if found.p <= LEVEL and found.value >= MATTERS:
        return "rusting"
    return "stable" if found.high < 2 * MATTERS else "uncertain"


def whitens(curve: Curve, found: Rise | None) -> bool:
    """Whether white corrosion alone makes a part one that corrodes: surer, and by more, than red rust must rise."""
    begun = curve.estimates[0].value >= COVERED
    return found is not None and not begun and found.p <= LEVEL / 2 and found.value >= WHITE_MATTERS


def may_whiten(found: Rise | None) -> bool:
    """Whether white corrosion cannot be ruled out: a part of which that is so is not stable."""
    return found is not None and found.p <= 0.05 and found.value >= MATTERS


def falls(curve: Curve, seed: int = 0) -> bool:
    """Whether the curve would be rusting if its times were told in the opposite order: they may well be."""
    last, first = curve.hours[-1], curve.hours[0]
    turned = replace(
        curve,
        hours=tuple(first + last - hour for hour in reversed(curve.hours)),
        views=curve.views[::-1],
        estimates=curve.estimates[::-1],
    )
    return status(turned, rise(turned, seed)) == "rusting"


def _step_test(means: Array, fitted: Array, prior: Array, rng: np.random.Generator) -> tuple[float, Array, float]:
    """(p of the largest step, variance of each time, its degrees of freedom), for a ``prior`` variance of each (k,).

    One factor stretches the prior of all times: the more they fall below the non-decreasing fit, the larger.
    """
    df = scale.PRIOR_DF + len(means) - len(np.unique(fitted))
    stretch = (scale.PRIOR_DF + float(((means - fitted) ** 2 / prior).sum())) / df
    variance = prior * max(stretch, 1.0)
    null = rng.standard_normal((_SIMULATED, len(means))) * np.sqrt(variance)
    null /= np.sqrt(rng.chisquare(df, _SIMULATED) / df)[:, None]
    reached = _largest_step(null, variance) >= _largest_step(means[None], variance)
    return float((1 + reached.sum()) / (1 + _SIMULATED)), variance, df


def _order_test(even: Sequence[Array], rng: np.random.Generator) -> float:
    """p of the views' order (Jonckheere's statistic) under permutations of all views among all times."""
    values = np.concatenate(even)
    label = np.repeat(np.arange(len(even)), [len(one) for one in even])
    higher = np.sign(values[None, :] - values[:, None])  # of column over row
    labels = np.vstack([label, rng.permuted(np.tile(label, (_PERMUTED, 1)), axis=1)])
    block = max(1, _PAIRS_AT_ONCE // len(values) ** 2)  # hundreds of views would fill the memory otherwise
    statistic = np.concatenate(
        [
            np.where(some[:, :, None] < some[:, None, :], higher, 0.0).sum(axis=(1, 2))
            for some in np.array_split(labels, -(-len(labels) // block))
        ]
    )
    return float(np.mean(statistic >= statistic[0]))


def _largest_step(means: Array, variance: Array) -> Array:
    """(k,) largest standardised step between the weighted means before and after any moment, of ``means`` (k, n)."""
    weight = 1 / variance
    before_w, total_w = np.cumsum(weight)[:-1], weight.sum()
    sums = np.cumsum(means * weight, axis=1)
    before = sums[:, :-1] / before_w
    after = (sums[:, -1:] - sums[:, :-1]) / (total_w - before_w)
    return np.asarray(((after - before) / np.sqrt(1 / before_w + 1 / (total_w - before_w))).max(axis=1))
