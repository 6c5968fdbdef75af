"""From the types of the analysis to the figures and stories of ``core.charts``."""

from __future__ import annotations

import numpy as np

from core.charts import rust as charts
from core.charts.rusttime import TimeUnit, unit_of
from core.severity.types import Curve, PartResult


def unit(result: PartResult) -> TimeUnit:
    """The unit of time for a part's series."""
    return unit_of(result.rust.hours[-1])


def severity(curve: Curve, name: str) -> charts.Severity:
    """A curve as arrays."""
    figures = np.array([(one.value, one.low, one.high) for one in curve.estimates])
    return charts.Severity(name, np.array(curve.hours), *figures.T)


def crossing(result: PartResult) -> charts.Crossing | None:
    """When the limit is crossed; None where there is no forecast."""
    found = result.forecast
    if found.reason is not None:
        return None
    return charts.Crossing(
        found.median_hours, found.low80_hours, found.high80_hours, found.low95_hours, found.high95_hours
    )


def fan(result: PartResult) -> charts.Fan | None:
    """What growth is expected, from the last photograph on."""
    if result.fan is None:
        return None
    hours = np.array(result.fan.hours)
    ahead = hours >= result.rust.hours[-1]
    bands = ("median", "low80", "high80", "low95", "high95")
    return charts.Fan(hours[ahead], *(np.array(getattr(result.fan, band))[ahead] for band in bands))
