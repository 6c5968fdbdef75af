"""A live feed of 50 sensors at 100 Hz, as a machine would write it: does the monitor keep up, and does it grow?

    python -m tests.benchmarks.live_feed --minutes 10 [--json FILE]

A logger appends 100 lines a second to a CSV; the real worker follows it with a VAE, ARIMA and Kalman side by side, and
tells drift by the sensors, the bulk of the score and the VAE's code. Told are the worker's share of one core, how far
the scored steps were behind the written ones, its memory and file, and what the drift monitor followed.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import psutil

from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.detectors import registry
from core.detectors.series.training import train_series
from core.live import drift
from core.live.feed import LiveFeed
from core.live.spec import checked
from core.progress import Progress
from core.settings import settings
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.seriesmodel import write_series_model
from core.store.workspace import Workspace

SENSORS, RATE, LATENT = 50, 100, 6
DETECTORS = ("series-vae", "arima", "kalman")
TICK_S = 0.1


def machine(seed: int, n: int) -> np.ndarray:
    """(n, 50) readings: six slow latent signals, mixed, with a little noise of each sensor's own."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).standard_normal((LATENT, SENSORS))
    latent = np.zeros((n, LATENT))
    drive = rng.standard_normal((n, LATENT)) * np.sqrt(1 - 0.98**2)
    for k in range(1, n):
        latent[k] = 0.98 * latent[k - 1] + drive[k]
    return (latent @ mixing + 0.3 * rng.standard_normal((n, SENSORS))).astype(np.float32)


def trained(workspace: Workspace, folder: Path, steps: int) -> list[str]:
    """Ids of the three models, trained on normal running of the machine."""
    sensors = tuple(Sensor(f"sensor_{k:02}") for k in range(SENSORS))
    unit = SeriesUnit("normal", "machine", "train", machine(1, steps), np.arange(steps) / RATE, ())
    data = SeriesSet("machine", folder, "benchmark", sensors, (unit,), time_unit="s", rate=float(RATE))
    DatasetStore(workspace).add(data)  # what the drift monitor holds the feed against comes from here
    found = []
    for name in DETECTORS:
        fitted = train_series(name, registry.parameters(name, {}), 0, data, Progress())
        write_series_model(folder / name, fitted, name=name, dataset=data)
        found.append(ModelStore(workspace).add(folder / name, name).id)
    return found


def write_until(file: TextIO, values: np.ndarray, written: int, due: int) -> int:
    """Append the rows that are due; how many there are now."""
    for k in range(written, due):
        readings = ",".join(f"{value:.5g}" for value in values[k % len(values)])
        file.write(f"{k / RATE:.2f},{readings}\n")
    file.flush()
    return due


def held(minutes: float, steps: int) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        os.environ["FAULTLINE_ALLOWED_ROOTS"] = str(folder)
        settings.cache_clear()
        workspace = Workspace(folder / "workspace")
        models = trained(workspace, folder, steps)
        path, feed = folder / "log.csv", LiveFeed(workspace)
        feed.start(checked({"source": {"kind": "file", "path": str(path)}, "models": models}))
        while (row := feed.table.feed()) is None or row.state == "starting":
            time.sleep(TICK_S)
        try:
            return _followed(feed, path, minutes)
        finally:
            feed.stop()
            feed.shut()


def _followed(feed: LiveFeed, path: Path, minutes: float) -> dict[str, Any]:
    values, total, written = machine(2, 20_000), int(minutes * 60 * RATE), 0
    row = feed.table.feed()
    assert row is not None and row.state in ("waiting", "running"), row and row.error
    process = psutil.Process(row.pid)
    lags, memory, files = [], [], []
    with path.open("w") as file:
        file.write("time," + ",".join(f"sensor_{k:02}" for k in range(SENSORS)) + "\n")
        began, busy, look = time.monotonic(), sum(process.cpu_times()[:2]), 0.0
        while written < total:
            written = write_until(file, values, written, min(int((time.monotonic() - began) * RATE), total))
            if time.monotonic() - look > 1:
                look = time.monotonic()
                row = feed.table.feed()
                assert row is not None and row.state in ("waiting", "running"), row and row.error
                lags.append(written - row.rows)
                memory.append(process.memory_info().rss / 2**20)
                files.append(sum(one.stat().st_size for one in feed.table.folder.iterdir()) / 2**20)
            time.sleep(TICK_S)
        while feed.table.feed().rows < total:
            time.sleep(TICK_S / 4)
        seconds, busy = time.monotonic() - began, sum(process.cpu_times()[:2]) - busy
    fifths = [round(len(memory) * k / 5) - 1 for k in range(1, 6)]
    return {
        "sensors": SENSORS,
        "rate_hz": RATE,
        "seconds": round(seconds, 1),
        "steps": total,
        "core_share": round(busy / seconds, 3),
        "lag_median_steps": float(np.median(lags)),
        "lag_max_steps": int(max(lags)),
        "lag_last_tenth_max_steps": int(max(lags[-max(len(lags) // 10, 1) :])),
        "rss_mib_after_each_fifth": [round(memory[k], 1) for k in fifths],
        "table_mib_after_each_fifth": [round(files[k], 2) for k in fifths],
        "drift": _followed_drift(feed.workspace),
        "others_load": psutil.getloadavg()[0],
    }


def _followed_drift(workspace: Workspace) -> dict[str, Any]:
    """What the drift monitor said last: it has to have followed the feed."""
    said = drift.said(workspace)
    assert not said["refused"], said["refused"]
    (found,) = said["machines"].values()
    views = [view["name"] for view in found["views"]]
    return {"views": views, "blocks": found["blocks"], "block_steps": found["block"], "verdict": found["verdict"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--train-steps", type=int, default=12_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = held(arguments.minutes, arguments.train_steps)
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
