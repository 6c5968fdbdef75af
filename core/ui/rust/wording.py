"""What a rust analysis says, in words for a room: shares, grades, status, forecast. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from core.charts.rusttime import TimeUnit
from core.charts.shares import between, surface
from core.datasets.wording import percent
from core.severity.types import Estimate, Grades, PartResult, Status

RI_WORDS = ("no rust", "first specks of rust", "slight rust", "clear rust", "heavy rust", "severe rust")
SPREAD = {"S": "in spots", "G": "all over", "P": "in pinpoints", "H": "in spots and pinpoints", None: ""}
CONVENTIONS = (
    "Rusted means the share of the part's own surface that was called rust; holes, shadows and the background do not "
    "count.",
    "ISO 4628-3 shows pictures, no intervals: here each picture's share (0.05, 0.5, 1 and 8\u00a0%) is the upper "
    "bound of "
    "Ri 1 to Ri 4. ASTM D610 grades by its table 1; its letter tells spots (S), all over (G), pinpoints (P), both (H).",
    "Intervals are 95\u00a0% unless said otherwise. A forecast continues the growth seen so far; it knows no change "
    "of use.",
)


@dataclass(frozen=True)
class StatusLook:
    """How a status is shown: word, icon and colour, always together; ``says`` is a sentence."""

    word: str
    icon: str
    colour: str
    says: str

    @property
    def badge(self) -> str:
        return f":{self.colour}-badge[{self.icon} {self.word}]"


STATUSES: dict[Status, StatusLook] = {
    "rusting": StatusLook("Rusting", ":material/trending_up:", "orange", "The rust grows more than chance allows."),
    "stable": StatusLook("Stable", ":material/check_circle:", "green", "No growth beyond what chance allows."),
    "uncertain": StatusLook("Cannot tell", ":material/help:", "yellow", "The photographs do not settle it."),
}


def interval(estimate: Estimate) -> str:
    """``3.1 to 5.4 %``."""
    return between(estimate.low, estimate.high)


def ri(grades: Grades) -> str:
    return f"Ri {grades.ri}"


def astm(grades: Grades) -> str:
    """Grade and distribution letter, ``4-G``; grade 10 has none."""
    return f"{grades.astm}-{grades.astm_distribution}" if grades.astm_distribution else str(grades.astm)


def european(grades: Grades) -> str:
    return f"Re {grades.european}"


def grade_line(grades: Grades) -> str:
    """``ISO 4628-3 Ri 4 · ASTM D610 4-G · European Re 5``."""
    return f"ISO 4628-3 {ri(grades)} · ASTM D610 {astm(grades)} · European {european(grades)}"


def grade_words(grades: Grades) -> str:
    """The grade as one would say it: ``Heavy rust, all over``."""
    spread = SPREAD[grades.astm_distribution]
    return f"{RI_WORDS[grades.ri].capitalize()}{', ' + spread if spread and grades.ri else ''}"


def forecast_words(result: PartResult, unit: TimeUnit) -> str:
    """When the limit is reached; or that it is not, or that nobody can tell, and why."""
    found, limit = result.forecast, surface(result.forecast.limit)
    if found.reason is not None:
        return found.reason
    if found.median_hours is None and found.observed:
        return f"The limit of {limit} may have been reached: a measured share meets it, within the noise."
    if found.median_hours is None:
        return f"The limit of {limit} is not reached within the horizon, {unit.long(found.horizon_hours)} ahead."
    return f"The limit of {limit} {'was' if found.observed else 'is'} reached on {unit.at(found.median_hours)}."


def interval_words(result: PartResult, unit: TimeUnit) -> str:
    """How sure that is: both intervals, or the share of resampled courses that reach the limit; "" for no forecast."""
    found = result.forecast
    if found.reason is not None:
        return ""
    if found.median_hours is None:
        return f"{percent(found.share_reached, 0)} of the resampled courses reach it."
    return (
        f"80\u00a0%: {_between(found.low80_hours, found.high80_hours, unit)} · "
        f"95\u00a0%: {_between(found.low95_hours, found.high95_hours, unit)}"
    )


def _between(low: float | None, high: float | None, unit: TimeUnit) -> str:
    """``day 9 to 14``, ``from day 9, perhaps not within the horizon``."""
    if low is None:
        return "beyond the horizon"
    if high is None:
        return f"from {unit.at(low)}, perhaps not within the horizon"
    return f"{unit.at(low)} to {unit.at(high).removeprefix(unit.name + ' ')}"


def rate_words(result: PartResult) -> str:
    """How fast it grows now, in points of the surface a day."""
    if result.fit is None:
        return ""
    rate = result.fit.rate_per_day
    return f"{100 * rate.value:.2g} points a day ({100 * rate.low:.2g} to {100 * rate.high:.2g})"


def health(share: float, limit: float) -> float:
    """1 for no rust, 0 at the limit or beyond."""
    return min(max(1 - share / limit, 0.0), 1.0)


def sentence(result: PartResult, at: int, unit: TimeUnit) -> str:
    """The state of a part at a time in one sentence."""
    now = result.rust.estimates[at]
    return f"On {unit.at(result.rust.hours[at])}, {surface(now.value)} of the surface has rusted ({interval(now)})."
