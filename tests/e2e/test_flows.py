"""What a person does, from the first click on, in a real browser against the real server."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from tests.e2e.conftest import Server, Visit, settle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PATIENCE_MS = 600_000  # the sample is trained on the slowest machine that runs these tests


@pytest.fixture
def parts(server: Server, tmp_path: Path) -> DatasetRow:
    """A small dataset that the server already has."""
    write_parts(tmp_path / "parts", train=12, test_good=2, per_defect=1, size=96)
    return DatasetStore(Workspace(server.data_dir)).add(readers.read(tmp_path / "parts", name="flanges"))


def start_long_training(page: Page, server: Server) -> str:
    """Start the training of a VAE, the slowest detector, on the Train page; returns the job."""
    page.get_by_role("button", name="Train Convolutional VAE").or_(
        page.locator(".st-key-choose-image-vae button")
    ).first.click()
    expect(page.get_by_text("Settings of Convolutional VAE")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("stProgress").first).to_be_visible()
    (job,) = server.jobs.list(active=True)
    return job.id


@pytest.mark.timeout(900)
def test_from_the_first_run_to_a_heatmap(visit: Visit, server: Server) -> None:
    page = visit()
    page.get_by_role("button", name="Try it on sample parts").click()
    expect(page.get_by_text("Machined parts with PatchCore").first).to_be_visible()
    expect(page.get_by_role("button", name="Inspect the sample parts")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Inspect the sample parts").click()
    page.wait_for_url(re.compile("/inspect"))
    expect(page.get_by_test_id("stImage").first).to_be_visible()
    expect(page.get_by_text("Reject").first).to_be_visible()
    page.locator("[class*='st-key-open-'] button").first.click()
    expect(page.get_by_role("button", name="Next", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="All parts")).to_be_visible()
    expect(page).to_have_url(re.compile("part="))
    settle(page)
    item = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(item)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_training_survives_reload_and_a_second_browser_cancels_it(
    visit: Visit, server: Server, parts: DatasetRow
) -> None:
    first = visit("/train")
    job_id = start_long_training(first, server)
    first.reload()
    expect(first.get_by_test_id("stProgress").first).to_be_visible()
    second = visit("/train")
    expect(second.get_by_test_id("stProgress").first).to_be_visible()
    second.get_by_role("button", name="Cancel").first.click()
    second.get_by_role("button", name="Stop the job").first.click()
    server.wait_for(job_id, "cancelled")
    expect(first.get_by_text("Cancelled").first).to_be_visible()


def test_deep_links_go_through_the_router_and_every_picture_says_in_words_what_it_shows(
    visit: Visit, parts: DatasetRow
) -> None:
    for path in ("/inspect", "/data"):
        page = visit(f"{path}?dataset={parts.id[:12]}", color_scheme="dark")
        expect(page.get_by_text("flanges · 21 images").first).to_be_visible()
        expect(page.get_by_role("link", name="Start")).to_be_visible()
        expect(page).to_have_url(re.compile(f"{path}.*dataset={parts.id[:12]}"))
    expect(page.get_by_test_id("stImage").first).to_be_visible()
    settle(page)
    pictures = page.get_by_test_id("stImage").locator("img")
    assert all(pictures.nth(n).get_attribute("alt") for n in range(pictures.count()))


def test_a_job_outlives_the_server(visit: Visit, server: Server, parts: DatasetRow) -> None:
    job_id = start_long_training(visit("/train"), server)
    server.wait_for(job_id, "running")
    server.kill()
    assert server.jobs.get(job_id).state == "running"
    server.start()
    page = visit("/models")
    expect(page.get_by_text("Convolutional VAE on flanges").first).to_be_visible()
    page.get_by_test_id("stPopover").filter(has_text="1 job").get_by_role("button").click()
    expect(page.get_by_test_id("stProgress").first).to_be_visible()
    server.jobs.request_cancel(job_id)
    server.wait_for(job_id, "cancelled")


def test_a_bad_zip_is_refused_in_one_sentence_and_an_uploaded_folder_becomes_a_dataset(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 this is not an archive")
    page = visit("/data?add=Zip")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("«Unpack broken.zip» failed")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert list((server.data_dir / "uploads").iterdir()) == []
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(evil, "w") as file:
        file.writestr("../../evil.png", b"x")
    page.locator("input[type=file]").set_input_files(evil)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("«Unpack evil.zip» failed")
    assert not list(tmp_path.rglob("evil.png"))
    assert DatasetStore(Workspace(server.data_dir)).list() == []

    write_parts(tmp_path / "mine", train=3, test_good=1, per_defect=1, size=96)
    page = visit("/data?add=Folder")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine")
    expect(page.get_by_role("heading", name="mine")).to_be_visible()
    expect(page.get_by_text("11 of 11 images")).to_be_visible()
