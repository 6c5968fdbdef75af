"""A feed as people and machines watch it: in browsers, and through a plain curl."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.live.table import LiveTable
from core.store.processes import is_alive
from core.store.workspace import Workspace
from tests.e2e.conftest import FAULT, STARTED_MS, Plant, Server, Visit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def post(server: Server, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{server.url}{path}", json.dumps(body or {}).encode() if body else b"", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found


def get(server: Server, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.url}{path}", timeout=30) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found


def start(server: Server, plant: Plant, *, speed: float | str = 200, loop: bool = False) -> None:
    source = {"kind": "replay", "dataset_id": plant.dataset, "loop": loop}
    post(server, "/api/start", {"source": source, "models": list(plant.models.values()), "speed": speed})


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + STARTED_MS / 1000
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)


def test_from_the_form_over_the_replay_to_the_alarm_and_its_cause(
    visit: Visit, server: Server, plant: Plant, tmp_path: Path
) -> None:
    page = visit("/live")
    expect(page.get_by_text("Detectors side by side")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Running").first).to_be_visible(timeout=STARTED_MS)
    page.get_by_role("radio", name="max").or_(page.get_by_role("button", name="max")).first.click()
    expect(page.get_by_text("Which sensors make it so?")).to_be_visible()
    alarms = page.get_by_test_id("stExpander").filter(has_text="pressure")
    expect(alarms.first).to_be_visible(timeout=STARTED_MS)
    until(partial(_is_over, LiveTable(Workspace(server.data_dir))))
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Start again")).to_be_visible(timeout=STARTED_MS)
    alarms.first.locator("summary").click()
    # Not the first one any more where the last alarms of the feed come after the click.
    opened = alarms.filter(has_text="pressure explains").first
    expect(opened.get_by_text("pressure explains").first).to_be_visible()
    expect(opened.get_by_text("Above their limit")).to_be_visible()
    expect(opened.get_by_role("link", name="Probe this stretch")).to_have_attribute(
        "href", re.compile("recording=monday.*stretch=")
    )
    with page.expect_download() as download:
        page.locator(".st-key-live-alarms-csv button").click()
    download.value.save_as(tmp_path / "alarms.csv")
    with (tmp_path / "alarms.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["steps"]) > 10]
    assert rows and all(row["cause"] == "pressure" for row in rows)
    assert any(abs(int(row["start"]) - FAULT.start) < 20 for row in rows)
    with page.expect_download() as download:
        page.locator(".st-key-live-steps-csv button").first.click()
    download.value.save_as(tmp_path / "steps.csv")
    header = (tmp_path / "steps.csv").read_text(encoding="utf-8-sig").split("\n")[0]
    assert "score_vae" in header and "score_ensemble" in header
    expect(page.get_by_test_id("stException")).to_have_count(0)


def _is_over(table: LiveTable) -> bool:
    """Whether the fault's alarm has come and gone: its causes are then final."""
    lasting = [alarm for alarm in table.alarms() if alarm["steps"] > 10 and not alarm["open"]]
    return any(alarm["causes"] and alarm["causes"][0]["sensor"] == "pressure" for alarm in lasting)


def test_two_people_watch_one_feed(visit: Visit, server: Server, plant: Plant) -> None:
    first, second = visit("/live?window=300+steps"), visit("/live?window=300+steps")
    expect(second.get_by_text("Watch your own machines")).to_be_visible()
    start(server, plant, loop=True)
    for page in (first, second):
        expect(page.get_by_text("Running").first).to_be_visible(timeout=STARTED_MS)
        expect(page.get_by_text("How unusual is it now?")).to_be_visible()
    expect(second.get_by_role("radio", name="300 steps").or_(second.get_by_text("300 steps")).first).to_be_visible()
    first.get_by_role("button", name="Pause").click()
    expect(second.get_by_text("Paused").first).to_be_visible()
    second.get_by_role("button", name="Go on").click()
    expect(first.get_by_text("Running").first).to_be_visible()
    second.get_by_role("button", name="Stop", exact=True).click()
    for page in (first, second):
        expect(page.get_by_role("button", name="Start again")).to_be_visible(timeout=STARTED_MS)
    assert get(server, "/api/state")["state"] == "stopped"


def test_a_killed_worker_is_told_and_can_be_started_again(visit: Visit, server: Server, plant: Plant) -> None:
    start(server, plant, loop=True)
    until(lambda: get(server, "/api/state")["steps"] > 20)
    page = visit("/live")
    expect(page.get_by_text("Running").first).to_be_visible()
    os.kill(worker(server)[0], signal.SIGKILL)
    expect(page.get_by_text("The monitor's process died").first).to_be_visible()
    assert get(server, "/api/state")["state"] == "died"
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_text("Running").first).to_be_visible(timeout=STARTED_MS)


def worker(server: Server) -> tuple[int, float]:
    """The number and the start of the feed's process."""
    row = LiveTable(Workspace(server.data_dir)).feed()
    assert row is not None and row.pid is not None and row.pid_started is not None
    return row.pid, row.pid_started


@pytest.fixture
def curl(server: Server, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """``curl -N`` of the stream into a file, ended with the test."""
    path = shutil.which("curl")
    if path is None:
        pytest.skip("there is no curl here")
    running: list[subprocess.Popen[bytes]] = []

    def followed(*headers: str) -> Path:
        out = tmp_path / f"stream-{len(running)}.txt"
        options = [word for header in headers for word in ("-H", header)]
        with out.open("wb") as file:
            running.append(subprocess.Popen([path, "-sN", *options, f"{server.url}/api/stream"], stdout=file))
        return out

    yield followed
    for one in running:
        one.terminate()
        one.wait(10)


def told(stream: Path, kind: str) -> list[dict[str, Any]]:
    """What the whole events of a kind say; the last may be half-written."""
    found = []
    for event in stream.read_text().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in event.strip().split("\n") if ": " in line)
        if fields.get("event") == kind:
            found.append(json.loads(fields["data"]))
    return found


def steps(stream: Path) -> int:
    return sum(unit["steps"] for one in told(stream, "scores") for unit in one["units"].values())


def test_a_plain_curl_follows_the_feed_and_resumes_and_the_server_ends_without_waiting_for_it(
    server: Server, plant: Plant, curl: Callable[..., Path]
) -> None:
    out = curl()
    until(lambda: [one["state"] for one in told(out, "state")] == ["empty"])
    start(server, plant, speed="max")
    until(lambda: told(out, "state")[-1]["state"] == "finished" and steps(out) >= 1500)
    assert any(alarm["causes"][0]["sensor"] == "pressure" for alarm in told(out, "alarm"))
    assert {"vae", "kalman", "arima", "ensemble"} == set(told(out, "scores")[-1]["units"]["monday"]["scores"])
    again = curl("Last-Event-ID: 1400-0")
    until(lambda: told(again, "scores"))
    assert told(again, "scores")[0]["units"]["monday"]["steps"] == 100
    assert steps(out) == 1500, "every step is told once"

    start(server, plant, loop=True)
    until(lambda: steps(out) > 1500)
    pid, began = worker(server)
    server.stop()  # fails if it waits for the stream, which never ends
    until(lambda: not is_alive(pid, began))
