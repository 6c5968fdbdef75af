"""The real server on a free port with a workspace of its own, and a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.datasets.series import Event, SeriesSet
from core.detectors import registry
from core.detectors.series.training import train_series
from core.jobs.job import Job
from core.jobs.table import JobTable
from core.progress import Progress
from core.settings import PROJECT
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.seriesmodel import write_series_model
from core.store.workspace import Workspace
from tests import toy_series as toys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_S = 180.0
STOP_S = 60.0
PATIENCE_MS = 120_000  # many times what a free machine needs
expect.set_options(timeout=PATIENCE_MS)
Visit = Callable[..., Page]
FAULT = Event(500, 560, (1,))
SMALL: dict[str, dict[str, Any]] = {
    "series-vae": {"window": 32, "steps": 100, "width": 8, "latent": 4},
    "kalman": {},
    "arima": {"max_p": 1, "max_q": 0},
}
STARTED_MS = 240_000  # three detectors are loaded on the slowest machine that runs these tests


class Server:
    """``streamlit run app.py`` as a person would start it; ``kill`` is the kill -9 of a crash."""

    def __init__(self, data_dir: Path, allowed: Path) -> None:
        self.data_dir, self._allowed = data_dir, allowed
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        environment = os.environ | {
            "FAULTLINE_DATA_DIR": str(self.data_dir),
            "FAULTLINE_ALLOWED_ROOTS": f'["{self._allowed}"]',
        }
        arguments = ["--server.port", str(self.port), "--server.address", "127.0.0.1"]
        with (self.data_dir.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *arguments],
                cwd=PROJECT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):  # noqa: S310
                    return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(f"the server did not answer within {START_S:.0f} s")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def jobs(self) -> JobTable:
        return JobTable(Workspace(self.data_dir))

    def wait_for(self, job_id: str, *states: str) -> Job:
        """The job once it is in one of the states."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while (job := self.jobs.get(job_id)).state not in states:
            assert time.monotonic() < until, job
            time.sleep(0.2)
        return job

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the server and every job that it left running."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_S)
        for job in self.jobs.list(active=True):
            if job.pid is not None:
                try:
                    os.killpg(job.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue


def settle(page: Page) -> None:
    """Until the page's script has run to its end: a key pressed before belongs to the page that is about to go."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server that nobody has visited."""
    running = Server(tmp_path / "workspace", tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Another person's browser at a path of the server: ``visit("/data")``."""
    contexts = []

    def opened(path: str = "/", **settings: str) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **settings)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()


@dataclass(frozen=True)
class Plant:
    dataset: str
    models: dict[str, str]  # by detector


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[SeriesSet, list[Path]]:
    """A recording with one fault of the pressure, and three small detectors that learned what is normal."""
    home = tmp_path_factory.mktemp("plant")
    normal = toys.recording(0, 2000, split="train", name="normal")
    monday = toys.recording(4, 1500, (FAULT,), "monday", size=30)
    data = toys.dataset(toys.swinging(normal), toys.swinging(monday))
    for name, settings in SMALL.items():
        fitted = train_series(name, registry.parameters(name, settings), 0, data, Progress())
        write_series_model(home / name, fitted, name=f"Toy {name}", dataset=data)
    return data, [home / name for name in SMALL]


@pytest.fixture
def plant(server: Server, tmp_path: Path, trained: tuple[SeriesSet, list[Path]]) -> Plant:
    """The same in the server's workspace."""
    workspace, (data, folders) = Workspace(server.data_dir), trained
    models = {}
    for folder in folders:
        shutil.copytree(folder, tmp_path / folder.name)
        models[folder.name] = ModelStore(workspace).add(tmp_path / folder.name, f"Toy {folder.name}").id
    return Plant(DatasetStore(workspace).add(data).id, models)
