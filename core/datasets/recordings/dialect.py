"""How a text table is written: encoding, separator, decimal mark, header. From its first lines alone."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from core.errors import UserError

_HEAD = 262144
_SEPARATORS = (",", ";", "\t", "|", " ")
MISSING = ("", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "none", "-", "?", "NaT")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
_SPACES = "'’ \u00a0\u202f"  # what else stands between thousands
GROUPED = {  # numbers whose thousands are set apart, by decimal mark: the mark between them, and the fraction
    mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}([{other}{_SPACES}])\d{{3}}(?:\1\d{{3}})*({re.escape(mark)}\d+)?")
    for mark, other in ((".", ","), (",", "."))
}


@dataclass(frozen=True)
class Dialect:
    """``rows`` are the first rows below the header, as text."""

    encoding: str
    separator: str
    decimal: Literal[".", ","]
    header: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def dialect_of(path: Path) -> Dialect:
    """UserError for an empty file, one that is no text, and one with nothing below its header."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise UserError(f"{path.name} is empty", str(path))
    encoding = _encoding(head, path)
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    if len(head) == _HEAD:
        text = text[: text.rfind("\n") + 1] or text  # the last line may be cut
    if not text.strip():
        raise UserError(f"{path.name} is empty", str(path))
    lines = io.StringIO(text, newline=None)  # all ways to end a line
    try:
        separator = _separator(text)
        table = [tuple(cell.strip() for cell in row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error as error:
        raise UserError(f"{path.name} is no table ({error})", str(path), "Export it as CSV or Parquet") from error
    first, rest = table[0], table[1:]
    header = not all(is_number(cell) for cell in first if cell) or not any(first)
    columns = unique(first) if header else tuple(f"column {i + 1}" for i in range(len(first)))
    rows = rest if header else table
    if not rows:
        raise UserError(f"{path.name} has a header and no rows below it", str(path))
    return Dialect(encoding, separator, _decimal(rows), header, columns, tuple(rows[:2000]))


def unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """Column names that are not empty and do not repeat."""
    found: list[str] = []
    for index, name in enumerate(names, start=1):
        base = shown(name) or f"column {index}"
        candidate, n = base, 2
        while candidate in found:
            candidate, n = f"{base} ({n})", n + 1
        found.append(candidate)
    return tuple(found)


def shown(value: object) -> str:
    """The beginning of a cell on one line, for a sentence."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:80]


def is_number(cell: str) -> bool:
    """With a decimal point or comma, thousands set apart or not; words for missing values are none."""
    text = cell.strip()
    if any(pattern.fullmatch(text) for pattern in GROUPED.values()):
        return True
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _encoding(head: bytes, path: Path) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\x00" in head:
        raise UserError(f"{path.name} is no text table", str(path), "Export it as CSV or Parquet")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(head) == _HEAD and error.start >= len(head) - 3  # within the last character
        return "utf-8" if cut else "cp1252"
    return "utf-8"


def _separator(text: str) -> str:
    """The one that cuts most lines into the same number of cells, two or more; comma where none does."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    best, best_rank = ",", (0.0, 0)
    for separator in _SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        usual = int(median(counts))
        if usual < 2:
            continue
        rank = (sum(n == usual for n in counts) / len(counts), usual)
        # A decimal comma cuts lines as evenly as a separator: with semicolons or tabs about, it is none.
        if separator == "," and best in (";", "\t", "|"):
            continue
        if separator == " " and best_rank[0] > 0.5:
            continue
        if rank[0] > best_rank[0] + 0.2 or (best == "," and separator in (";", "\t", "|") and rank[0] >= 0.7):
            best, best_rank = separator, rank
    return best


def _decimal(rows: list[tuple[str, ...]]) -> Literal[".", ","]:
    """What most numbers have. 1,451 may be a thousand and more: such cells decide only where no others do."""
    cells = [cell for row in rows[:500] for cell in row]
    clear = {mark: sum(_clearly(cell, mark) for cell in cells) for mark in GROUPED}
    if clear[","] == clear["."]:
        commas = sum(bool(_COMMA_NUMBER.fullmatch(cell)) for cell in cells)
        return "," if commas > sum(bool(_POINT_NUMBER.fullmatch(cell)) for cell in cells) else "."
    return "," if clear[","] > clear["."] else "."


def _clearly(cell: str, mark: str) -> bool:
    """Whether a number has this decimal mark, and cannot have it between thousands."""
    grouped = GROUPED[mark].fullmatch(cell)
    if grouped:
        return bool(grouped[2])
    plain = _COMMA_NUMBER if mark == "," else _POINT_NUMBER
    return bool(plain.fullmatch(cell)) and not GROUPED["." if mark == "," else ","].fullmatch(cell)
