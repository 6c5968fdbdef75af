"""Start: the first clicks, their progress, their results, and the ways to one's own data."""

from __future__ import annotations

import json

import pytest

from core.jobs.table import JobTable
from core.store.datasets import DatasetRow
from core.store.workspace import Workspace
from core.ui.onboarding import EXCERPT, STORIES, Story
from tests.ui import pump_excerpt, stock
from tests.ui.conftest import Open

each = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.sample)


@each
def test_first_run_offers_one_click(open_page: Open, story: Story) -> None:
    app = open_page("start")
    assert not app.exception
    assert story.question in [title.value for title in app.title]
    assert app.button(key=f"demo-start-{story.sample}").label == story.start
    assert not app.error


@each
def test_the_click_asks_for_the_demo_once(open_page: Open, workspace: Workspace, story: Story) -> None:
    app = open_page("start")
    app.button(key=f"demo-start-{story.sample}").click().run()
    jobs = JobTable(workspace).list()
    assert [job.kind for job in jobs] == [story.kind]
    assert story.spec.items() <= jobs[0].spec.items()
    assert not app.exception
    assert sum(str(button.key).startswith("demo-start-") for button in app.button) == len(STORIES) - 1
    open_page("start")
    assert len(JobTable(workspace).list()) == 1


@each
def test_a_cancelled_demo_can_be_started_again(open_page: Open, workspace: Workspace, story: Story) -> None:
    table = JobTable(workspace)
    table.request_cancel(table.submit(story.kind, story.spec, title="Sample").job_id)
    app = open_page("start")
    assert "cancelled" in app.info[0].value
    assert app.button(key=f"demo-start-{story.sample}")


def test_a_demo_that_ended_is_no_longer_followed(open_page: Open, workspace: Workspace) -> None:
    table = JobTable(workspace)
    job_id = table.submit("demo", STORIES[-1].spec, title="Sample pump").job_id
    app = open_page("start")
    assert any("Sample pump" in str(bar.text) for bar in app.get("progress")) or "Sample pump" in stock.texts(app)
    stock.end(workspace, job_id, "failed", error="Memory ran out", hint="Close something")
    app.run()
    assert "Memory ran out\\. Close something" in stock.texts(app)
    assert app.button(key="demo-start-pump")


def test_the_picture_of_the_pump_is_an_excerpt_of_the_sample() -> None:
    assert json.loads(EXCERPT.read_text(encoding="utf-8")) == pump_excerpt.excerpt()


@pytest.mark.parametrize("view", ["Zip", "Recordings"])
def test_own_data_leads_to_the_form(open_page: Open, parts: DatasetRow, view: str) -> None:
    app = open_page("start")
    app.button(key=f"way-{view}").click().run()
    assert not app.exception
    assert app.title[0].value == parts.name
    assert app.query_params["add"] == view


def test_recent_datasets_are_listed(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("start")
    assert any("Recent datasets" in heading.value for heading in app.subheader)
    assert any(f"{parts.n_items} images" in caption.value for caption in app.caption)
