"""Reports become rows at a bearable pace, and time left follows the recent speed."""

from __future__ import annotations

import math
import time

import pytest

from core.errors import Cancelled
from core.jobs.reporter import Reporter, TimeLeft
from core.jobs.table import JobTable
from core.store import database
from tests.jobs.conftest import PATIENCE_S


@pytest.fixture
def job_id(table: JobTable) -> str:
    job = table.submit("toy", {}, title="a").job_id
    with table.workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (job,))
    return job


def test_a_flood_of_reports_becomes_few_writes(table: JobTable, job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = []
    original = Reporter._write
    monkeypatch.setattr(Reporter, "_write", lambda self: (writes.append(time.monotonic()), original(self)))
    with Reporter(table, job_id) as reporter:
        begin = time.monotonic()
        count = 0
        while time.monotonic() - begin < 1.1:
            count += 1
            reporter.sink(0.5, "Counting", {"loss": 2.0, "bad": math.nan})
    assert count > 100
    most = 4 * (writes[-1] - begin) + 2  # 4 a second, the first and the last state
    assert len(writes) <= most
    job = table.get(job_id)
    assert (job.fraction, job.stage) == (0.5, "Counting")
    assert job.heartbeat_at is not None
    curve = table.curve(job_id)
    losses = [(step, value) for step, name, value in curve if name == "loss"]
    assert losses[-1] == (count, 2.0)
    assert len(losses) <= most
    assert all(math.isnan(value) for _, name, value in curve if name == "bad")


def test_slow_reports_keep_every_point(table: JobTable, job_id: str) -> None:
    with Reporter(table, job_id) as reporter:
        for step, loss in enumerate((3.0, 2.0, 1.0)):
            reporter.sink(step / 3, "Fitting", {"loss": loss})
            until = time.monotonic() + PATIENCE_S
            while len(table.curve(job_id)) == step and time.monotonic() < until:  # slower than the beat, however slow
                time.sleep(0.05)
    assert table.curve(job_id) == [(1, "loss", 3.0), (2, "loss", 2.0), (3, "loss", 1.0)]


def test_the_wish_to_stop_arrives(table: JobTable, job_id: str) -> None:
    with Reporter(table, job_id) as reporter:
        reporter.checkpoint()
        table.request_cancel(job_id)
        deadline = time.monotonic() + PATIENCE_S
        with pytest.raises(Cancelled):
            while time.monotonic() < deadline:
                reporter.checkpoint()
                time.sleep(0.01)


def test_the_last_message_is_kept_short(table: JobTable, job_id: str) -> None:
    with Reporter(table, job_id) as reporter:
        reporter.say("x" * 1000 + "\n")
    assert table.get(job_id).message == "x" * 300


def test_time_left_of_steady_work() -> None:
    left = TimeLeft(100.0)
    assert left.left(100.0) is None
    for second in range(1, 21):
        left.seen(100.0 + second, second / 100)
    assert left.left(120.0) == pytest.approx(80)


def test_time_left_follows_a_change_of_speed() -> None:
    left = TimeLeft(0.0)
    for second in range(1, 11):  # half of it in ten seconds
        left.seen(second, second / 20)
    for second in range(11, 211):  # then a thousandth a second
        left.seen(second, 0.5 + (second - 10) / 1000)
    assert left.left(210.0) == pytest.approx(300, rel=0.1)


def test_time_left_grows_when_nothing_moves() -> None:
    left = TimeLeft(0.0)
    left.seen(10.0, 0.5)
    assert left.left(10.0) == pytest.approx(10)
    assert left.left(30.0) == pytest.approx(30)
    left.seen(40.0, 1.0)
    assert left.left(40.0) == 0


def test_the_bar_never_goes_back(table: JobTable, job_id: str) -> None:
    with Reporter(table, job_id) as reporter:
        reporter.sink(0.5, "First look", {})
        reporter.sink(0.4, "Second look", {})
    job = table.get(job_id)
    assert (job.fraction, job.stage) == (0.5, "Second look")


def test_an_index_that_is_locked_for_a_while_stops_nothing(
    table: JobTable, job_id: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    with Reporter(table, job_id) as reporter:
        with table.workspace.transaction():
            reporter.sink(0.5, "Fitting", {"loss": 3.0, "gap": math.inf})
            reporter.sink(0.5, "Fitting", {"gap": -math.inf})
            time.sleep(0.6)
        reporter.sink(0.6, "Fitting", {"loss": 1.0})
    assert "could not be reached" in caplog.text
    assert [(name, value) for _, name, value in table.curve(job_id) if name == "loss"] == [("loss", 3.0), ("loss", 1.0)]
    assert table.get(job_id).fraction == 0.6
