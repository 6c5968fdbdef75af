"""Start: the first click, its progress, its result, and the ways to one's own data."""

from __future__ import annotations

from core.jobs.table import JobTable
from core.store.datasets import DatasetRow
from core.store.workspace import Workspace
from core.ui.onboarding import DEMO
from tests.ui.conftest import Open


def test_first_run_offers_one_click(open_page: Open) -> None:
    app = open_page("start")
    assert not app.exception
    assert app.title[0].value == "Which parts are bad, and where?"
    assert app.button(key="demo-start").label == "Try it on sample parts"
    assert not app.error


def test_the_click_asks_for_the_demo_once(open_page: Open, workspace: Workspace) -> None:
    app = open_page("start")
    app.button(key="demo-start").click().run()
    jobs = JobTable(workspace).list()
    assert [(job.kind, job.spec) for job in jobs] == [("demo", DEMO)]
    assert not app.exception
    open_page("start")
    assert len(JobTable(workspace).list()) == 1


def test_a_cancelled_demo_can_be_started_again(open_page: Open, workspace: Workspace) -> None:
    table = JobTable(workspace)
    table.request_cancel(table.submit("demo", DEMO, title="Sample").job_id)
    app = open_page("start")
    assert "cancelled" in app.info[0].value
    assert app.button(key="demo-start")


def test_own_data_leads_to_the_form(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("start")
    app.button(key="way-Zip").click().run()
    assert not app.exception
    assert app.title[0].value == parts.name
    assert app.query_params["add"] == "Zip"


def test_recent_datasets_are_listed(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("start")
    assert any("Recent datasets" in heading.value for heading in app.subheader)
    assert any(f"{parts.n_items} images" in caption.value for caption in app.caption)
