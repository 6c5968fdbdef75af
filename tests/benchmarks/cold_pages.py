"""How long a person waits for a page: ``python -m tests.benchmarks.cold_pages --workspace DIR``.

The real server over a workspace and, in the same run, Streamlit with one heading and nothing else: the limit. *New
browser*: nothing is cached, the frontend itself is loaded and parsed. *Known browser*: the page is opened again, as by
everybody's second visit. Seconds from the navigation to the first heading, figure or picture of the page, and to its
last element. The medians of ``--times`` visits are printed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.ui.nav import PAGES
from tests.e2e.conftest import BROWSERS, Server

EMPTY_PORT = 8599
FIRST = "h1, h2, h3, [data-testid=stMetric], [data-testid=stImage]"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def _visits(browser: Browser, url: str, times: int) -> dict[str, list[tuple[float, float]]]:
    seen: dict[str, list[tuple[float, float]]] = {"new": [], "known": []}
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        for kind in seen:
            began = time.monotonic()
            page.goto(url, wait_until="commit")
            page.wait_for_selector(FIRST)
            first = time.monotonic() - began
            page.wait_for_selector(SETTLED)
            seen[kind].append((first, time.monotonic() - began))
        context.close()
    return seen


def _line(name: str, seen: dict[str, list[tuple[float, float]]]) -> str:
    cells = [f"{statistics.median(column):.2f}" for kind in seen.values() for column in zip(*kind, strict=True)]
    return f"| {name} | " + " | ".join(cells) + " |"


def _empty(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "empty.py").write_text('import streamlit as st\n\nst.header("Empty")\n')
    arguments = ["--server.port", str(EMPTY_PORT), "--server.address", "127.0.0.1", "--server.headless", "true"]
    process = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "empty.py", *arguments], cwd=folder)
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{EMPTY_PORT}/_stcore/health", timeout=1):
                return process
        except OSError:
            time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty, server = _empty(Path(folder)), Server(arguments.workspace, arguments.workspace)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        print("| page | new browser, first | new, last | known browser, first | known, last |\n|---|---|---|---|---|")
        try:
            print(_line("(empty Streamlit)", _visits(browser, f"http://127.0.0.1:{EMPTY_PORT}", arguments.times)))
            for name in PAGES:
                print(_line(name, _visits(browser, f"{server.url}/{name}", arguments.times)), flush=True)
        finally:
            empty.terminate()
            server.stop()


if __name__ == "__main__":
    main()
