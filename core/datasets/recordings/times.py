"""Time columns: what they are written in, and their values as seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.recordings.dialect import shown
from core.datasets.recordings.tablemapping import TableMapping, TimeFormat
from core.datasets.series import TimeUnit
from core.errors import UserError

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
MOST = 0.9  # of the cells of a column of times look like one
PER_SECOND: dict[str, float] = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d([T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?")
_ZONED = re.compile(r"\d\s?(?:Z|[+-]\d\d:?\d\d)$")
_OFFSET = re.compile(r"(\s?)(?:Z|[+-]\d\d:?\d\d)$")
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})[./-](\d{1,4})")
_CLOCK = re.compile(r"[T ]+(\d{1,2}):(\d\d)(:\d\d)?([.,]\d+)?\s*([AaPp][Mm])?")


@dataclass(frozen=True)
class Written:
    """How a time column is written; ``doubt`` is a sentence where another reading is as good."""

    format: TimeFormat
    pattern: str | None = None
    doubt: str | None = None


def written(cells: Sequence[str], name: str) -> Written | None:
    """How these cells, some of a column's, may be read as times; None where they are none. Plain numbers are times
    only where the column's name says so, or where they can be nothing else. A few cells may be broken: the reader then
    says which."""
    cells = [cell for cell in cells if cell]
    if not cells:
        return None
    enough = MOST * len(cells)
    if sum(_ISO.fullmatch(cell) is not None and not cell.isdigit() for cell in cells) >= enough:
        return Written("text")
    numbers = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) >= enough:
        return _numeric(numbers, name)
    dates = [cell for cell in cells if _DATE.match(cell)]
    return _dates(dates) if len(dates) >= enough else None


def _numeric(numbers: NDArray[np.float64], name: str) -> Written | None:
    low, high = np.quantile(numbers, [0.05, 0.95])
    rising = bool((np.diff(numbers) >= 0).mean() > 0.9) if len(numbers) > 1 else True
    named = re.search(r"time|date|epoch|unix|^ts$|^t$", name.casefold()) is not None
    for unit, factor in PER_SECOND.items():
        # From 1990 on: the units do not overlap, and sensors that rise steadily through such numbers are rare.
        if (rising or named) and low / factor >= 631152000 and high / factor <= LATEST:
            return Written(unit) if named or unit != "s" else None  # type: ignore[arg-type]
    if not rising and not re.fullmatch(r"t|time|timestamp|seconds", name.casefold()):
        return None
    if re.fullmatch(r"cycles?|cycle[ _]?(no|number|index)?|time[ ,_(\[]+in[ _]cycles\W*", name.casefold()):
        return Written("cycle")
    if named or re.fullmatch(r"seconds?|sec|elapsed.*|t[ _]*[\[(]?s(ec(onds?)?)?[\])]?", name.casefold()):
        return Written("number")
    return None


def _dates(cells: Sequence[str]) -> Written | None:
    parts = [match for cell in cells if (match := _DATE.match(cell))]
    mark = parts[0][2]
    first, second = ([int(match[i]) for match in parts] for i in (1, 3))
    doubt = None
    if len(parts[0][1]) == 4:
        date = f"%Y{mark}%m{mark}%d"
    else:
        year = "%Y" if len(parts[0][4]) == 4 else "%y"
        day_first = max(first) > 12 or (max(second) <= 12 and (mark == "." or not _rises(second, first)))
        if mark != "." and max(first) <= 12 and max(second) <= 12:
            order = "day before month" if day_first else "month before day"
            doubt = f"Dates such as {cells[0]} could be read either way; they are read as {order}."
        date = f"%d{mark}%m{mark}{year}" if day_first else f"%m{mark}%d{mark}{year}"
    rest = cells[0][parts[0].end() :]
    if not rest:
        return Written("text", date, doubt)
    clock = _CLOCK.match(rest)
    if clock is None:
        return None
    hours = "%I" if clock[5] else "%H"
    seconds = "" if clock[3] is None else ":%S"
    fraction = "" if clock[4] is None else f"{clock[4][0]}%f"
    gap = rest[: len(rest) - len(rest.lstrip("T "))]
    suffix = rest[clock.end() - (len(clock[5]) if clock[5] else 0) - 1 :]
    ampm = (" %p" if suffix.startswith(" ") else "%p") if clock[5] else ""
    offset = _OFFSET.search(rest)
    zone = f"{offset[1]}%z" if offset else ""
    return Written("text", f"{date}{gap}{hours}:%M{seconds}{fraction}{ampm}{zone}", doubt)


def _rises(days: Sequence[int], months: Sequence[int]) -> bool:
    """Whether month-then-day dates would never step back, and move in days."""
    stamps = [month * 31 + day for month, day in zip(months, days, strict=True)]
    rising = all(b >= a for a, b in pairwise(stamps))
    flipped = [day * 31 + month for month, day in zip(months, days, strict=True)]
    return rising and stamps[-1] - stamps[0] < flipped[-1] - flipped[0]


def time_unit(mapping: TableMapping) -> TimeUnit:
    if mapping.time is None:
        return "step"
    if mapping.time_format == "cycle":
        return "cycle"
    return "s" if mapping.time_format == "number" else "epoch"


def seconds(column: pd.Series, mapping: TableMapping, where: str) -> tuple[NDArray[np.float64], list[str]]:
    """(n,) float64 in the set's time unit, NaN where no time was written, and notes. UserError, naming the first row,
    for what is no time or lies outside the years 1900 to 2200."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return _stamps(column, mapping, where)
    if mapping.time_format == "text":
        return _parsed(column.astype("string"), mapping, where)
    numbers = pd.to_numeric(column.astype("string") if column.dtype == object else column, errors="coerce")
    found = numbers.to_numpy(np.float64, na_value=np.nan)
    _refuse(~np.isfinite(found) & column.notna().to_numpy(), column, where, "is no time")
    if mapping.time_format in PER_SECOND:
        found = found / PER_SECOND[mapping.time_format]
        _refuse((found < EARLIEST) | (found > LATEST), column, where, "lies outside the years 1900 to 2200")
    else:
        _refuse(np.abs(found) > 2.0**53, column, where, "is too large for a time")
    return found, []


def _parsed(text: pd.Series, mapping: TableMapping, where: str) -> tuple[NDArray[np.float64], list[str]]:
    pattern = mapping.date_pattern
    if pattern is None or ",%f" in pattern:  # decimal commas of seconds, which pandas does not read
        text = text.str.replace(r",(?=\d)", ".", regex=True)
        pattern = pattern and pattern.replace(",%f", ".%f")
    sample = text.dropna().head(1000)
    zoned = "%z" in pattern if pattern else bool(len(sample)) and bool(sample.str.contains(_ZONED).any())
    stamps = pd.to_datetime(text, format=pattern or "ISO8601", errors="coerce", utc=zoned)
    if pattern and "%S" in pattern and "%f" not in pattern:  # the pattern comes from a few cells: others have fractions
        late = stamps.isna() & text.notna()
        if late.any():
            stamps[late] = pd.to_datetime(text[late], format=pattern.replace("%S", "%S.%f"), errors="coerce", utc=zoned)
    _refuse((stamps.isna() & text.notna()).to_numpy(), text, where, "is no time as the others, or far outside our time")
    found, notes = _stamps(stamps, mapping, where)
    return found, notes


def _stamps(stamps: pd.Series, mapping: TableMapping, where: str) -> tuple[NDArray[np.float64], list[str]]:
    notes = []
    missing = stamps.isna().to_numpy()
    if isinstance(stamps.dtype, pd.DatetimeTZDtype):
        zone = str(stamps.dtype.tz)
        notes.append(f"{where}: times carry {'their offset' if zone == 'UTC' else f'a zone ({zone})'}; shown in UTC.")
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    elif mapping.zone != "UTC":
        stamps = _localized(stamps, mapping.zone)
        notes.append(f"{where}: times were written in {mapping.zone} and are shown in UTC.")
    else:
        notes.append(f"{where}: times without a zone are taken for UTC.")
    found = stamps.to_numpy("datetime64[us]").astype(np.int64) / 1e6
    found[missing] = np.nan
    _refuse((found < EARLIEST) | (found > LATEST), stamps, where, "lies outside the years 1900 to 2200")
    return found, notes


def _localized(stamps: pd.Series, zone: str) -> pd.Series:
    """Local to UTC. The hour that the autumn repeats is told apart by order where possible, the one that spring skips
    is moved on."""
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UserError(f"There is no time zone {zone}", "", "Name one such as Europe/Berlin") from error
    try:
        local = stamps.dt.tz_localize(known, ambiguous="infer", nonexistent="shift_forward")
    except ValueError:  # order does not tell
        local = stamps.dt.tz_localize(known, ambiguous=np.zeros(len(stamps), bool), nonexistent="shift_forward")
    return local.dt.tz_convert("UTC").dt.tz_localize(None)


def _refuse(bad: NDArray[np.bool_], column: pd.Series, where: str, why: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise UserError(
            f"The time «{shown(column.iloc[row])[:40]}» in row {row + 1} {why}",
            where,
            "Correct the row, or map another column or format as the time",
        )
