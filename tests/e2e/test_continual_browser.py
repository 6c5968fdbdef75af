"""What somebody does who wants to see drift: dial one in and watch it; start a comparison, leave, and find it again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.detectors import registry
from core.detectors.series.training import train_series
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.seriesmodel import write_series_model
from core.store.workspace import Workspace
from tests import toy_series as toys
from tests.e2e.conftest import Server, settle

pytestmark = pytest.mark.e2e
Visit = Callable[..., Page]
PATIENCE_MS = 240_000  # two learners run on the slowest machine that runs these tests


@pytest.mark.timeout(600)
def test_a_drift_is_dialled_in_and_seen(visit: Visit, server: Server, tmp_path: Path) -> None:
    normal = toys.recording(0, 4000, split="train", name="normal")
    data = toys.dataset(toys.swinging(normal), toys.swinging(toys.recording(4, 1500, (), "monday")))
    fitted = train_series("pca-t2q", registry.parameters("pca-t2q", {}), 0, data, Progress())
    write_series_model(tmp_path / "model", fitted, name="Toy", dataset=data)
    ModelStore(Workspace(server.data_dir)).add(tmp_path / "model", "Toy")
    DatasetStore(Workspace(server.data_dir)).add(data)
    page = visit("/drift?size=0")
    page.get_by_role("button", name="Load the detector").click()
    expect(page.get_by_text("No drift: size 0.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id("stMetric").filter(has_text="with the drift")).to_contain_text("+0.00 points")

    size = page.get_by_role("slider", name="Size")
    size.press("End")
    expect(page).to_have_url(re.compile(r"size=3"))
    expect(page.get_by_text(re.compile("the detector breaks its promise"))).to_be_visible(timeout=PATIENCE_MS)
    for chart in ("lab-course", "lab-distribution", "lab-timeline"):
        expect(page.locator(f".st-key-{chart} .js-plotly-plot").first).to_be_visible()
    expect(page.locator(".st-key-lab-timeline")).to_contain_text("Page-Hinkley")
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.timeout(600)
def test_a_run_is_started_left_found_again_and_its_memory_opened(visit: Visit, server: Server) -> None:
    page = visit("/continual")
    page.get_by_role("button", name="Run the smallest comparison").click()
    expect(page.get_by_text("Continual: first look").first).to_be_visible()
    page.close()

    again = visit("/continual")
    expect(again.get_by_role("tab", name="Memory")).to_be_visible(timeout=PATIENCE_MS)
    (job,) = server.jobs.list()
    assert job.kind == "continual"
    server.wait_for(job.id, "succeeded")
    expect(again.get_by_text("2 methods on 1 seed")).to_be_visible()
    again.get_by_role("tab", name="Memory").click()
    table = again.get_by_test_id("stDataFrame").first
    expect(table).to_be_visible()
    table.scroll_into_view_if_needed()
    settle(again)  # nothing moves any more
    box = table.bounding_box()
    assert box is not None
    again.mouse.click(box["x"] + 14, box["y"] + 52)  # the box at the head of the first row
    expect(again.get_by_text(re.compile(r"^Item \d+"))).to_be_visible()
    expect(again).to_have_url(re.compile(r"item=\d+"))
    expect(again.get_by_test_id("stImage")).not_to_have_count(0)
    expect(again.get_by_test_id("stException")).to_have_count(0)
