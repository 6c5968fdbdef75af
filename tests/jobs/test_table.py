"""The job table by itself: what is asked for, what is identical, what is cancelled before it began."""

from __future__ import annotations

import pytest

from core.errors import UserError
from core.jobs.table import JobTable


def run_by_hand(table: JobTable, job_id: str, **ending: object) -> None:
    with table.workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (job_id,))
    table.finish(job_id, **ending)  # type: ignore[arg-type]


def test_a_new_job_waits(table: JobTable) -> None:
    submission = table.submit("toy", {"steps": 3}, title="Count  to 3", owner="ann")
    assert not submission.existing
    job = table.get(submission.job_id)
    assert (job.kind, job.title, job.owner, job.state) == ("toy", "Count to 3", "ann", "queued")
    assert job.spec == {"how": "steps", "steps": 3, "pause_s": 0.02, "label": ""}
    assert job.active
    assert not job.cancel_requested
    assert table.list() == table.list(active=True) == [job]
    assert table.list(active=False) == []
    assert table.log_tail(job.id) == ""
    assert table.curve(job.id) == []


def test_bad_wishes_are_refused_at_once(table: JobTable) -> None:
    with pytest.raises(UserError, match="no kind of job «juggle»"):
        table.submit("juggle", {}, title="x")
    with pytest.raises(UserError, match="steps"):
        table.submit("toy", {"steps": "many"}, title="x")
    with pytest.raises(UserError, match="speed"):
        table.submit("toy", {"speed": 1}, title="x")
    with pytest.raises(UserError, match="no job"):
        table.get("nothing")
    assert table.list() == []


def test_identical_work_is_offered_while_it_stands(table: JobTable) -> None:
    first = table.submit("toy", {"steps": 3}, title="a")
    same = {"steps": 3, "how": "steps", "label": "another name"}  # spelled out, and a field that changes nothing
    assert table.submit("toy", same, title="b") == type(first)(first.job_id, existing=True)
    assert not table.submit("toy", {"steps": 4}, title="c").existing
    run_by_hand(table, first.job_id, state="succeeded", result={})
    assert table.submit("toy", same, title="b").job_id == first.job_id
    assert not table.submit("toy", same, title="b", force=True).existing
    found = table.find("toy", {"steps": 3})
    assert found is not None
    assert found.title == "b"
    assert table.find("toy", {"steps": 77}) is None


def test_what_would_be_offered_can_be_seen_before_asking(table: JobTable) -> None:
    assert table.standing("toy", {"steps": 3}) is None
    first = table.submit("toy", {"steps": 3}, title="a")
    assert table.standing("toy", {"steps": 3}) == table.get(first.job_id)
    run_by_hand(table, first.job_id, state="succeeded", result={})
    again = table.submit("toy", {"steps": 3}, title="b", force=True)
    run_by_hand(table, again.job_id, state="failed", error="why")
    assert table.standing("toy", {"steps": 3}) == table.get(first.job_id)
    (table.workspace.root / "gone").touch()
    assert table.standing("toy", {"steps": 3}) is None


def test_a_result_that_is_gone_is_not_offered(table: JobTable) -> None:
    first = table.submit("toy", {}, title="a")
    run_by_hand(table, first.job_id, state="succeeded", result={})
    (table.workspace.root / "gone").touch()
    assert not table.submit("toy", {}, title="a").existing


def test_work_on_changing_input_is_done_again(table: JobTable) -> None:
    first = table.submit("once", {}, title="a")
    assert table.submit("once", {}, title="a").existing  # not twice at the same time
    run_by_hand(table, first.job_id, state="succeeded", result={})
    assert not table.submit("once", {}, title="a").existing


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
def test_work_that_came_to_nothing_is_done_again(table: JobTable, state: str) -> None:
    first = table.submit("toy", {}, title="a")
    run_by_hand(table, first.job_id, state=state, error="why")
    assert not table.submit("toy", {}, title="a").existing


def test_the_tail_of_a_long_log(table: JobTable) -> None:
    job_id = table.submit("toy", {}, title="a").job_id
    table.log_path(job_id).write_text("".join(f"line {number} ä\n" for number in range(100_000)))
    assert table.log_tail(job_id, lines=2) == "line 99998 ä\nline 99999 ä\n"
    with pytest.raises(UserError, match="no job"):
        table.log_tail("../../elsewhere")


def test_retry(table: JobTable) -> None:
    first = table.submit("toy", {"steps": 3}, title="a", owner="ann").job_id
    run_by_hand(table, first, state="failed", error="why", hint="how")
    assert (table.get(first).error, table.get(first).hint) == ("why", "how")
    second = table.retry(first)
    assert second != first
    assert table.retry(first) == second  # under way already
    assert (table.get(second).title, table.get(second).owner) == ("a", "ann")


def test_cancel_before_the_start(table: JobTable) -> None:
    job_id = table.submit("toy", {}, title="a").job_id
    table.request_cancel(job_id)
    assert table.get(job_id).state == "cancelled"
    table.request_cancel(job_id)
    assert not table.submit("toy", {}, title="a").existing


def test_an_ended_job_stays_as_it_is(table: JobTable) -> None:
    job_id = table.submit("toy", {}, title="a").job_id
    run_by_hand(table, job_id, state="succeeded", result={"steps": 5})
    assert not table.finish(job_id, "lost", error="late")
    table.request_cancel(job_id)
    job = table.get(job_id)
    assert (job.state, job.result, job.fraction, job.cancel_requested) == ("succeeded", {"steps": 5}, 1, False)
