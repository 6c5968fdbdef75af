"""The page for a stakeholder: everything in one file, every text escaped, no word that a number does not carry."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from core.charts.overlays import encode_jpeg
from core.charts.rust import Crossing, Severity
from core.charts.rustreport import Moment, PartStory, RustReport, content_hash, report_csv, to_html
from core.charts.rusttime import DAY

HOURS, SHARE = np.array([0.0, 24.0, 48.0]), np.array([0.0, 0.02, 0.09])
PICTURE = encode_jpeg(np.zeros((8, 8, 3), np.uint8))


def part(name: str = "bolt", crossing: Crossing | None = None) -> PartStory:
    moments = [
        Moment(f"Day {k}", hours, share, share * 0.9, share * 1.1, f"Ri {k}", "4-S", "Re 1", PICTURE, PICTURE)
        for k, (hours, share) in enumerate(zip(HOURS.tolist(), SHARE.tolist(), strict=True))
    ]
    curve = Severity(name, HOURS, SHARE, SHARE * 0.9, SHARE * 1.1)
    return PartStory(name, "rusting", "9 % has rusted.", ["Recoat."], curve, DAY, 96.0, crossing, None, moments)


def report(*parts: PartStory, limit: float = 0.08) -> RustReport:
    return RustReport(
        "How the bolts rust", "22 November 2026", limit, parts or (part(),), ["A convention."], "Faultline"
    )


def test_the_page_needs_nothing_else() -> None:
    page = to_html(report())
    assert "default-src 'none'" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert page.count("data:image/jpeg;base64,") == 3  # first, last, what was called rust


def test_the_page_tells_the_state_in_words_and_figures() -> None:
    page = to_html(report())
    for said in (
        "How the bolts rust",
        "▲ rusting",
        "9 % has rusted.",
        "Recoat.",
        "limit 8\u00a0%",
        "Ri 2",
        "A convention.",
    ):
        assert said in page


def test_names_are_escaped() -> None:
    page = to_html(report(part("<script>alert(1)</script>")))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_crossing_is_drawn_where_the_limit_is_in_sight() -> None:
    crossing = Crossing(60.0, 50.0, 90.0, 49.0, None)
    assert 'class="crossing"' in to_html(report(part(crossing=crossing), limit=0.12))
    assert 'class="crossing"' not in to_html(report(part(crossing=Crossing(None, None, None, None, None)), limit=0.12))


def test_a_part_seen_once_has_a_page() -> None:
    once = part()
    first = slice(0, 1)
    curve = Severity("bolt", HOURS[first], SHARE[first], SHARE[first], SHARE[first])
    assert "Day 0" in to_html(report(replace(once, curve=curve, moments=once.moments[:1])))


def test_the_table_has_a_row_for_each_part_and_time() -> None:
    lines = report_csv(report(part("bolt"), part("=nut"))).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("part,time_h,rust_percent")
    assert len(lines) == 1 + 2 * 3
    assert lines[4].startswith("'=nut,")


def test_equal_figures_have_equal_hashes() -> None:
    assert content_hash(report()) == content_hash(replace(report(), created="another day"))
    assert content_hash(report()) != content_hash(report(limit=0.1))
