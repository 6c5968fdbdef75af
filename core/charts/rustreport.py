"""How parts rust, as one HTML page that needs nothing else: to mail, to print, to keep."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from core.charts.csvtable import to_csv
from core.charts.rust import Crossing, Fan, Severity
from core.charts.rustcurve import curve_svg
from core.charts.rusttime import TimeUnit
from core.charts.shares import surface

SIGNS = {"rusting": "▲", "stable": "■", "uncertain": "◆"}


@dataclass(frozen=True)
class Moment:
    """One time of a part in the table: ``when`` in words, the grades as they are written, pictures as JPEG or None."""

    when: str
    hours: float
    share: float
    low: float
    high: float
    ri: str
    astm: str
    european: str
    picture: bytes | None = field(default=None, repr=False)
    overlay: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PartStory:
    """One part: its status, what to say of it, its curve with the forecast over ``horizon`` hours, its times."""

    name: str
    status: str
    headline: str
    sentences: Sequence[str]
    curve: Severity
    unit: TimeUnit
    horizon: float
    crossing: Crossing | None
    fan: Fan | None
    moments: Sequence[Moment]


@dataclass(frozen=True)
class RustReport:
    """What the page tells; ``created`` is a date for people, ``conventions`` sentences on how to read the figures."""

    title: str
    created: str
    limit: float
    parts: Sequence[PartStory]
    conventions: Sequence[str]
    versions: str


def content_hash(report: RustReport) -> str:
    """sha256 over the limit and every figure: equal for equal results, whenever they were written."""
    rows = [
        [part.name, part.status, [[m.hours, m.share, m.low, m.high] for m in part.moments]] for part in report.parts
    ]
    content = json.dumps([report.limit, rows], ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()


def to_html(report: RustReport) -> str:
    """The page; every text is escaped."""
    return _template().render(
        report=report,
        charts=[_chart(part, report.limit) for part in report.parts],
        signs=SIGNS,
        hash=content_hash(report),
    )


def report_csv(report: RustReport) -> bytes:
    """A row for each part and time."""
    columns = ("part", "time_h", "rust_percent", "ci95_low", "ci95_high", "ri", "astm_d610", "european", "status")
    rows = [
        (part.name, m.hours, 100 * m.share, 100 * m.low, 100 * m.high, m.ri, m.astm, m.european, part.status)
        for part in report.parts
        for m in part.moments
    ]
    return to_csv(columns, rows)


def _chart(part: PartStory, limit: float) -> Markup:
    """The part's curve. What draws it takes numbers and units alone, nothing that would have to be escaped."""
    upto = len(part.moments) - 1
    return Markup(  # noqa: S704
        curve_svg(
            part.curve, part.unit, upto=upto, limit=limit, horizon=part.horizon, crossing=part.crossing, fan=part.fan
        )
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["data_url"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    environment.filters["surface"] = surface
    return environment.get_template("rustreport.html.j2")
