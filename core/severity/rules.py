"""The rules that a part may break: a limit on its rusted share, and one on how fast it grows."""

from __future__ import annotations

from core.charts.shares import between, surface
from core.severity.types import Alert, Curve


def alerts(rust: Curve, at: int, limit: float, rate_limit_per_day: float | None) -> tuple[Alert, ...]:
    """What the rules say of a part at its time number ``at``: ``limit`` on the share (a fraction), and the growth since
    the time before, a fraction a day, None for no such rule. A share whose interval alone reaches the limit speaks up
    from half of the limit on: below that, wide intervals would cry about clean parts."""
    now, found = rust.estimates[at], []
    if now.high >= limit and now.value >= limit / 2:
        certain = now.low >= limit
        how = "is above" if certain else "may be above"
        found.append(
            Alert(
                "limit", certain, f"The rusted share {how} the limit of {surface(limit)}: {between(now.low, now.high)}."
            )
        )
    if rate_limit_per_day is not None and at > 0:
        before, days = rust.estimates[at - 1], (rust.hours[at] - rust.hours[at - 1]) / 24
        rate, surely = (now.value - before.value) / days, (now.low - before.high) / days
        if rate > rate_limit_per_day:
            grown = f"It grew by {100 * rate:.2g} points a day since the photographs before"
            certain = surely > rate_limit_per_day
            found.append(Alert("rate", certain, f"{grown}; the rule allows {100 * rate_limit_per_day:.2g}."))
    return tuple(found)
