"""What an analyst does: two detectors side by side, a part on which they disagree, and the report taken along."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.detectors import registry
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace
from tests.e2e.conftest import Server, settle
from tests.ui import contest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
Visit = Callable[..., Page]


@pytest.fixture
def contested(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The dataset over which two detectors have runs that contradict each other."""
    for name, info in contest.INFOS.items():
        monkeypatch.setitem(registry.REGISTRY, name, info)
    write_parts(tmp_path / "parts", train=6, test_good=3, per_defect=1, size=96)
    workspace = Workspace(server.data_dir)
    row = DatasetStore(workspace).add(readers.read(tmp_path / "parts", name="flanges"))
    contest.trained(workspace, row, "blunt", "keen")
    return row.id[:12]


def test_a_disagreement_is_found_and_a_report_is_read(
    visit: Visit, server: Server, contested: str, tmp_path: Path
) -> None:
    page = visit(f"/compare?dataset={contested}")
    expect(page.get_by_role("heading", name=re.compile("ranks better than"))).to_be_visible()
    page.get_by_text("Anomalous", exact=True).first.click()
    expect(page).to_have_url(re.compile("parts=Anomalous"))
    settle(page)
    first = page.locator("[class*='st-key-part-']").first
    expect(first).to_contain_text("✕ bad")
    expect(first).to_contain_text("✓ good")
    expect(first.locator("img")).to_have_count(3)  # as photographed, and by each detector
    named = (first.locator("strong").first.text_content() or "").split("…")[-1]

    page.get_by_role("tab", name="Report").click()
    expect(page).to_have_url(re.compile("view=Report"))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Report with tables").click()
    packed = tmp_path / "report.zip"
    waiting.value.save_as(packed)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {"report.html", "figures.csv", "images.parquet"}
    asked: list[str] = []
    reader = page.context.new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto((tmp_path / "report" / "report.html").as_uri())
    expect(reader.get_by_role("heading", name="flanges: 2 detectors compared")).to_be_visible()
    expect(reader.get_by_text("Counted are 10 images").first).to_be_visible()
    expect(reader.get_by_text(re.compile(re.escape(named))).first).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    reader.close()

    first.locator("a").first.click()
    page.wait_for_url(re.compile("/inspect.*part="))
    expect(page.get_by_role("button", name="All parts")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
