"""How bad each failure mode is: tables that people keep, checked line by line.

A table is a CSV with the columns ``failure_mode`` and ``severity`` (0 to 1), or a failure mode and effects analysis
with ``failure_mode``, ``S`` (1 to 10) and, ignored, ``O`` and ``D``: severity is (S - 1) / 9. The risk priority number
is not used, for it would count how rare a fault is a second time.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import UserError
from core.validation import place, remedy

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "continual" / "severity"
WORST = 10  # of an FMEA's scale, which begins at 1


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    failure_mode: str = Field(min_length=1)
    severity: float = Field(gt=0, le=1)


class _FmeaRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    failure_mode: str = Field(min_length=1)
    severity: int = Field(alias="S", ge=1, le=WORST)
    occurrence: int | None = Field(None, alias="O", ge=1, le=WORST)
    detection: int | None = Field(None, alias="D", ge=1, le=WORST)


@dataclass(frozen=True)
class SeverityTable:
    """Severity in [0, 1] by failure mode. Equal tables have equal ``sha256``, whatever the order of their rows."""

    name: str
    rows: tuple[tuple[str, float], ...]

    @property
    def sha256(self) -> str:
        """Of modes and severities."""
        text = "".join(f"{mode}\t{severity:.6g}\n" for mode, severity in sorted(self.rows))
        return hashlib.sha256(text.encode()).hexdigest()

    def severity(self, mode: str) -> float:
        """Of one failure mode. UserError where it is not in the table."""
        self.require([mode])
        return dict(self.rows)[mode]

    def require(self, modes: Iterable[str]) -> None:
        """UserError that names the failure modes without a row, if there are any."""
        known = dict(self.rows)
        holes = [mode for mode in modes if mode not in known]
        if holes:
            what = f"The severity table has no row for {', '.join(f'«{mode}»' for mode in holes)}"
            raise UserError(what, self.name, "Add a row for each, with a severity from 0 to 1")

    def to_csv(self) -> str:
        """The table as people edit it."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["failure_mode", "severity"])
        writer.writerows([mode, f"{severity:.6g}"] for mode, severity in self.rows)
        return out.getvalue()


def read_severities(name: str) -> SeverityTable:
    """A table of ``assets/continual/severity`` by name, or a CSV file by path."""
    path = Path(name) if name.endswith(".csv") else FOLDER / f"{name}.csv"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.csv")))
        raise UserError(
            "The severity table cannot be read", str(path), f"Name a CSV file, or one of {known}"
        ) from error
    return parse_severities(text, path.name)


def parse_severities(text: str, name: str) -> SeverityTable:
    """A table from CSV text. UserError that names the line at fault: a cell that is empty or out of range, a mode that
    comes twice, columns that are not those of a table."""
    reader = csv.DictReader(io.StringIO(text))
    columns = [column.strip() for column in reader.fieldnames or ()]
    model: type[_Row] | type[_FmeaRow] = _FmeaRow if "S" in columns else _Row
    if not {"failure_mode", "S" if model is _FmeaRow else "severity"} <= set(columns):
        raise UserError(
            "This is no severity table", name, "Name the columns failure_mode and severity, or failure_mode, S, O, D"
        )
    rows: dict[str, float] = {}
    for cells in reader:
        where = f"{name}, line {reader.line_num}"
        given = {str(key).strip(): value for key, value in cells.items() if value}
        try:
            row = model.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            said = " is empty" if first["type"] == "missing" else f": {remedy(first)}"
            raise UserError(f"«{place(first)}»{said}", where, "Fill in every cell of the table") from None
        if row.failure_mode in rows:
            raise UserError(f"«{row.failure_mode}» has two rows", where, "Keep one of them")
        rows[row.failure_mode] = row.severity if isinstance(row, _Row) else (row.severity - 1) / (WORST - 1)
    if not rows:
        raise UserError("The severity table has no rows", name, "Add a row for each failure mode")
    return SeverityTable(name, tuple(rows.items()))
