"""The table of runs: filters in the URL, what differs, notes, delete and undo, clone, repeat, saved views, MLflow."""

from __future__ import annotations

import csv
import io

import pytest

from core.detectors import registry
from core.jobs.table import JobTable
from core.settings import settings
from core.store import RunStore
from core.store.datasets import DatasetRow
from core.store.models import ModelRow, ModelStore
from core.store.views import ViewStore
from core.store.workspace import Workspace
from core.ui.compare import parallel, runrows, runs
from tests.ui import contest, stock
from tests.ui.conftest import Open


@pytest.fixture(autouse=True)
def contestants_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for name, info in contest.INFOS.items():
        monkeypatch.setitem(registry.REGISTRY, name, info)


@pytest.fixture
def pair(workspace: Workspace, parts: DatasetRow) -> list[ModelRow]:
    return contest.trained(workspace, parts, "blunt", "keen")


def name(model: ModelRow, parts: DatasetRow) -> str:
    return f"{model.id[:12]}-{parts.id[:12]}"


def test_filters_and_order_are_in_the_link(open_page: Open, parts: DatasetRow, pair: list[ModelRow]) -> None:
    app = open_page("compare", view="Runs", order="Best first")
    assert not app.exception
    assert app.dataframe[0].value["Model"].tolist() == ["Keen", "Blunt"]
    assert "Runs can be sent to an MLflow server" in stock.texts(app)
    app = open_page("compare", view="Runs", detectors="Blunt")
    assert app.dataframe[0].value["Model"].tolist() == ["Blunt"]
    assert "No run fits these filters." in stock.texts(open_page("compare", view="Runs", called="nothing like it"))


def test_annotate_delete_and_undo(
    open_page: Open, workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    app = open_page("compare", view="Runs", runs=name(pair[1], parts))
    run = next(row for row in RunStore(workspace).list(parts.id) if row.model_id == pair[1].id)
    app.text_area(key=f"run-note-{run.id}").set_value("sharp")
    app.get_by_key(f"save-run-{run.id}").click().run()
    assert RunStore(workspace).row(run.id).note == "sharp"
    app.button(key="delete-runs").click().run()
    assert not app.exception
    assert [row.model_id for row in RunStore(workspace).list(parts.id)] == [pair[0].id]
    app.button(key="undo-runs").click().run()
    assert len(RunStore(workspace).list(parts.id)) == 2


def test_clone_opens_the_form_with_the_settings(
    open_page: Open, workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    manifest = pair[0].manifest.model_copy(update={"detector": "padim", "params": {"image_size": 128}, "seed": 9})
    with workspace.transaction() as db:
        db.execute(
            "UPDATE models SET detector = 'padim', manifest = ? WHERE id = ?", (manifest.model_dump_json(), pair[0].id)
        )
    app = open_page("compare", view="Runs", runs=name(pair[0], parts))
    app.button(key="clone-run").click().run()
    assert not app.exception
    assert app.get_by_key("train.padim.image_size").value == 128
    assert app.number_input(key="train.seed").value == 9


def test_two_selected_runs_are_compared(open_page: Open, parts: DatasetRow, pair: list[ModelRow]) -> None:
    app = open_page("compare", view="Runs", runs=".".join(name(model, parts) for model in pair))
    assert app.button(key="compare-runs").label == "Compare 2"
    app.button(key="compare-runs").click().run()
    assert not app.exception
    asked = app.query_params["with"]
    assert set("".join(asked).split(".")) == {model.id[:12] for model in pair}


def test_views_are_saved_and_brought_back(open_page: Open, workspace: Workspace, pair: list[ModelRow]) -> None:
    app = open_page("compare", view="Runs", detectors=["Blunt", "Keen"])
    app.text_input(key="view-name").set_value("Monday")
    app.get_by_key("view-save").click().run()
    (view,) = ViewStore(workspace).list("compare")
    assert view.name == "Monday" and "view=Runs" in view.query
    assert any("detectors=Blunt&detectors=Keen" in link.proto.query_string for link in app.get("page_link"))
    app.button(key=f"drop-view-{view.id}").click().run()
    assert ViewStore(workspace).list("compare") == []
    app.button(key="undo-view").click().run()
    assert not app.exception
    assert len(ViewStore(workspace).list("compare")) == 1


def test_what_differs_and_what_is_taken_along(
    open_page: Open, workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    other = stock.toy_model  # the same family with another setting
    registry.REGISTRY["toy"] = registry.REGISTRY["keen"]
    try:
        twin = other(workspace, parts, name="=Twin", gain=2.0)
        other(workspace, parts, name="First", gain=1.0)
    finally:
        del registry.REGISTRY["toy"]
    ModelStore(workspace).rename(twin.id, "=Twin")
    open_page("compare")  # the page's own stores
    every = runrows.lines()
    assert runrows.differing(every)["keen"] == ["gain"]
    assert runrows.frame(every)["Settings that differ"].str.contains("Gain 2").any()
    rows = list(csv.DictReader(io.StringIO(runrows.csv(every).decode("utf-8-sig"))))
    assert {row["model"] for row in rows} == {"Blunt", "Keen", "First", "'=Twin"}
    assert all(row["image_auroc"] and row["image_auroc_low"] for row in rows)
    axes = parallel.axes(every, "image")
    assert axes["Gain"].count(2.0) == 1
    assert [line.model.name for line in runs._ordered(every, "main")][-1] == "Blunt"


def test_a_run_is_scored_again(open_page: Open, workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]) -> None:
    app = open_page("compare", view="Runs", runs=name(pair[0], parts))
    app.get_by_key("again-run").click("Score again").run()
    assert not app.exception
    (job,) = JobTable(workspace).list(active=True)
    assert (job.kind, job.spec["model_id"]) == ("score", pair[0].id)


def test_where_a_server_is_set_runs_are_sent_by_a_job(
    open_page: Open, workspace: Workspace, pair: list[ModelRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ui.compare.sending.installed", lambda: True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000")
    settings.cache_clear()
    app = open_page("compare", view="Runs")
    assert not app.exception
    assert "`http://host:5000`" in stock.texts(app) and "secret" not in stock.texts(app)
    app.button(key="mlflow-send").click().run()
    (job,) = JobTable(workspace).list(active=True)
    assert (job.kind, len(job.spec["run_ids"]), job.spec["experiment"]) == ("tracking", 2, "Faultline")
