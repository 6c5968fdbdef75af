"""A comparison of detectors as one HTML page that needs nothing else: to mail, to print, to keep."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from core.charts.contestants import LOOKS


@dataclass(frozen=True)
class Entrant:
    """A detector that takes part: ``facts`` are pairs of a name and what it is."""

    name: str
    detector: str
    model_id: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """Rows of text under columns; the first column names the row. ``note`` says how to read it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """A figure with what it says."""

    title: str
    svg: Markup
    note: str = ""


@dataclass(frozen=True)
class Card:
    """One item on which the detectors disagree: JPEG pictures with captions, or a drawing."""

    title: str
    told: Sequence[str]
    pictures: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    svg: Markup | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ComparisonReport:
    """What the page tells, from the answer to the details. ``created`` is a date for people."""

    title: str
    created: str
    dataset: str
    dataset_id: str
    counted: str
    findings: Sequence[str]
    protocol: str
    entrants: Sequence[Entrant]
    tables: Sequence[Table]
    drawings: Sequence[Drawing]
    cards: Sequence[Card]
    cards_note: str
    left_out: Sequence[str]
    notes: Sequence[str]
    versions: Mapping[str, str]


def content_hash(report: ComparisonReport) -> str:
    """sha256 over identities, findings and every table: equal for equal results, whenever they were written."""
    tables = [[table.title, list(table.columns), [list(row) for row in table.rows]] for table in report.tables]
    content = [report.dataset_id, [one.model_id for one in report.entrants], report.protocol, tables]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def to_html(report: ComparisonReport) -> str:
    """The page; every text is escaped."""
    return _template().render(report=report, looks=LOOKS, hash=content_hash(report))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["data_url"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    return environment.get_template("comparereport.html.j2")
