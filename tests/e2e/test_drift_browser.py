"""The drift panel in a browser: what moved, the candidates that were tried, the way back, and who judges the feed; and
the lab for photographs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.datasets.readers import read
from core.datasets.synthetic.parts import write_parts
from core.detectors import registry
from core.detectors.training import train
from core.live.table import LiveTable
from core.progress import Progress
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.modelfolder import write_model
from core.store.models import ModelStore
from core.store.workspace import Workspace
from tests.e2e.conftest import STARTED_MS, Plant, Server, Visit, settle
from tests.ui.drifted import FIGURES, feed, machine, put

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_a_drifted_machine_its_candidates_and_the_champion_that_takes_over(
    visit: Visit, server: Server, plant: Plant, tmp_path: Path
) -> None:
    workspace, first, second = Workspace(server.data_dir), plant.models["kalman"], plant.models["arima"]
    champions, said = ChampionStore(workspace), {"said_by": "monitor", "why": "drift in input", "figures": FIGURES}
    champions.reject(first, second, verdict=["Breaks the promise on recent normal running."], **said)
    champions.promote(first, second, verdict=["Keeps the promise on recent normal running."], **said)
    put(workspace, first, {"pump": machine()})
    feed(workspace, first, "stopped")

    page = visit("/live?drift=true")
    expect(page.get_by_text("1 sensor moved since step 1,200")).to_be_visible()
    expect(page.locator(".st-key-drift-moved").get_by_text("flow")).to_be_visible()
    expect(page.get_by_text("Keeps the promise on recent normal running.")).to_be_visible()
    expect(page.get_by_text("Rejected")).to_be_visible()
    page.get_by_text("Figures", exact=True).first.click()
    expect(page.get_by_text(re.compile(r"90.00\s% of 2,000 steps")).first).to_be_visible()

    settle(page)
    page.get_by_role("button", name="Judge with the champion").click()
    page.get_by_role("button", name="Begin anew with the champion").click()
    expect(page.get_by_role("button", name="Judge with the champion")).to_have_count(0)
    row = LiveTable(workspace).feed()
    assert row is not None and row.spec["models"] == [second]
    expect(page.get_by_text("Waiting for readings").first).to_be_visible(timeout=STARTED_MS)

    settle(page)
    page.get_by_role("button", name="Roll back").click()
    page.locator(".st-key-drift-back button").click()
    expect(page.get_by_text("Rolled back")).to_be_visible()
    assert champions.champion(second) == first
    expect(page.get_by_role("button", name="Judge with the champion")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)

    dataset, model = _photographs(workspace, tmp_path)
    page.goto(f"{server.url}/drift?dataset={dataset}&model={model}&size=0")
    page.get_by_role("button", name="Load the detector").click()
    expect(page.get_by_text("No drift: size 0.")).to_be_visible()
    expect(page.get_by_text("Your own labels count where the data have none")).to_be_visible()
    settle(page)
    page.get_by_role("slider", name="Size").press("End")
    expect(page).to_have_url(re.compile("size=3"))
    expect(page.get_by_text(re.compile("the drift breaks the promise"))).to_be_visible()
    settle(page)  # until then that of before stands beside it
    expect(page.locator(".st-key-lab-distribution .js-plotly-plot")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("with the drift: score .* above the limit"))).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def _photographs(workspace: Workspace, folder: Path) -> tuple[str, str]:
    """A dataset of parts and a model of them, by id."""
    write_parts(folder / "parts", train=8, test_good=24, per_defect=1, size=96)
    data = read(folder / "parts")
    fitted = train("patchcore", registry.parameters("patchcore", {}), 0, data.normals(), Progress())
    write_model(folder / "photographs", fitted, name="Parts", dataset=data)
    model = ModelStore(workspace).add(folder / "photographs", "Parts")
    return DatasetStore(workspace).add(data).id, model.id
