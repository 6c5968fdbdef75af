"""The report stands alone, escapes what it is given, and the table is safe in a spreadsheet."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.csvtable import to_csv
from core.charts.overlays import encode_jpeg
from core.charts.report import Part, Report, content_hash, report_csv, to_html

PICTURE = encode_jpeg(np.full((8, 8, 3), 90, np.uint8))
EVIL = "<script>alert('x')</script>\" onload=alert(1) {{ 7*7 }}"


def report(*parts: Part, **changes) -> Report:
    base = Report(
        title="Batch 17",
        dataset="tiles",
        dataset_id="d" * 64,
        model="PatchCore",
        model_id="m" * 16,
        policy="At most 5.0 % false alarms.",
        accept=1.0,
        reject=2.0,
        parts=parts,
        created="22 November 2026",
        versions={"faultline": "0.1.0"},
    )
    return dataclasses.replace(base, **changes)


class Tags(HTMLParser):
    """Element names, and every address that something would be fetched from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.names.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "data", "action")]
        self.handlers += [name for name, _ in attributes if name.startswith("on")]


def test_the_page_fetches_nothing_and_runs_nothing():
    page = to_html(report(Part("a.png", 3.0, 0.01, "reject", "bad", PICTURE, PICTURE)))
    tags = Tags(page)
    assert "script" not in tags.names
    assert tags.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in tags.addresses)
    assert not re.search(r"url\((?!#)", page)


def test_every_text_is_escaped():
    part = Part(EVIL, 3.0, 0.01, "reject", None, PICTURE, None)
    page = to_html(report(part, title=EVIL, dataset=EVIL, model=EVIL, policy=EVIL, created=EVIL, versions={EVIL: EVIL}))
    tags = Tags(page)
    assert "script" not in tags.names
    assert not tags.handlers
    assert "{{ 7*7 }}" in page  # shown, not computed


def test_counts_and_rows_follow_the_parts():
    parts = [Part(f"{k}.png", float(k), 0.5, verdict) for k, verdict in enumerate(("accept", "accept", "review"))]
    page = to_html(report(*parts))
    assert re.findall(r"<b>(\d+)</b>", page) == ["2", "1", "0"]
    assert page.count("<tr><td>") == 3
    assert "Parts to look at" not in page


def test_an_empty_batch_is_a_page_too():
    assert "0 images" in to_html(report())


@pytest.mark.parametrize(("accept", "reject"), [(0.0, 0.0), (-5.0, 50.0), (3.0, 3.0)])
def test_limits_anywhere(accept, reject):
    page = to_html(report(Part("a.png", 3.0, 0.01, "review"), accept=accept, reject=reject))
    assert "nan" not in page.lower().split("<svg")[1].split("</svg>")[0]


def test_the_hash_follows_the_results_and_nothing_else():
    part = Part("a.png", 3.0, 0.01, "reject")
    assert content_hash(report(part)) == content_hash(report(part, created="later", title="other"))
    assert content_hash(report(part)) != content_hash(report(dataclasses.replace(part, score=3.1)))
    assert content_hash(report(part)) != content_hash(report(part, reject=2.5))
    assert content_hash(report(part)) in to_html(report(part))


def test_csv_of_the_report():
    data = report_csv(report(Part("Größe.png", -1.5, 0.25, "accept"), Part("=cmd()", 3.0, 0.01, "reject", "bad")))
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["image"] for row in rows] == ["Größe.png", "'=cmd()"]
    assert float(rows[0]["score"]) == -1.5
    assert [row["label"] for row in rows] == ["", "bad"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_text_cell_starts_as_a_formula_and_every_cell_comes_back(text):
    rows = list(csv.reader(io.StringIO(to_csv(["name"], [[text]]).decode("utf-8-sig"), newline="")))
    (cell,) = rows[1] or [""]
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
