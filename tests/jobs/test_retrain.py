"""After drift: a candidate is trained, tried on frozen data, and promoted, rejected or taken back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.synthetic.machines import faults, pump
from core.drift.recent import newest_running
from core.errors import UserError
from core.jobs.table import JobTable
from core.jobs.tasks import retrain, train
from core.progress import Progress
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

STEPS = 16_000


def pumps(*units: SeriesUnit) -> SeriesSet:
    return replace(pump.make(0, steps=8400), units=units, name="pump")


def gained(unit: SeriesUnit, gain: float = 1.4, sensor: str = "discharge_pressure") -> SeriesUnit:
    values = unit.values.copy()
    values[:, pump.COLUMN[sensor]] *= gain
    return replace(unit, values=values)


@pytest.fixture
def model(workspace: Workspace) -> str:
    old = pumps(replace(pump.record(0, 0, STEPS), name="train", split="train"))
    dataset = DatasetStore(workspace).add(old)
    spec = {"dataset_id": dataset.id, "detector": "pca-t2q", "name": "Pump"}
    return str(train.run(Progress(), spec, workspace)["model_id"])


def recent(workspace: Workspace, unit: SeriesUnit) -> str:
    return DatasetStore(workspace).add(pumps(replace(unit, name="today", split="test"))).id


def retrained(workspace: Workspace, model: str, dataset: str, **spec: object) -> dict[str, object]:
    return retrain.run(Progress(), {"model_id": model, "dataset_id": dataset, **spec}, workspace)


def test_after_a_drift_the_candidate_becomes_champion_and_can_be_taken_back(workspace: Workspace, model: str) -> None:
    champions = ChampionStore(workspace)
    found = retrained(workspace, model, recent(workspace, gained(pump.record(0, 1, STEPS))), why="drift")
    (line,) = champions.history(model)
    assert found["action"] == line.action == "promoted", line.verdict
    assert found["champion"] == found["candidate"] == champions.champion(model)
    assert champions.lineage(str(found["candidate"])) == model
    champion, candidate = line.figures["champion"], line.figures["candidate"]
    assert champion["quiet_recent"]["rate"] > 0.5  # to the old model everything is anomalous now
    assert candidate["quiet_recent"]["rate"] < 0.01
    assert candidate["faults_recent"]["found"] > 0.7 * candidate["faults_recent"]["faults"]
    assert line.why == "drift"

    assert champions.roll_back(str(found["candidate"]), said_by="me", why="it was the sensor") == model
    assert champions.champion(str(found["candidate"])) == model
    assert [one.action for one in champions.history(model)] == ["rolled back", "promoted"]
    with pytest.raises(UserError, match="no champion before"):
        champions.roll_back(model, said_by="me", why="")


def test_the_successor_can_be_succeeded(workspace: Workspace, model: str) -> None:
    first = retrained(workspace, model, recent(workspace, gained(pump.record(0, 1, STEPS))))
    second = retrained(workspace, model, recent(workspace, gained(pump.record(0, 2, STEPS), 1.3, "speed")))
    assert second["action"] == "promoted"
    champions = ChampionStore(workspace)
    newest = newest_running(DatasetStore(workspace).series(str(second["dataset_id"])), 20)
    assert sum(map(len, newest)) == pytest.approx(STEPS, rel=0.05)  # not what was recent the time before
    assert champions.before(model) == first["candidate"]
    assert champions.champion(model) == second["candidate"]


def test_without_drift_the_candidate_is_rejected_with_reasons(workspace: Workspace, model: str) -> None:
    found = retrained(workspace, model, recent(workspace, pump.record(0, 1, STEPS)))
    (line,) = ChampionStore(workspace).history(model)
    assert found["action"] == line.action == "rejected"
    assert found["champion"] == model
    assert any("No better than the champion" in reason for reason in line.verdict)
    assert ModelStore(workspace).get(str(found["candidate"])).deleted_at is None  # it stays to be looked at


def test_what_stands_out_is_not_learned_from(workspace: Workspace, model: str) -> None:
    drifted = gained(pump.record(0, 1, STEPS))
    spoilt = faults.inject(drifted, 0, 1000, 1200, "bias", 8.0)
    dataset = recent(workspace, replace(spoilt, events=None))
    found = retrained(workspace, model, dataset)
    data = DatasetStore(workspace).series(str(found["dataset_id"]))
    learned = data.by_name["recent today"].normal()
    assert not learned[1000:1200].any()
    assert learned[:900].mean() > 0.9


def test_recent_running_that_is_no_good_is_refused(workspace: Workspace, model: str) -> None:
    short = recent(workspace, pump.record(0, 1, STEPS).cut(0, 3))
    with pytest.raises(UserError, match="too short"):
        retrained(workspace, model, short)
    labelled = faults.inject(pump.record(0, 1, STEPS), 0, 0, 12_000, "bias", 5.0)
    with pytest.raises(UserError, match="no normal running"):
        retrained(workspace, model, recent(workspace, labelled))


def test_data_that_is_gone_is_told(workspace: Workspace, model: str) -> None:
    with workspace.transaction() as db:
        db.execute("DELETE FROM datasets")
    dataset = recent(workspace, pump.record(0, 1, STEPS))
    with pytest.raises(UserError, match="not in this workspace"):
        retrained(workspace, model, dataset)


def test_the_log_is_only_added_to(workspace: Workspace, model: str) -> None:
    champions = ChampionStore(workspace)
    champions.reject(model, model, said_by="me", why="", verdict=["No."], figures={})
    for statement in ("UPDATE successions SET why = 'x'", "DELETE FROM successions"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"), workspace.transaction() as db:
            db.execute(statement)


def test_a_candidate_that_met_an_earlier_champion_is_not_promoted(workspace: Workspace, model: str) -> None:
    champions = ChampionStore(workspace)
    found = retrained(workspace, model, recent(workspace, gained(pump.record(0, 1, STEPS))))
    with pytest.raises(UserError, match="champion meanwhile"):
        champions.promote(model, str(found["candidate"]), said_by="me", why="", verdict=[], figures={})


def test_the_job_is_checked_when_it_is_asked_for(workspace: Workspace) -> None:
    jobs = JobTable(workspace)
    with pytest.raises(UserError, match="old_share"):
        jobs.submit("retrain", {"model_id": "a", "dataset_id": "b", "old_share": 2}, title="No")
    assert np.isfinite(
        jobs.get(jobs.submit("retrain", {"model_id": "a", "dataset_id": "b"}, title="Yes").job_id).fraction
    )
