"""A batch of parts as one HTML page that needs nothing else: to mail, to print, to keep."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from core.charts import palette
from core.charts.csvtable import to_csv
from core.charts.overlays import scale_css
from core.metrics.verdicts import VERDICTS

_WIDTH, _HEIGHT, _BINS = 640, 150, 48
_WORDS = {"accept": "✓ accept", "review": "? review", "reject": "✕ reject"}


@dataclass(frozen=True)
class Part:
    """One row. ``picture`` and ``overlay`` are JPEG bytes, only for the parts that are shown."""

    name: str
    score: float
    p_value: float
    verdict: str  # one of metrics.verdicts.VERDICTS
    label: str | None = None  # "good", "bad" or None
    picture: bytes | None = field(default=None, repr=False)
    overlay: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Report:
    """What the page tells; ``created`` is a date for people, ``policy`` one sentence on where the limits come from."""

    title: str
    dataset: str
    dataset_id: str
    model: str
    model_id: str
    policy: str
    accept: float
    reject: float
    parts: Sequence[Part]
    created: str
    versions: Mapping[str, str]


def content_hash(report: Report) -> str:
    """sha256 over the identities, the limits and every row: equal for equal results, whenever they were written."""
    rows = [[part.name, part.score, part.p_value, part.verdict, part.label] for part in report.parts]
    content = [report.dataset_id, report.model_id, report.accept, report.reject, rows]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, allow_nan=False).encode()).hexdigest()


def to_html(report: Report) -> str:
    """The page; every text is escaped. The parts with a picture come first, in the order given."""
    return _template().render(
        report=report,
        counts={verdict: sum(part.verdict == verdict for part in report.parts) for verdict in VERDICTS},
        shown=[part for part in report.parts if part.picture is not None],
        words=_WORDS,
        colours=palette.VERDICT_COLOURS,
        labels=palette.LABEL_NAMES,
        histogram=_histogram(report),
        scale=scale_css(),
        hash=content_hash(report),
    )


def report_csv(report: Report) -> bytes:
    """The table of the report as CSV."""
    rows = [(part.name, part.verdict, part.score, part.p_value, part.label) for part in report.parts]
    return to_csv(("image", "verdict", "score", "p_value", "label"), rows)


def _histogram(report: Report) -> dict[str, Any] | None:
    """Geometry of the histogram in the units of its drawing: bars by verdict, the two limits, the axis."""
    if not report.parts:
        return None
    scores = np.array([part.score for part in report.parts])
    low = float(min(scores.min(), report.accept))
    high = float(max(scores.max(), report.reject))
    air = (high - low) * 0.02 or 0.5
    edges = np.linspace(low - air, high + air, _BINS + 1)
    counts, _ = np.histogram(scores, edges)
    step, tallest = _WIDTH / _BINS, int(counts.max())
    middles = (edges[:-1] + edges[1:]) / 2

    def across(value: float) -> float:
        return round(float((value - edges[0]) / (edges[-1] - edges[0]) * _WIDTH), 2)

    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "bars": [
            {"x": round(k * step, 2), "width": round(step - 1, 2), "height": round(count / tallest * _HEIGHT, 2)}
            | {"verdict": "reject" if middle > report.reject else "accept" if middle <= report.accept else "review"}
            for k, (count, middle) in enumerate(zip(counts.tolist(), middles, strict=True))
            if count
        ],
        "accept": across(report.accept),
        "reject": across(report.reject),
        "low": f"{edges[0]:.4g}",
        "high": f"{edges[-1]:.4g}",
        "tallest": tallest,
    }


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["data_url"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    return environment.get_template("report.html.j2")
