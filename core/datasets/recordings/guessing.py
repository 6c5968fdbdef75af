"""What the columns of an unknown table are likely to mean, from their names and first rows."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pandas as pd

from core.datasets.recordings import times
from core.datasets.recordings.dialect import is_number
from core.datasets.recordings.labels import normal_value
from core.datasets.recordings.numbers import TEXT_SHARE
from core.datasets.recordings.tablefile import Glimpse, glimpse
from core.datasets.recordings.tablemapping import Guess, TableMapping
from core.errors import UserError

_INDEX = re.compile(
    r"unnamed: ?\d+|column 1|index|idx|id|no|nr|n|#|udi|counter|years?|jahre?"
    r"|(row|sample|step|frame|seq|sequence)s?([ _]?(id|no|nr|number|index))?"
)
_LABEL = re.compile(
    r"(is[ _]?)?(label|labels|anomaly|anomalies|anomalous|outlier|fault|faulty|attack|failure|abnormal|changepoint)"
    r"|normal/attack|(attack|anomaly|fault|machine|ground)[ _]?(label|flag|failure|truth)|target"
    r"|störung|stoerung|fehler|anomalie|ausfall"
)
_UNIT = re.compile(
    r"(unit|machine|engine|asset|device|bearing|equipment|pump|motor|turbine|run|experiment|serial|vehicle|robot|tool)"
    r"([ _]?(id|nr|no|number|name|key))?"
)
_CONDITION = re.compile(
    r"(op|operat\w*)?[ _]?setting[ _]?\d*|.*set[ _-]?point.*|.*command.*|(.*[ _])?cmd([ _].*)?|.*regime.*"
)
_MANY_LABELS = 20


def guess(path: Path) -> Guess:
    """A mapping for one file and why. UserError where the file cannot be read or no column holds numbers."""
    seen = glimpse(path)
    cells = {name: [row[i] for row in seen.rows] for i, name in enumerate(seen.columns)}
    reasons: list[str] = []
    free = list(seen.columns)

    def take(name: str, why: str) -> None:
        free.remove(name)
        reasons.append(why)

    time, how = _time(cells, reasons)
    if time is not None:
        free.remove(time)
    for name in [one for one in free if _is_index(one, cells[one])]:
        take(name, f"«{name}» only counts the rows and is left out.")
    labels = [one for one in free if _LABEL.fullmatch(one.strip().casefold()) and _is_label(cells[one])]
    for name in labels[:1]:
        take(name, f"«{name}» says which rows are anomalous.")
    for name in labels[1:]:
        take(name, f"«{name}» looks like another label and is left out: as a sensor it would give the answer away.")
    unit = next((one for one in free if _UNIT.fullmatch(one.strip().casefold()) and _is_unit(cells[one])), None)
    if unit is not None:
        take(unit, f"«{unit}» says which unit a row belongs to.")
    for name in [one for one in free if _is_text(cells[one])]:
        take(name, f"«{name}» holds text and is left out.")
    conditions = tuple(one for one in free if _CONDITION.fullmatch(one.strip().casefold()))
    sensors = tuple(one for one in free if one not in conditions)
    if not sensors:
        raise UserError(
            f"No column of {path.name} holds numbers that could be a sensor's",
            str(path),
            "Check the separator and the header, or map the columns",
        )
    if conditions:
        reasons.append(f"Operating conditions, not judged themselves: {', '.join(conditions)}.")
    if time is None:
        reasons.append("No column looks like a time: the rows are taken in their order, as steps of equal length.")
    dialect = {} if seen.dialect is None else _dialect(seen, reasons)
    mapping = TableMapping(
        **dialect,
        time=time,
        time_format=how.format if how else "text",
        date_pattern=how.pattern if how else None,
        unit=unit,
        label=labels[0] if labels else None,
        sensors=sensors,
        conditions=conditions,
    )
    return Guess(mapping, tuple(reasons))


def preview(path: Path, rows: int = 20) -> pd.DataFrame:
    """The first rows as text, as the guess reads them. UserError where the file is no table."""
    seen = glimpse(path)
    return pd.DataFrame(seen.rows[:rows], columns=pd.Index(seen.columns), dtype="string")


def signature(path: Path) -> str:
    """sha256 of the column names and their types: files with the same one can share a mapping."""
    seen = glimpse(path)
    types = [kind if kind != "text" else _shape(i, seen) for i, kind in enumerate(seen.types)]
    mark = (seen.dialect.separator, seen.dialect.decimal) if seen.dialect else ()
    return hashlib.sha256(repr(("faultline.table.1", seen.columns, types, mark)).encode()).hexdigest()


def _shape(column: int, seen: Glimpse) -> str:
    return "text" if _is_text([row[column] for row in seen.rows]) else "number"


def _dialect(seen: Glimpse, reasons: list[str]) -> dict[str, object]:
    found = seen.dialect
    if found is None:
        return {}
    if not found.header:
        reasons.append("The first line holds numbers: the file has no header, and its columns are numbered.")
    if found.decimal == ",":
        reasons.append("Numbers are written with a decimal comma.")
    if found.encoding != "utf-8":
        reasons.append(f"The text is taken to be {found.encoding}.")
    return {
        "separator": found.separator,
        "decimal": found.decimal,
        "encoding": found.encoding,
        "header": found.header,
    }


def _time(cells: dict[str, list[str]], reasons: list[str]) -> tuple[str | None, times.Written | None]:
    """The column of times: dates before numbers, and the first of several."""
    found = {name: how for name, values in cells.items() if (how := times.written(values, name.strip()))}
    if not found:
        return None, None
    name = min(found, key=lambda one: found[one].format in ("number", "cycle"))
    how = found[name]
    words = {"text": "dates", "number": "seconds", "cycle": "cycles"}
    reasons.append(f"«{name}» is the time, written as {words.get(how.format, f'{how.format} since 1970')}.")
    if how.doubt:
        reasons.append(how.doubt)
    return name, how


def _is_index(name: str, values: list[str]) -> bool:
    """Whole numbers that rise by one from row to row, under such a name."""
    whole = [value.removesuffix(".0") for value in values]
    if not _INDEX.fullmatch(name.strip().casefold()) or not all(value.isdigit() for value in whole):
        return False
    return len(whole) > 2 and all(int(b) - int(a) == 1 for a, b in pairwise(whole))


def _is_label(values: list[str]) -> bool:
    distinct = sorted({value for value in values if value})
    if not 1 <= len(distinct) <= _MANY_LABELS:
        return False
    return normal_value(distinct) is not None or all(value in ("1", "1.0", "True") for value in distinct)


def _is_unit(values: list[str]) -> bool:
    """Names that repeat, or whole numbers that do: an identity, not a reading."""
    present = [value for value in values if value]
    if not present or any(is_number(value) and not value.removesuffix(".0").isdigit() for value in present):
        return False
    return len(set(present)) <= max(len(present) / 3, 1)


def _is_text(values: list[str]) -> bool:
    present = [value for value in values if value]
    return sum(not is_number(value) for value in present) > TEXT_SHARE * len(present)
