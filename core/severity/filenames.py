"""Part, time and view from a file's name: ``<part>-T<hours>[-<view>]``, days, weeks and dates.

A time is either *elapsed* (T24, 24h, day 3, week 2: counted by the person) or *absolute* (a date). Folders count as
part of the name, so that ``bolt/week 2/left.jpg`` says as much as ``bolt-W2-left.jpg``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

HOURS_A_DAY = 24.0
HOURS_A_WEEK = 168.0
ONLY_VIEW = "main"  # the view of a name that tells none

_AHEAD, _BEHIND = r"(?:^|(?<=[-_ /.]))", r"(?=$|[-_ /])"
_NUMBER = r"(\d{1,6}(?:[.,]\d+)?)"
_DATE = re.compile(
    _AHEAD + r"(?:((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])|"
    r"(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.((?:19|20)\d\d))"
    r"(?:[-_ T/](\d\d)[-h:_.]?(\d\d)(?:[-:_.]?\d\d)?)?" + _BEHIND
)
_ISO_WEEK = re.compile(_AHEAD + r"((?:19|20)\d\d)-?W(\d\d)" + _BEHIND, re.IGNORECASE)
_ELAPSED = re.compile(
    _AHEAD
    + rf"(?:T{_NUMBER}(?:h|hrs|hours)?|{_NUMBER}[ _]?(?:h|hrs|hours)|"
    + rf"(?:D|day|tag)[-_ ]?{_NUMBER}|(?:W|KW|wk|week|woche)[-_ ]?{_NUMBER})"
    + _BEHIND,
    re.IGNORECASE,
)
_SEPARATORS = "-_ /."
_TRAILING_VIEW = re.compile(r"^(.*?\D)[-_ ](\d{1,3}|left|right|top|bottom|front|back|side)$", re.IGNORECASE)

_CAMERA = re.compile(r"^(?:IMG|DSC|DSCN|DSCF|P|PXL|MVIMG|image|photo|picture)?[-_ ]?\d+$", re.IGNORECASE)

Clock = Literal["hours", "days and weeks", "dates"]


@dataclass(frozen=True)
class Named:
    """What a name says. ``hours`` by the clock ``hours`` or ``days and weeks``, ``moment`` by the clock ``dates``.

    ``objection`` says why the name cannot be trusted; all of clock, hours and moment are None where it tells no time.
    """

    part: str
    view: str
    clock: Clock | None = None
    hours: float | None = None
    moment: datetime | None = None
    objection: str | None = None


def parse(path: PurePosixPath) -> Named:
    """The part, time and view that a path, relative to the folder of photographs, tells."""
    text = str(path)[: -len(path.suffix)] if path.suffix else str(path)
    for found, moment in _dates(text):
        part, view = _around(text, found)
        return Named(part, view, "dates", moment=moment)
    marks = list(_ELAPSED.finditer(text))
    if not marks:
        part, view = _split_view(text)
        return Named(part, view)
    # A part may be called "Torx T20 bolt": a mark between blanks gives way to one that is set off as the scheme has it.
    set_off = [mark for mark in marks if mark.start() == 0 or text[mark.start() - 1] != " "]
    chosen = (set_off or marks)[-1]
    part, view = _around(text, chosen)
    if len(set_off) > 1:
        several = " and ".join(mark.group() for mark in set_off)
        return Named(part, view, objection=f"its name tells more than one time ({several}): name one part and one time")
    clock, hours = _elapsed(chosen)
    return Named(part, view, clock, hours)


def _dates(text: str) -> list[tuple[re.Match[str], datetime]]:
    """Dates that exist: 2025-02-31 is not one."""
    found = []
    for match in _ISO_WEEK.finditer(text):
        try:
            found.append((match, datetime.fromisocalendar(int(match[1]), int(match[2]), 1)))
        except ValueError:
            continue
    for match in _DATE.finditer(text):
        year, _, month, day, late_day, late_month, late_year, hour, minute = match.groups()
        try:
            date = datetime(int(year or late_year), int(month or late_month), int(day or late_day))
            found.append((match, date.replace(hour=int(hour or 0), minute=int(minute or 0))))
        except ValueError:
            continue
    return found


def _elapsed(match: re.Match[str]) -> tuple[Clock, float]:
    for number, factor in zip(match.groups(), (1.0, 1.0, HOURS_A_DAY, HOURS_A_WEEK), strict=True):
        if number is not None:
            return "hours" if factor == 1.0 else "days and weeks", float(number.replace(",", ".")) * factor
    raise AssertionError("every alternative of the pattern holds a number")


def _around(text: str, mark: re.Match[str]) -> tuple[str, str]:
    """The part stands before the time and the view after it; the part after it where nothing stands before."""
    before, after = text[: mark.start()].strip(_SEPARATORS), text[mark.end() :].strip(_SEPARATORS)
    return (before, after or ONLY_VIEW) if before else _split_view(after)


def _split_view(text: str) -> tuple[str, str]:
    """A name without a time. What a camera calls its pictures names no part: that is the folder's then, or nobody's."""
    folder, _, last = text.rpartition("/")
    if _CAMERA.match(last):
        return folder, last
    found = _TRAILING_VIEW.match(text)
    return (found[1], found[2]) if found else (text, ONLY_VIEW)
