"""What the stages of a rust analysis hand to each other: photographs, measurements, curves, results.

Areas are fractions in [0, 1] everywhere in Python; only the command line, the pages and reports speak of percent.
Times are hours since the first photograph of the part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Rgb = NDArray[np.uint8]
Status = Literal["rusting", "stable", "uncertain"]


@dataclass(frozen=True)
class Photo:
    """One photograph of one part. ``view`` tells photographs of the same time apart (``"1"``, ``"2"``, ``"left"``…)."""

    part: str
    hours: float
    view: str
    path: Path


@dataclass(frozen=True)
class Measurement:
    """One measure of one photograph.

    ``value`` is a fraction of the part's area for area measures, the mean error in [0, 1] for the VAE; ``heat`` is the
    evidence per pixel (h, w) float32, ``mask`` the pixels called rust, None where a measure calls none.
    """

    photo: Photo
    measure: str
    value: float
    heat: NDArray[np.float32] | None = None
    mask: Mask | None = None


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """One measure of one part over time: ``estimates[i]`` at ``hours[i]`` from the values ``views[i]``."""

    part: str
    measure: str
    hours: tuple[float, ...]
    views: tuple[tuple[float, ...], ...]
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True)
class Fit:
    """A growth model fitted to a curve: ``parameters`` by its own names, ``weights`` of all candidates (AICc)."""

    model: str
    parameters: dict[str, float]
    rate_per_day: Estimate
    weights: dict[str, float]


@dataclass(frozen=True)
class Forecast:
    """When a limit is crossed, in hours since the first photograph. None stands for "not reached within the horizon".

    ``horizon_hours`` counts from the last photograph. ``observed`` is true where the crossing lies between two
    photographs: it is then interpolated, not forecast. ``reason`` says why there is no forecast (fewer than three
    times, above the limit from the start), and is None where there is one.
    """

    limit: float
    horizon_hours: float
    median_hours: float | None = None
    low80_hours: float | None = None
    high80_hours: float | None = None
    low95_hours: float | None = None
    high95_hours: float | None = None
    share_reached: float = 0.0
    observed: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Fan:
    """What the growth models expect of the measured curve: fractions (m,) at ``hours`` (m,)."""

    hours: tuple[float, ...]
    median: tuple[float, ...]
    low80: tuple[float, ...]
    high80: tuple[float, ...]
    low95: tuple[float, ...]
    high95: tuple[float, ...]


@dataclass(frozen=True)
class Alert:
    """A rule that a part breaks: ``certain`` where the whole interval is beyond it, else somebody should look."""

    rule: Literal["limit", "rate"]
    certain: bool
    sentence: str


@dataclass(frozen=True)
class Grades:
    """Standard grades of one rusted fraction."""

    ri: int
    astm: int
    astm_distribution: Literal["S", "G", "P", "H"] | None
    european: int
    action: str


@dataclass(frozen=True)
class PartResult:
    """All that is known of one part. ``curves`` by measure; ``rust`` is the one that grades and forecast follow."""

    part: str
    rust: Curve
    curves: dict[str, Curve]
    grades: tuple[Grades, ...]
    status: Status
    fit: Fit | None
    forecast: Forecast
    fan: Fan | None = None
    alerts: tuple[Alert, ...] = ()
    remarks: tuple[str, ...] = field(default=())
