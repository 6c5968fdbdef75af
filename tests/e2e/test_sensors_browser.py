"""From a model and a recording to the sensor that caused the alarm, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import FAULT, STARTED_MS, Plant, Visit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_from_scoring_to_the_sensor_that_caused_the_alarm(visit: Visit, plant: Plant) -> None:
    page = visit(f"/sensors?dataset={plant.dataset[:12]}&model={plant.models['kalman'][:12]}")
    expect(page.get_by_text("Not scored yet")).to_be_visible()
    page.get_by_role("button", name="Score 1 recording").click()
    page.get_by_role("button", name="Explain this stretch").click(timeout=STARTED_MS)
    expect(page.get_by_text("pressure explains").first).to_be_visible(timeout=STARTED_MS)
    expect(page.get_by_label("From step")).to_have_value(re.compile(f"{FAULT.start // 10}.|{FAULT.start // 10 - 1}."))
    page.get_by_role("tab", name="What if").click()
    expect(page).to_have_url(re.compile("view=What"))
    expect(page.get_by_test_id("stException")).to_have_count(0)
