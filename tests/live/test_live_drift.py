"""Drift of a feed: what is put down, going on after a restart, the candidate that is asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import toy_series as toys

from core.datasets.series import SeriesSet
from core.detectors.series.model import SeriesModel
from core.drift.trigger import Trigger
from core.errors import UserError
from core.jobs.table import JobTable
from core.jobs.tasks import train
from core.live import drift
from core.live.blocks import Ring
from core.live.drift import DriftWatch
from core.live.table import LiveTable
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.processes import this_process
from core.store.seriesmodel import load_series_model
from core.store.workspace import Workspace
from core.streaming.monitor import Monitor
from core.streaming.source import Batch
from core.streaming.watch import Scored

SENSORS = list(toys.SENSORS)


@pytest.fixture
def workspace(tmp_path: object) -> Workspace:
    return Workspace(tmp_path / "workspace")  # type: ignore[operator]


@pytest.fixture
def model(workspace: Workspace) -> tuple[str, SeriesModel]:
    data: SeriesSet = toys.dataset(toys.recording(0, 8000, split="train"))
    row = DatasetStore(workspace).add(data)
    spec = {"dataset_id": row.id, "detector": "pca-t2q", "name": "Toy"}
    model_id = train.run(Progress(), spec, workspace)["model_id"]
    return model_id, load_series_model(ModelStore(workspace).folder(model_id))[0]


def scored(model: SeriesModel, seed: int, n: int, shift: float = 0.0, machine: str = "pump") -> list[Scored]:
    """A recording as the monitor judges it, the second half shifted in one sensor."""
    unit = toys.recording(seed, n)
    values = unit.values.copy()
    values[n // 2 :, 1] += shift
    monitor, found = Monitor({"pca": model}), []
    for part in np.array_split(np.arange(n), 20):
        one, _ = monitor.push(Batch("a", machine, unit.time[part], values[part]))
        assert one is not None
        found.append(one)
    return found


def kept(workspace: Workspace, steps: list[Scored], raw: list[str] = SENSORS) -> None:
    """The steps in the feed's table, as the worker puts them there."""
    table, (pid, started) = LiveTable(workspace), this_process()
    with table.transaction() as db:
        db.execute(
            "INSERT OR IGNORE INTO feed (id, run, spec, wish, speed, generation, state, pid, pid_started, server_pid,"
            " server_started, started_at, rows, changes, status) VALUES (1, 'r', '{}', 'run', 1, 0, 'running', ?, ?, ?,"
            " ?, 0, 0, 0, '{}')",
            (pid, started, pid, started),
        )
    status = {"sensors": SENSORS, "raw_sensors": raw, "detectors": ["pca"], "time_unit": "s", "units": []}
    Ring(table, "r", 0, len(SENSORS), 2).write(steps, [], "test", status, "running")


def watch(workspace: Workspace, model: tuple[str, SeriesModel], resume: bool = False) -> DriftWatch:
    trigger = Trigger(blocks=36)
    return DriftWatch(workspace, {"pca": model[1]}, [model[0]], SENSORS, resume=resume, trigger=trigger)


def test_what_is_put_down_for_pages(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    assert drift.said(workspace) == {}
    found = watch(workspace, model)
    found.push(scored(model[1], 1, 3000))
    found.close()
    said = drift.said(workspace)
    (state,) = said["machines"].values()
    assert said["model"] == model[0]
    assert state["verdict"] in ("steady", "anomaly", "suspected")
    assert len(state["shift"]) == 3 and len(state["course"]["step"]) == len(state["course"]["median"]) > 30
    assert json.dumps(said, allow_nan=False)


def test_a_machine_that_nobody_learned_normally_is_told(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    with workspace.transaction() as db:
        db.execute("DELETE FROM datasets")
    found = watch(workspace, model)
    found.push(scored(model[1], 1, 500))
    found.close()
    assert "not in the workspace" in drift.said(workspace)["refused"]["pump"]


def test_another_model_tells_drift_where_the_first_cannot(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    short = DatasetStore(workspace).add(toys.dataset(toys.recording(3, 600, split="train")))
    spec = {"dataset_id": short.id, "detector": "pca-t2q", "name": "Short"}
    other = train.run(Progress(), spec, workspace)["model_id"]
    shown = {"pca": load_series_model(ModelStore(workspace).folder(other))[0], "pca-2": model[1]}
    found = DriftWatch(workspace, shown, [other, model[0]], SENSORS, resume=False)
    steps = scored(model[1], 1, 3000)
    found.push([replace(one, surprise=np.repeat(one.surprise[:, :1], 3, 1)) for one in steps])
    found.close()
    said = drift.said(workspace)
    assert said["model"] == model[0] and not said["refused"] and said["machines"]["pump"]["blocks"] > 30


def test_the_next_worker_goes_on(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    steps = scored(model[1], 1, 4000, 3.0)
    whole = watch(workspace, model)
    whole.push(steps)
    whole.close()
    expected = drift.said(workspace)["machines"]
    (workspace.root / "live" / "drift-state.json").unlink()
    first = watch(workspace, model)
    first.push(steps[:7])
    first.close()
    second = watch(workspace, model, resume=True)
    second.push(steps[7:])
    second.close()
    assert drift.said(workspace)["machines"] == expected


def test_confirmed_drift_asks_for_a_candidate_once(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    steps = scored(model[1], 1, 6000, 4.0)
    kept(workspace, steps)
    found = watch(workspace, model)
    found.push(steps)
    found.push([])  # looked at anew
    found._shown = 0.0
    found.push([])
    (job,) = JobTable(workspace).list()
    assert job.kind == "retrain" and job.owner == "monitor"
    assert "pressure" in job.spec["why"]
    data = DatasetStore(workspace).series(job.spec["dataset_id"])
    assert data.format == "recent" and 2500 < data.n_steps < 3500  # from the onset on
    assert drift.last_attempt(workspace, model[0]) == job.created_at


def test_unless_it_was_switched_off(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    assert drift.automatic(workspace)
    drift.set_automatic(workspace, False)
    steps = scored(model[1], 1, 6000, 4.0)
    kept(workspace, steps)
    found = watch(workspace, model)
    found.push(steps)
    assert JobTable(workspace).list() == [] and not drift.automatic(workspace)
    drift.set_automatic(workspace, True)
    assert drift.automatic(workspace)


def test_steps_that_cannot_be_learned_from(workspace: Workspace, model: tuple[str, SeriesModel]) -> None:
    with pytest.raises(UserError, match="keeps no steps"):
        drift.recent_steps(workspace, "pump", None)
    steps = scored(model[1], 1, 1000)
    kept(workspace, steps)
    with pytest.raises(UserError, match="keeps no steps"):
        drift.recent_steps(workspace, "another", None)
    kept(workspace, [replace(steps[0], first=5000)])  # a gap: two recordings
    assert len(drift.recent_steps(workspace, "pump", None).units) == 2
    assert drift.recent_steps(workspace, "pump", 10).n_steps == 10
    kept(workspace, [replace(steps[1], first=9000)], raw=["sound"])
    with pytest.raises(UserError, match="frames"):
        drift.recent_steps(workspace, "pump", None)
