"""A machine that drifts for good, watched by the real worker: from drift to a candidate, its trial, and the way back.

    python -m tests.benchmarks.retraining [--shift 2] [--detector pca-t2q] [--keep DIR] [--json FILE]

A logger writes a simulated pump's readings to a CSV; from some step on one sensor reads higher by ``shift`` usual
spreads. Everything else is the product's own: the feed's worker follows the file and tells drift, asks for a
candidate, which a job of its own trains and tries against the champion on frozen data. A promoted one takes over the
feed, is rolled back, and the first takes over again. Told is what happened when, and the share of steps above the
limit before the drift, after it, and after each change of champion.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.series import SeriesUnit
from core.datasets.synthetic.machines import pump
from core.detectors import registry
from core.detectors.series.training import train_series
from core.jobs.dispatcher import Dispatcher
from core.jobs.local import LocalEngine
from core.jobs.table import JobTable
from core.live import drift
from core.live.blocks import read
from core.live.feed import LiveFeed
from core.live.spec import checked
from core.progress import Progress
from core.settings import settings
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.seriesmodel import write_series_model
from core.store.workspace import Workspace

SENSOR = "bearing_temperature_de"
TRAIN, NORMAL = 20_000, 6_000
PATIENCE_S = 900.0
LAST = 3_000  # steps whose alarms are counted


@dataclass
class Watched:
    """A feed over a file that a logger writes, and what happened to it."""

    workspace: Workspace
    model: str
    log: Path
    unit: SeriesUnit
    feed: LiveFeed
    began: float = field(default_factory=time.monotonic)
    story: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0

    def tell(self, what: str, **more: Any) -> None:
        """Another line of the story, printed at once."""
        row = self.feed.table.feed()
        steps = row.status.get("steps", 0) if row else 0
        line = {"second": round(time.monotonic() - self.began, 1), "steps": steps, "what": what} | more
        self.story.append(line)
        print(json.dumps(line), flush=True)

    def write(self, until: int) -> None:
        """Append the readings up to step ``until`` and wait for the worker to have judged them."""
        until = min(until, len(self.unit))
        with self.log.open("a") as file:
            for moment, row in zip(
                self.unit.time[self.written : until], self.unit.values[self.written : until], strict=True
            ):
                file.write(f"{moment:.10g},{','.join(f'{value:.7g}' for value in row)}\n")
        self.written = until
        self.wait("the worker to follow", lambda: self._steps() >= until)

    def wait(self, what: str, true: Callable[[], Any]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not true():
            row = self.feed.table.feed()
            if time.monotonic() > until or (row is not None and row.state in ("failed", "died")):
                raise SystemExit(f"waited in vain for {what}: {row and row.error}")
            time.sleep(0.2)

    def above(self) -> float:
        """Share of the last steps whose score is above the limit."""
        steps = read(self.feed.table, last=LAST)
        return round(float((steps.surprise[:, -1] > steps.limits[:, -1]).mean()), 5)

    def verdict(self) -> str:
        """What the monitor last said."""
        machines = drift.said(self.workspace).get("machines", {})
        return str(next(iter(machines.values()))["verdict"]) if machines else "nothing"

    def champion(self) -> str:
        return ChampionStore(self.workspace).champion(self.model)

    def _steps(self) -> int:
        row = self.feed.table.feed()
        return int(row.status.get("steps", 0)) if row else 0


def prepared(root: Path, detector: str, shift: float, steps: int) -> Watched:
    """A workspace with a model of the pump, and the drifting recording that the logger will write."""
    os.environ["FAULTLINE_ALLOWED_ROOTS"] = str(root)
    settings.cache_clear()
    workspace = Workspace(root / "workspace")
    normal = replace(pump.record(0, 0, TRAIN), name="normal", split="train", events=None)
    data = pump.make(0, steps=8400).of((normal,))
    DatasetStore(workspace).add(data)
    fitted = train_series(detector, registry.parameters(detector, {}), 0, data, Progress())
    write_series_model(root / "model", fitted, name=f"Pump, {detector}", dataset=data)
    model = ModelStore(workspace).add(root / "model", f"Pump, {detector}").id
    unit = pump.record(0, 3, steps)
    values, column = unit.values.copy(), pump.COLUMN[SENSOR]
    values[NORMAL:, column] += np.float32(shift * normal.values[:, column].std())
    log = root / "log.csv"
    log.write_text(",".join(["time", *(sensor.name for sensor in pump.SENSORS)]) + "\n")
    return Watched(workspace, model, log, replace(unit, values=values), LiveFeed(workspace))


def watched(root: Path, detector: str, shift: float, steps: int) -> list[dict[str, Any]]:
    """The whole story, a line for each thing that happened."""
    one = prepared(root, detector, shift, steps)
    dispatcher = Dispatcher(one.workspace, LocalEngine(one.workspace))
    dispatcher.start()
    one.feed.start(checked({"source": {"kind": "file", "path": str(one.log)}, "models": [one.model]}))
    try:
        _until_decided(one)
        if one.champion() != one.model:
            _and_back(one)
    finally:
        one.feed.stop()
        one.feed.shut()
        dispatcher.stop()
    return one.story


def _until_decided(one: Watched) -> None:
    one.write(NORMAL)
    one.tell("normal running judged", above_limit=one.above(), verdict=one.verdict())
    while not _retraining(one) and one.written < len(one.unit):
        one.write(one.written + 500)
        time.sleep(drift.SHOWN_S)
        if one.verdict() == "drift" and not any(line["what"] == "drift told" for line in one.story):
            one.tell("drift told", after_onset=one.written - NORMAL, above_limit=one.above())
    jobs = _retraining(one)
    if not jobs:
        one.tell("no candidate was asked for", verdict=one.verdict())
        return
    one.tell("candidate asked for by the monitor", after_onset=one.written - NORMAL, why=jobs[0].spec["why"])
    one.wait("the trial", lambda: _retraining(one)[0].state not in ("queued", "running"))
    job = _retraining(one)[0]
    history = ChampionStore(one.workspace).history(one.model)
    if not history:
        raise SystemExit(f"the trial did not come to an end: {job.state}, {job.error}")
    one.tell(history[0].action, seconds=round(job.finished_at - job.started_at, 1), verdict=history[0].verdict)


def _and_back(one: Watched) -> None:
    """The candidate takes over, then is taken back, with the same file judged anew each time."""
    one.feed.take_over()
    one.wait("the candidate", lambda: _judging(one) == one.champion() and one._steps() >= one.written)
    time.sleep(2 * drift.SHOWN_S)
    one.tell("the candidate judges", above_limit=one.above(), verdict=one.verdict())
    ChampionStore(one.workspace).roll_back(one.model, said_by="benchmark", why="asked for")
    one.feed.take_over()
    one.wait("the first model", lambda: _judging(one) == one.model and one._steps() >= one.written)
    one.tell("rolled back, the first model judges", above_limit=one.above())


def _judging(one: Watched) -> str:
    row = one.feed.table.feed()
    shown = row.status.get("models") if row else None
    return str(shown[0]["id"]) if shown else ""


def _retraining(one: Watched) -> list[Any]:
    return [job for job in JobTable(one.workspace).list() if job.kind == "retrain"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", default="pca-t2q", choices=registry.of("series"))
    parser.add_argument("--shift", type=float, default=2.0, help="of one sensor, in its usual spreads")
    parser.add_argument(
        "--steps", type=int, default=30_000, help="of the recording, at most; the drift begins at 6,000"
    )
    parser.add_argument("--keep", type=Path, help="leave the workspace here, to look at it in the app")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with nullcontext(str(asked.keep)) if asked.keep else tempfile.TemporaryDirectory() as root:
        Path(root).mkdir(parents=True, exist_ok=True)
        story = watched(Path(root).resolve(), asked.detector, asked.shift, asked.steps)
    if asked.json:
        asked.json.write_text(json.dumps(story, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
