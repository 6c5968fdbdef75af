"""How parts rust, as one HTML page that needs nothing else: to mail, to print, to keep."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from core.charts import palette
from core.charts.csvtable import to_csv
from core.charts.rust import LIMIT_IN_SIGHT, LOWEST_TOP, Crossing, Severity
from core.charts.rusttime import TimeUnit

_WIDTH, _HEIGHT = 640, 220
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
    """One part: its status, what to say of it in sentences, its curve and its times."""

    name: str
    status: str
    headline: str
    sentences: Sequence[str]
    curve: Severity
    unit: TimeUnit
    crossing: Crossing | None
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
        good=palette.GOOD,
        bad=palette.ANOMALOUS,
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


def _chart(part: PartStory, limit: float) -> dict[str, Any]:
    """Geometry of a part's curve in the units of its drawing."""
    curve, unit, crossing = part.curve, part.unit, part.crossing
    highest = max(float(curve.high.max()), LOWEST_TOP)
    crosses = crossing is not None and crossing.median is not None
    top = 1.1 * (max(highest, limit) if crosses or limit <= LIMIT_IN_SIGHT * highest else highest)
    last = float(curve.hours[-1]) or 1.0
    end = 1.08 * max([last, *[h for h in (_median(crossing), _high(crossing)) if h is not None]])

    def x(hours: float) -> float:
        return round(_WIDTH * min(hours, end) / end, 1)

    def y(share: float) -> float:
        return round(_HEIGHT * (1 - min(share, top) / top), 1)

    bars = list(zip(curve.hours, curve.low, curve.share, curve.high, strict=True))
    ticks = np.linspace(0, last, min(len(curve.hours), 6))
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "line": " ".join(f"{x(hours)},{y(share)}" for hours, _, share, _ in bars),
        "points": [{"x": x(h), "low": y(lo), "y": y(s), "high": y(hi), "over": s >= limit} for h, lo, s, hi in bars],
        "limit": y(limit) if limit <= top else None,
        "limit_text": f"limit {100 * limit:.3g} %",
        "crossing": None
        if crossing is None or crossing.median is None
        else {
            "x": x(crossing.median),
            "low80": x(crossing.low80 if crossing.low80 is not None else crossing.median),
            "high80": x(crossing.high80 if crossing.high80 is not None else end),
            "low95": x(crossing.low95 if crossing.low95 is not None else crossing.median),
            "high95": x(crossing.high95 if crossing.high95 is not None else end),
        },
        "ticks": [{"x": x(float(hours)), "text": f"{unit.of(float(hours)):.3g}"} for hours in ticks],
        "levels": [{"y": y(share), "text": f"{100 * share:.2g} %"} for share in (0.0, highest / 2, highest)],
        "axis": unit.axis,
    }


def _median(crossing: Crossing | None) -> float | None:
    return crossing.median if crossing else None


def _high(crossing: Crossing | None) -> float | None:
    return crossing.high80 if crossing else None


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["data_url"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    return environment.get_template("rustreport.html.j2")
