"""What a presenter does: photographs in, an analysis, and the story of a part told on the stage."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.datasets.synthetic.rust import write_rust
from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.e2e
Visit = Callable[..., Page]
PATIENCE_MS = 300_000  # the photographs are analysed on the slowest machine that runs these tests


@pytest.mark.timeout(600)
def test_from_photographs_to_a_forecast(visit: Visit, server: Server, tmp_path: Path) -> None:
    write_rust(tmp_path / "flange", parts=1, weeks=4, views=1, size=256)
    page = visit("/rust")
    page.locator("input[type=file]").set_input_files(sorted((tmp_path / "flange").glob("*.png")))
    expect(page.get_by_role("heading", name="Which photograph shows what?")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("1 part, 5 times, 5 photographs")).to_be_visible()
    page.get_by_role("button", name="Analyse the rust").click()
    expect(page.locator(".stage .told")).to_have_text(re.compile(r"[\d.]+\s% rusted"), timeout=PATIENCE_MS)
    expect(page.locator(".stage .forecast")).to_contain_text(re.compile(r"limit of 8\s%"))
    expect(page.locator(".stage .status")).to_have_text("Rusting")

    page.get_by_role("slider", name="Time").press("Home")
    expect(page.locator(".stage .when")).to_have_text("Day 0")
    expect(page.locator(".stage .forecast")).to_be_hidden()
    expect(page).to_have_url(re.compile("time=0"))
    page.get_by_role("button", name="Rust", exact=True).click()
    expect(page.locator(".stage .frame.on .rust")).to_have_css("opacity", "0.9")
    page.get_by_role("checkbox", name="Before and after").check()
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".stage .tag.right")).to_have_text("Day 28")
    # The stage answers at once; the address follows a trip to the server later, and only then can it be reloaded.
    expect(page).to_have_url(re.compile(r"time=672\b"))
    expect(page).to_have_url(re.compile("over=rust.*swipe=1|swipe=1.*over=rust"))

    page.reload()
    expect(page.locator(".stage .tag.right")).to_have_text("Day 28")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("tab", name="Outline of the part").click()
    lasso = page.locator(".lasso svg")
    expect(lasso).to_be_visible()
    lasso.scroll_into_view_if_needed()
    settle(page)  # nothing moves any more
    box = lasso.bounding_box()
    assert box is not None
    left, top = box["x"] + 20, box["y"] + 20
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((60, 0), (60, 60), (0, 60), (0, 10)):
        page.mouse.move(left + x, top + y, steps=4)
    page.mouse.up()
    expect(page.get_by_text("before these corrections")).to_be_visible()
    page.get_by_role("tab", name="Take along").click()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report").click()
    text = Path(report.value.path()).read_text(encoding="utf-8")
    assert "limit 8\N{NO-BREAK SPACE}% of the surface" in text
    assert "data:image/jpeg;base64," in text
