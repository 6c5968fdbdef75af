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
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.jobs.table import JobTable
from core.settings import PROJECT
from core.store.workspace import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
START_S = 60.0
PATIENCE_MS = 60_000  # many times what a free machine needs
expect.set_options(timeout=PATIENCE_MS)


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
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *arguments],
            cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
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

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the server and every job that it left running."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)
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
