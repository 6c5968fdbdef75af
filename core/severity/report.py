"""An analysis as plain figures: the JSON of the command line, and the rows of a table. Percent and hours."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.severity.measures.registry import MEASURES
from core.severity.types import Curve, Estimate, Fit, Forecast, PartResult

if TYPE_CHECKING:
    from core.severity.analysis import Analysis

DIGITS = 4  # of a percentage: 0.0001 % is one pixel of a megapixel


def as_json(analysis: Analysis) -> dict[str, Any]:
    """Every part with every measure, grade, fit and forecast; NaN becomes None."""
    return {
        "parts": {part.part: _part(part) for part in analysis.parts},
        "fleet": _curve(analysis.fleet) if analysis.fleet else None,
        "photographs": [
            {
                "file": one.photo.path.name,
                "part": one.photo.part,
                "hours": one.photo.hours,
                "view": one.photo.view,
                "values": {name: _percent(value) for name, value in one.values.items()},
                "remarks": list(one.remarks),
            }
            for one in analysis.records
        ],
        "settings": analysis.settings.model_dump(mode="json"),
        "notes": list(analysis.notes),
    }


def rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row per part and time, for a table or a CSV file."""
    return [
        {
            "part": part.part,
            "hours": hour,
            "views": len(part.rust.views[i]),
            "rust_percent": _percent(estimate.value),
            "low95": _percent(estimate.low),
            "high95": _percent(estimate.high),
            "iso_ri": part.grades[i].ri,
            "astm_d610": f"{part.grades[i].astm}{'-' + letter if (letter := part.grades[i].astm_distribution) else ''}",
            "european_re": part.grades[i].european,
            "action": part.grades[i].action,
            **{
                f"{name}_percent": _percent(curve.estimates[curve.hours.index(hour)].value)
                for name, curve in part.curves.items()
                if name != part.rust.measure and hour in curve.hours
            },
        }
        for part in analysis.parts
        for i, (hour, estimate) in enumerate(zip(part.rust.hours, part.rust.estimates, strict=True))
    ]


def _part(part: PartResult) -> dict[str, Any]:
    rust = _curve(part.rust)
    return {
        "times_h": rust["times_h"],
        "rust_percent": rust["percent"],
        "ci95": rust["ci95"],
        "measure": part.rust.measure,
        "ri": [one.ri for one in part.grades],
        "astm": [one.astm for one in part.grades],
        "astm_distribution": [one.astm_distribution for one in part.grades],
        "european": [one.european for one in part.grades],
        "action": [one.action for one in part.grades],
        "measures": {
            name: _curve(curve) | {"title": MEASURES[name].info.title, "is_area": MEASURES[name].info.is_area}
            for name, curve in part.curves.items()
        },
        "status": part.status,
        "fit": _fit(part.fit) if part.fit else None,
        "forecast": _forecast(part.forecast),
        "alerts": [asdict(alert) for alert in part.alerts],
        "remarks": list(part.remarks),
    }


def _curve(curve: Curve) -> dict[str, Any]:
    return {
        "times_h": list(curve.hours),
        "percent": [_percent(estimate.value) for estimate in curve.estimates],
        "ci95": [_interval(estimate) for estimate in curve.estimates],
        "views": [[_percent(value) for value in views] for views in curve.views],
    }


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "model": fit.model,
        "parameters": fit.parameters,
        "points_per_day": _percent(fit.rate_per_day.value),
        "points_per_day_ci95": _interval(fit.rate_per_day),
        "weights": fit.weights,
    }


def _forecast(forecast: Forecast) -> dict[str, Any]:
    """``reached`` is None where there is no forecast; a bound of None lies beyond the horizon."""
    told = forecast.reason is None
    return {
        "limit_percent": _percent(forecast.limit),
        "horizon_h": forecast.horizon_hours,
        "median_h": forecast.median_hours,
        "ci80_h": [forecast.low80_hours, forecast.high80_hours] if told else None,
        "ci95_h": [forecast.low95_hours, forecast.high95_hours] if told else None,
        "share_reached": forecast.share_reached if told else None,
        "reached_within_horizon": forecast.median_hours is not None if told else None,
        "between_photographs": forecast.observed,
        "reason": forecast.reason,
    }


def _interval(estimate: Estimate) -> list[float | None]:
    return [_percent(estimate.low), _percent(estimate.high)]


def _percent(value: float) -> float | None:
    return round(100 * value, DIGITS) if math.isfinite(value) else None
