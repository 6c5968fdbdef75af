"""The verb about rust: how far every part in a folder of photographs has rusted, how fast, and when the limit comes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.output import console_progress, emit, table
from core.datasets.wording import percent
from core.errors import UserError

if TYPE_CHECKING:
    from core.severity.settings import RustSettings
    from core.severity.types import Forecast, PartResult


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options of ``python -m core rust``. Shares are percent, times hours."""
    verb.add_argument(
        "--images", type=Path, required=True, help="folder of photographs, named <part>-T<hours>[-<view>], or dated"
    )
    verb.add_argument("--limit", type=float, default=8.0, metavar="PERCENT", help="rusted share to forecast (8)")
    verb.add_argument(
        "--horizon",
        type=float,
        metavar="HOURS",
        help="how far beyond the last photograph to look (twice the time seen)",
    )
    verb.add_argument("--rate", type=float, metavar="PERCENT", help="alert when the share grows faster than this a day")
    verb.add_argument("--measures", metavar="NAMES", help="measures to take, with commas between (default: all)")
    verb.add_argument("--measure", metavar="NAME", help="the measure that grades and forecast follow (colour)")
    verb.add_argument("--corrections", type=Path, metavar="FILE", help="JSON of corrected outlines")
    verb.add_argument("--actions", type=Path, metavar="FILE", help="CSV of suggested actions, a line for each Ri")


def rust(options: argparse.Namespace) -> None:
    """Analyse every part; the JSON has every measure with its interval, the grades, the fit and the forecast."""
    from core.severity import correction
    from core.severity.analysis import analyse
    from core.severity.photos import read_photos

    settings, corrections = _settings(options), {}
    if options.corrections is not None:
        if not options.corrections.is_file():
            raise UserError("There is no file of corrected outlines", str(options.corrections), "Name an existing one")
        corrections = correction.load(options.corrections)
    progress = console_progress()
    photos = read_photos(options.images, progress.part(0.0, 0.1))
    if not photos.items:
        raise UserError(
            "No photograph tells a time", str(options.images), "Name photographs <part>-T<hours>[-<view>], or by date"
        )
    found = analyse(photos, settings, corrections, progress.part(0.1, 1.0))
    lines = [table([_row(part) for part in found.parts])]
    lines += [f"{part.part}: {alert.sentence}" for part in found.parts for alert in part.alerts]
    lines += [f"{part.part}: {remark}" for part in found.parts for remark in part.remarks]
    lines += [*found.notes, *(f"left out: {one.name}: {one.reason}" for one in photos.rejected)]
    emit(found.to_json(), options.json, "\n".join(lines))


def _settings(options: argparse.Namespace) -> RustSettings:
    """UserError for a limit, horizon or rate that means nothing."""
    from pydantic import ValidationError

    from core.severity.grades import read_actions
    from core.severity.settings import RustSettings

    asked = {
        "limit": options.limit / 100,
        "horizon_hours": options.horizon,
        "rate_limit_per_day": None if options.rate is None else options.rate / 100,
        "measures": tuple(name.strip() for name in options.measures.split(",")) if options.measures else None,
        "actions": read_actions(options.actions) if options.actions else None,
    }
    if options.measure:
        asked["rust_measure"] = options.measure
    try:
        return RustSettings.model_validate(asked)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        told = {
            "limit": ("The limit is no share of a surface", "--limit", "Give percent, above 0 and below 100"),
            "horizon_hours": ("The horizon is no time", "--horizon", "Give hours, above 0"),
            "rate_limit_per_day": ("The rate is no growth", "--rate", "Give percent a day, above 0"),
        }
        raise UserError(*told[field]) from None


def _row(part: PartResult) -> dict[str, object]:
    last, grade = part.rust.estimates[-1], part.grades[-1]
    return {
        "part": part.part,
        "status": part.status,
        "rusted, %": f"{100 * last.value:.2f} ({100 * last.low:.2f} to {100 * last.high:.2f})",
        "Ri": str(grade.ri),
        "D610": f"{grade.astm}{'-' + grade.astm_distribution if grade.astm_distribution else ''}",
        "action": grade.action,
        f"{percent(part.forecast.limit)} at": _crossing(part.forecast),
    }


def _crossing(forecast: Forecast) -> str:
    if forecast.reason is not None:
        return "unknown: " + forecast.reason
    if forecast.median_hours is None:
        return "not reached within the horizon"
    high = "beyond the horizon" if forecast.high80_hours is None else f"{forecast.high80_hours:.0f} h"
    return f"{forecast.median_hours:.0f} h (80\u00a0%: {forecast.low80_hours:.0f} h to {high})"
