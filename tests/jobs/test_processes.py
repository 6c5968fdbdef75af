"""Jobs in real processes: seen, stopped, crashed, orphaned."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from core.jobs import local
from core.jobs.dispatcher import Dispatcher
from core.jobs.engine import MEMORY_HINT
from core.jobs.local import LocalEngine
from core.jobs.table import JobTable
from core.settings import PROJECT
from core.store.processes import is_alive
from tests.jobs.conftest import COMMAND, PACE, PATIENCE_S, PATIENT, wait

pytestmark = pytest.mark.usefixtures("dispatcher")
LONG = {"steps": 500, "pause_s": 0.05}


def submit(table: JobTable, **spec: object) -> str:
    return table.submit("toy", spec, title="Toy").job_id


def test_progress_is_seen_while_it_runs(table: JobTable) -> None:
    job_id = submit(table, steps=40, pause_s=0.1)  # long enough to be seen by who is rarely let in
    seen = wait(table, job_id, lambda job: job.stage == "Counting" and 0 < job.fraction < 1)
    assert seen.state == "running"
    assert seen.pid is not None
    assert seen.pid_started is not None
    assert is_alive(seen.pid, seen.pid_started)
    assert psutil.Process(seen.pid).nice() >= 10
    environment = psutil.Process(seen.pid).environ()
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"]
    done = wait(table, job_id)
    assert (done.state, done.result, done.fraction) == ("succeeded", {"steps": 40, "first": 0}, 1.0)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.created_at <= done.started_at < done.finished_at
    assert "counted" in table.log_tail(job_id)
    assert done.message == "counted"
    steps = [step for step, _, _ in table.curve(job_id)]
    assert 1 < len(steps) <= 40
    assert steps[-1] == 40
    assert not list((table.workspace.root / "scratch").iterdir())


@pytest.mark.parametrize("dispatcher", [PATIENT], indirect=True)
def test_cancel_is_seen_by_the_work_which_resumes_later(table: JobTable) -> None:
    job_id = submit(table, **LONG)
    wait(table, job_id, lambda job: job.fraction > 0)
    table.request_cancel(job_id)
    assert wait(table, job_id).state == "cancelled"
    assert "Stopped on request" in table.log_tail(job_id)
    again = table.retry(job_id)
    wait(table, again, lambda job: job.fraction > 0)
    assert table.curve(again)[0][2] < 1.0  # the loss of a later step: the first ones were not done again
    table.request_cancel(again)
    wait(table, again)


@pytest.mark.parametrize("how", ["deaf", "stubborn"])
def test_work_that_does_not_listen_is_ended(table: JobTable, how: str) -> None:
    job_id = submit(table, how=how)
    pid = wait(table, job_id, lambda job: job.stage == how).pid
    table.request_cancel(job_id)
    job = wait(table, job_id)
    assert (job.state, job.error) == ("cancelled", None)
    assert pid is not None
    assert not psutil.pid_exists(pid)


CRASHES = {  # how: state, error, hint
    "exit": ("lost", "exit code 3", "log"),
    "segfault": ("lost", "signal 11 (Segmentation fault)", "log"),
    "kill": ("lost", "signal 9 (SIGKILL)", "smaller image size"),
    "terminate": ("lost", "asked the process to end (SIGTERM)", "again"),
    "memory": ("failed", "Memory ran out", MEMORY_HINT),
    "user error": ("failed", "The pictures are upside down (screws). Turn them.", None),
    "bug": ("failed", "An internal error stopped the work (KeyError)", "log"),
}


def test_a_crash_is_one_job_s_affair(table: JobTable) -> None:
    neighbour = submit(table, steps=20)
    crashing = {how: submit(table, how=how) for how in CRASHES}
    for how, (state, error, hint) in CRASHES.items():
        job = wait(table, crashing[how])
        assert job.state == state, how
        assert job.error is not None
        assert error in job.error
        assert hint in job.hint if hint and job.hint else job.hint is hint
        assert ("secret detail" in table.log_tail(job.id)) == (how == "bug")
    assert wait(table, neighbour).state == "succeeded"


def test_the_memory_killer_is_named(table: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_memory_kills", itertools.count().__next__)  # the kernel counts one more each time
    job = wait(table, submit(table, how="kill"))
    assert (job.state, job.hint) == ("lost", MEMORY_HINT)
    assert job.error == "The system ended the process because memory ran out (signal 9)"


def test_no_more_run_than_there_is_room_for(table: JobTable) -> None:
    jobs = [submit(table, steps=10 + number, pause_s=0.03) for number in range(4)]
    most = 0
    while any(job.active for job in map(table.get, jobs)):
        most = max(most, sum(job.state == "running" for job in table.list()))
        time.sleep(0.05)
    assert most == 2
    assert {table.get(job).state for job in jobs} == {"succeeded"}


def test_identical_work_never_runs_twice_at_once(table: JobTable) -> None:
    first = submit(table, steps=15)
    wait(table, first, lambda job: job.state == "running")
    second = table.submit("toy", {"steps": 15}, title="again", force=True).job_id
    assert wait(table, second).started_at >= (wait(table, first).finished_at or 0)


def test_no_zombie_stays(table: JobTable) -> None:
    wait(table, submit(table, how="exit"))
    until = time.monotonic() + PATIENCE_S
    while psutil.STATUS_ZOMBIE in [child.status() for child in psutil.Process().children()]:
        assert time.monotonic() < until, "nobody asked how it ended"
        time.sleep(0.05)


@pytest.fixture
def server(table: JobTable, dispatcher: Dispatcher) -> subprocess.Popen[bytes]:
    """Another process that dispatches, in place of this one."""
    dispatcher.stop()
    return subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.toy_server", str(table.workspace.root)],
        cwd=PROJECT,
        start_new_session=True,
    )


def successor(table: JobTable) -> Dispatcher:
    dispatcher = Dispatcher(table.workspace, LocalEngine(table.workspace, COMMAND), max_jobs=2, pace=PACE)
    dispatcher.start()
    return dispatcher


def test_a_job_outlives_a_killed_server_and_is_adopted(table: JobTable, server: subprocess.Popen[bytes]) -> None:
    finishes, cancelled = submit(table, steps=60, pause_s=0.05), submit(table, how="stubborn")
    before = wait(table, finishes, lambda job: job.fraction > 0)
    wait(table, cancelled, lambda job: job.stage == "stubborn")
    server.kill()
    server.wait()
    dispatcher = successor(table)
    try:
        table.request_cancel(cancelled)
        assert wait(table, cancelled).state == "cancelled"
        after = wait(table, finishes)
        assert (after.state, after.pid) == ("succeeded", before.pid)
        assert after.result == {"steps": 60, "first": 0}
        assert table.log_tail(finishes).count("begins steps") == 1
    finally:
        dispatcher.stop()


def test_a_job_that_died_with_its_server_is_found(table: JobTable, server: subprocess.Popen[bytes]) -> None:
    job_id = submit(table, **LONG)
    pid = wait(table, job_id, lambda job: job.fraction > 0).pid
    assert pid is not None
    server.kill()
    server.wait()
    os.killpg(pid, signal.SIGKILL)
    dispatcher = successor(table)
    try:
        job = wait(table, job_id)
        assert job.state == "lost"
        assert job.error == "The process ended without a word while no server watched it"
    finally:
        dispatcher.stop()
