"""Decisions of the dispatcher with an engine that only pretends: no process is started."""

from __future__ import annotations

import time
from dataclasses import replace

import psutil
import pytest

from core.errors import UserError
from core.jobs import dispatcher as module
from core.jobs.dispatcher import Dispatcher
from core.jobs.engine import Ending
from core.jobs.job import Job
from core.jobs.lanes import held_up_by
from core.jobs.local import LocalEngine
from core.jobs.table import JobTable
from core.store.workspace import Workspace


class Pretend:
    """Another engine, as small as the contract allows."""

    name = "pretend"

    def __init__(self) -> None:
        self.started: list[str] = []
        self.stopped: list[tuple[str, bool]] = []
        self.dead: set[str] = set()
        self.broken = False

    def start(self, job: Job) -> None:
        if self.broken:
            raise UserError("The cluster does not answer")
        self.started.append(job.title)

    def stop(self, job: Job, force: bool) -> None:
        self.stopped.append((job.id, force))

    def alive(self, job: Job) -> bool:
        return job.id not in self.dead

    def ending(self, job: Job) -> Ending:
        return Ending("The cluster lost it", None)


@pytest.fixture
def engine() -> Pretend:
    return Pretend()


def submit(table: JobTable, steps: int, owner: str = "local") -> str:
    return table.submit("toy", {"steps": steps}, title=f"{owner} {steps}", owner=owner).job_id


def test_owners_take_turns(table: JobTable, engine: Pretend) -> None:
    for steps in (1, 2, 3):
        submit(table, steps, "ann")
    submit(table, 4, "bob")
    submit(table, 5, "cid")
    dispatcher = Dispatcher(table.workspace, engine, max_jobs=1)
    for _ in range(5):
        dispatcher.tick()
        table.finish(next(job.id for job in table.list() if job.state == "running"), "succeeded", result={})
    assert engine.started == ["ann 1", "bob 4", "cid 5", "ann 2", "ann 3"]


def test_little_free_memory_holds_further_jobs_back(
    table: JobTable, engine: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = psutil.virtual_memory()
    monkeypatch.setattr(module.psutil, "virtual_memory", lambda: real._replace(available=1 << 20))
    submit(table, 1)
    submit(table, 2)
    Dispatcher(table.workspace, engine, max_jobs=2).tick()
    assert engine.started == ["local 1"]  # one may always run


def test_a_quick_job_need_not_wait_for_long_ones(table: JobTable, engine: Pretend) -> None:
    asked = {name: submit(table, steps, name) for steps, name in enumerate(("study", "other", "check", "score"), 1)}
    with table.workspace.transaction() as db:  # the toy stands for all of them
        db.execute("UPDATE jobs SET kind = owner WHERE owner IN ('check', 'score')")
    dispatcher = Dispatcher(table.workspace, engine, max_jobs=1)
    dispatcher.tick()
    assert engine.started == ["study 1", "check 3"]
    running = [table.get(asked[name]) for name in ("study", "check")]
    other, score = table.get(asked["other"]), table.get(asked["score"])
    assert [one.owner for one in held_up_by(score, running, 1)] == ["check"]
    assert [one.owner for one in held_up_by(other, [replace(running[0], eta_s=60.0)], 1)] == ["study"]
    study, check = (replace(one, eta_s=eta) for one, eta in zip(running, (60.0, 10.0), strict=True))
    assert held_up_by(other, [study, check], 1) == [check, study], "both hold the one place that there is"
    assert held_up_by(other, [study, check], 2) == [check]
    soon = replace(study, eta_s=5.0)
    assert held_up_by(score, [soon, check], 2) == [soon], "any place will do for a quick one"
    assert held_up_by(score, [soon, check], 1) == [soon, check], "but where there is one, the quick one keeps it"
    assert held_up_by(other, running, 3) == [] and held_up_by(score, running[:1], 1) == []
    table.finish(asked["check"], "succeeded", result={})
    dispatcher.tick()
    assert engine.started[2:] == ["score 4"]
    table.finish(asked["study"], "succeeded", result={})
    dispatcher.tick()
    assert engine.started[3:] == [], "the quick one holds the only place by now"
    table.finish(asked["score"], "succeeded", result={})
    dispatcher.tick()
    assert engine.started[3:] == ["other 2"]


def test_one_of_two_dispatchers_works_until_its_lease_ends(
    table: JobTable, engine: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Dispatcher(table.workspace, engine, max_jobs=9) for _ in range(2))
    first.tick()
    submit(table, 1)
    second.tick()
    assert engine.started == []
    first.stop()
    second.tick()
    assert engine.started == ["local 1"]
    later = time.time() + module.LEASE_S + 1
    monkeypatch.setattr(module.time, "time", lambda: later)
    submit(table, 2)
    first.tick()
    assert engine.started == ["local 1", "local 2"]


def test_a_dead_holder_s_lease_is_taken_at_once(table: JobTable, engine: Pretend) -> None:
    Dispatcher(table.workspace, engine).tick()
    with table.workspace.transaction() as db:
        db.execute("UPDATE leases SET pid_started = pid_started - 1000, holder = 'gone'")
    submit(table, 1)
    Dispatcher(table.workspace, engine).tick()
    assert engine.started == ["local 1"]


def test_an_engine_that_cannot_start_a_job_fails_it(table: JobTable, engine: Pretend) -> None:
    engine.broken = True
    job_id = submit(table, 1)
    Dispatcher(table.workspace, engine).tick()
    job = table.get(job_id)
    assert (job.state, job.error) == ("failed", "The job could not be started: The cluster does not answer.")


def test_lost_and_cancelled(table: JobTable, engine: Pretend) -> None:
    lost, cancelled = submit(table, 1), submit(table, 2)
    dispatcher = Dispatcher(table.workspace, engine, max_jobs=2)
    dispatcher.tick()
    table.request_cancel(cancelled)
    engine.dead = {lost, cancelled}
    dispatcher.tick()
    assert (table.get(lost).state, table.get(lost).error) == ("lost", "The cluster lost it")
    assert (table.get(cancelled).state, table.get(cancelled).error) == ("cancelled", None)


def test_what_a_lost_job_left_half_written_is_removed(table: JobTable, engine: Pretend) -> None:
    lost = submit(table, 1)
    dispatcher = Dispatcher(table.workspace, engine)
    dispatcher.tick()
    left = table.workspace.models / ".tmp-1-1000000000-abcdef"  # no process of that number began then
    left.mkdir()
    engine.dead = {lost}
    dispatcher.tick()
    assert not left.exists()


def test_the_ladder(table: JobTable, engine: Pretend) -> None:
    job_id = submit(table, 1)
    dispatcher = Dispatcher(table.workspace, engine)
    dispatcher.tick()
    table.request_cancel(job_id)
    for waited_s, stopped in ((1, []), (6, [False]), (7, [False]), (11, [False, True])):
        with table.workspace.transaction() as db:
            db.execute("UPDATE jobs SET cancel_requested_at = ?", (time.time() - waited_s,))
        dispatcher.tick()
        assert [force for _, force in engine.stopped] == stopped


def test_reasons_of_the_local_engine(workspace: Workspace, table: JobTable) -> None:
    engine = LocalEngine(workspace)
    job_id = submit(table, 1)
    with workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running', started_at = ? WHERE id = ?", (time.time(), job_id))
    assert engine.alive(table.get(job_id))  # its process may be about to write its number
    long_ago = psutil.boot_time() - 10
    with workspace.transaction() as db:
        db.execute("UPDATE jobs SET started_at = ?, heartbeat_at = ?", (long_ago, long_ago))
    assert not engine.alive(table.get(job_id))
    assert engine.ending(table.get(job_id)).reason == "The server machine was restarted while the job ran"
