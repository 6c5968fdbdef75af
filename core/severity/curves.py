"""From the views of each time to a curve with intervals, for a part and for a fleet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from core.severity import scale
from core.severity.types import Curve, Estimate

FLEET = "all parts"


def curve(part: str, measure: str, values: Mapping[float, Sequence[float]]) -> Curve | None:
    """The curve of one measure from its finite ``values`` by hour; None where there is none.

    An estimate is the mean of its views on the scale of even noise, its interval a t interval with the variance pooled
    over all times and moderated by the prior: with one view per time the interval is the prior's.
    """
    from scipy import stats  # slow to import, and a page that only reads curves needs none of it

    kept = {hour: tuple(v for v in views if np.isfinite(v)) for hour, views in sorted(values.items())}
    kept = {hour: views for hour, views in kept.items() if views}
    if not kept:
        return None
    views = tuple(kept.values())
    sd, df = scale.spread(views)
    reach = float(stats.t.ppf(0.975, df)) * sd
    return Curve(part, measure, tuple(kept), views, tuple(_estimate(one, reach) for one in views))


def fleet(curves: Iterable[Curve]) -> Curve | None:
    """The mean part at each time at which at least two parts were photographed; None for fewer than two parts.

    Its share is the arithmetic mean of the parts' shares, with a t interval for the mean of all such parts at each time
    by itself: parts that begin alike come to differ as they rust.
    """
    from scipy import stats

    members = list(curves)
    if len(members) < 2:
        return None
    values: dict[float, list[float]] = defaultdict(list)
    for member in members:
        for hour, estimate in zip(member.hours, member.estimates, strict=True):
            values[hour].append(estimate.value)
    kept = {hour: tuple(shares) for hour, shares in sorted(values.items()) if len(shares) > 1}
    if not kept:
        return None
    estimates = []
    for shares in kept.values():
        mean, half = float(np.mean(shares)), float(stats.t.ppf(0.975, len(shares) - 1) * stats.sem(shares))
        estimates.append(Estimate(mean, max(mean - half, 0.0), min(mean + half, 1.0)))
    return Curve(FLEET, members[0].measure, tuple(kept), tuple(kept.values()), tuple(estimates))


def _estimate(views: Sequence[float], reach: float) -> Estimate:
    middle = float(scale.to_even(np.asarray(views)).mean())
    half = reach / np.sqrt(len(views))
    low, value, high = scale.to_share(np.array([middle - half, middle, middle + half]))
    return Estimate(float(value), float(low), float(high))
