"""Train and Models, for recordings: what there is to learn from, scope, frames, refusals, figures, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.detectors import registry
from core.jobs.table import JobTable
from core.jobs.tasks import train
from core.progress import Progress
from core.store.datasets import DatasetRow, DatasetStore
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace
from core.ui import words
from core.ui.models import compare, figures
from core.ui.train import recordings as material
from tests.ui import recordings, stock
from tests.ui.conftest import Open


@pytest.fixture
def pumps(workspace: Workspace) -> DatasetRow:
    return DatasetStore(workspace).add(recordings.machines())


def trained(workspace: Workspace, row: DatasetRow, *, name: str = "First", **options: Any) -> ModelRow:
    """A quick model, scored."""
    spec = {"dataset_id": row.id, "detector": "pca-t2q", "name": name, **options}
    return ModelStore(workspace).get(train.run(Progress(), spec, workspace)["model_id"])


def started(app: AppTest, workspace: Workspace) -> dict[str, Any]:
    app.button(key="start-training").click().run()
    assert not app.exception
    return JobTable(workspace).list()[0].spec


def test_it_says_what_there_is_to_learn_from(open_page: Open, pumps: DatasetRow) -> None:
    app = open_page("train")
    assert not app.exception
    assert {metric.label: str(metric.value) for metric in app.metric} == {
        "Normal steps to learn from": "1,200",
        "Machines": "2",
        "Recordings": "2",
        "Sensors judged": "3",
    }
    assert "**1,200 normal steps** of 2 machines; the last fifth of each normal stretch is held out" in stock.texts(app)


@pytest.mark.parametrize(
    ("counts", "scope", "sentence"),
    [
        ({"a": 1}, "one", "the last fifth"),
        ({"a": 2, "b": 2}, "each", "the last fifth of each normal stretch"),
        ({"a": 3, "b": 3}, "one", "a fifth of the recordings, each of them whole,"),
        ({"a": 3, "b": 3}, "each", "the last fifth of each normal stretch"),
        ({"a": 6, "b": 3}, "each", "a fifth of a machine's recordings, or the last fifth of each where it has few,"),
        ({"a": 6, "b": 5}, "each", "a fifth of each machine's recordings"),
    ],
)
def test_what_is_held_out_follows_the_rule_of_training(counts: dict[str, int], scope: Any, sentence: str) -> None:
    found = material.Material("series", True, 3, 0, 1000, counts, False)
    assert material.held_out(found, scope) == sentence


def test_every_detector_over_time_has_a_card(open_page: Open, pumps: DatasetRow) -> None:
    app = open_page("train")
    for entry in registry.of("series").values():
        assert f"**{entry.title}**" in stock.texts(app)
    assert not any(f"**{entry.title}**" in stock.texts(app) for entry in registry.of("image").values())


def test_the_scope_goes_into_the_job(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    app = open_page("train", detector="pca-t2q")
    assert started(app, workspace)["scope"] == "one"
    app.get_by_key("train.scope").set_value("each").run()
    spec = started(app, workspace)
    assert (spec["detector"], spec["scope"], spec["frontend"]) == ("pca-t2q", "each", None)


def test_rows_are_refused_by_detectors_that_need_time(open_page: Open, workspace: Workspace) -> None:
    DatasetStore(workspace).add(recordings.rows())
    app = open_page("train")
    assert app.button(key="choose-arima").disabled
    assert not app.button(key="choose-pca-t2q").disabled
    assert "start-training" in [button.key for button in app.button]  # one that can was chosen
    app = open_page("train", detector="arima")
    assert "ARIMA needs readings that follow each other in time, and «rows» holds independent rows" in stock.texts(app)
    assert "start-training" not in [button.key for button in app.button]


def test_without_normal_data_nothing_is_started(open_page: Open, workspace: Workspace) -> None:
    data = recordings.machines()
    DatasetStore(workspace).add(data.where(lambda unit: unit.split == "test"))
    app = open_page("train")
    assert not app.exception
    assert "has no normal training data" in stock.texts(app)
    assert "start-training" not in [button.key for button in app.button]


def test_raw_signals_are_cut_as_asked(open_page: Open, workspace: Workspace) -> None:
    row = DatasetStore(workspace).add(recordings.vibration())
    app = open_page("train", detector="pca-t2q")
    assert not app.exception
    key = f"train.frontend.{row.id[:12]}"
    assert "normal frames to learn from, each with 14 features" in stock.texts(app)
    app.number_input(key=f"{key}.frame").set_value(100.0)
    app.number_input(key=f"{key}.bands").set_value(6.0).run()
    assert "each with 8 features" in stock.texts(app)
    found = started(app, workspace)["frontend"]
    assert (found["kind"], found["frame"], found["bands"], found["high"]) == ("bands", 0.1, 6, None)


def test_frames_that_cannot_be_are_told_in_place(open_page: Open, workspace: Workspace) -> None:
    row = DatasetStore(workspace).add(recordings.vibration())
    app = open_page("train")
    app.number_input(key=f"train.frontend.{row.id[:12]}.frame").set_value(60_000.0).run()
    assert not app.exception
    assert "No normal recording is as long as a frame" in stock.texts(app)
    assert "start-training" not in [button.key for button in app.button]


def test_the_time_is_expected_from_the_last_training(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    assert "PCA T2+Q was not trained here yet" in stock.texts(open_page("train", detector="pca-t2q"))
    trained(workspace, pumps)
    app = open_page("train", detector="pca-t2q")
    assert "judging by «First»" in stock.texts(app)
    assert "a dataset of 2,400 steps" in stock.texts(app)


def test_a_training_that_ended_shows_its_figures(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    app = open_page("train", detector="pca-t2q")
    spec = started(app, workspace)
    job = JobTable(workspace).list()[0]
    stock.end(workspace, job.id, "succeeded", result=train.run(Progress(), spec, workspace))
    app.run()
    assert not app.exception
    assert "VUS-PR **" in stock.texts(app)


def test_models_over_time_have_columns_of_their_own(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    model = trained(workspace, pumps)
    app = open_page("models")
    assert not app.exception
    (line,) = app.dataframe[0].value.to_dict("records")
    assert line["VUS-PR"] == model.metrics["vus_pr"]
    assert line["VUS-PR, random"] == model.metrics["baselines"]["random"]["vus_pr"]
    assert "Image AUROC" not in line
    assert app.button(key="inspect-model").label == "Sensors"


def test_two_models_over_time_side_by_side(workspace: Workspace, pumps: DatasetRow) -> None:
    first = trained(workspace, pumps)
    second = trained(workspace, pumps, name="Second", scope="each")
    frame = compare.side_by_side([first, second]).set_index(compare.WHAT)
    assert frame.loc["Scope"].tolist() == ["≠", "one model for all machines", "a model for each of 2 machines"]
    assert "steps, held-out; to promise 1 in 1,000 takes 1,000 a machine" in frame.loc["Calibration"].iloc[1]
    assert frame.loc["VUS-PR"].notna().all()
    assert frame.loc[figures.SERIES["pa_f1"]].notna().all()
    assert "Good images" not in frame.index
    assert "VUS-PR of random scores" in frame.index


def test_point_adjusted_figures_are_struck_through(workspace: Workspace, pumps: DatasetRow) -> None:
    models = [trained(workspace, pumps), trained(workspace, pumps, name="Second", scope="each")]
    marked = compare._marked(compare.side_by_side(models)).set_index(words.plain(compare.WHAT))
    struck = marked.loc[words.plain(figures.SERIES["pa_f1"])].tolist()[1:]
    assert all(cell.startswith("~~") and cell.endswith("~~") for cell in struck)


def test_only_networks_are_exported(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    model = trained(workspace, pumps)
    app = open_page("models")
    assert f"write-onnx-{model.id}" not in [button.key for button in app.button]


def test_an_export_is_asked_for_and_then_there(
    open_page: Open, workspace: Workspace, pumps: DatasetRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ui.models.export.DETECTORS", frozenset({"pca-t2q"}))
    model = trained(workspace, pumps)
    app = open_page("models")
    app.button(key=f"write-onnx-{model.id}").click().run()
    job = JobTable(workspace).list()[0]
    assert (job.kind, job.spec) == ("export", {"model_id": model.id, "to": "onnx", "machine": ""})
    file = tmp_path / "model.onnx"
    file.write_bytes(b"network")
    stock.end(workspace, job.id, "succeeded", result={"path": str(file), "windows": 64, "difference": 1.5e-6})
    app.run()
    assert not app.exception
    assert "differ from the model's by 1.5e-06 at most, over 64 windows" in stock.texts(app)
    assert f"write-torchscript-{model.id}" in [button.key for button in app.button]
    file.unlink()
    app.run()
    assert f"write-onnx-{model.id}" in [button.key for button in app.button]


def test_a_model_of_the_other_kind_is_not_offered(
    open_page: Open, workspace: Workspace, pumps: DatasetRow, parts: DatasetRow
) -> None:
    model = trained(workspace, pumps)
    app = open_page("inspect", dataset=parts.id[:12], model=model.id[:12])
    assert not app.exception
    assert "The model in this link is for another kind of data than the dataset." in app.warning[0].value
    assert "model" not in app.query_params
    assert app.button(key="inspect-train")
