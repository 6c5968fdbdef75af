"""Models & jobs: the table and its link, rename, tag, delete and undo, compare, upload, jobs that ended badly."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.detectors import registry
from core.jobs.table import JobTable
from core.store.datasets import DatasetRow
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace
from core.ui import words
from core.ui.models import backbones, compare, table
from tests.store import toy
from tests.ui import stock
from tests.ui.conftest import Open


@pytest.fixture(autouse=True)
def toy_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)


@pytest.fixture
def model(workspace: Workspace, parts: DatasetRow) -> ModelRow:
    return stock.toy_model(workspace, parts)


@pytest.fixture
def other(workspace: Workspace, parts: DatasetRow) -> ModelRow:
    return stock.toy_model(workspace, parts, name="Second", gain=2.0)


def keys(app: AppTest) -> set[str | None]:
    return {button.key for button in app.button}


def test_without_models_it_leads_to_training(open_page: Open, workspace: Workspace) -> None:
    app = open_page("models")
    assert not app.exception
    assert "No models yet" in app.subheader[0].value
    assert app.button(key="models-empty").label == "Train a detector"
    assert "Nothing has run yet" in stock.texts(app)


def test_the_table_holds_figures_and_where_they_come_from(open_page: Open, model: ModelRow) -> None:
    app = open_page("models")
    assert not app.exception
    (line,) = app.dataframe[0].value.to_dict("records")
    assert (line["Name"], line["Detector"], line["Dataset"]) == ("First", "Toy", "parts")
    assert line["Image AUROC"] == model.metrics["image_auroc"]
    low, high = model.metrics["ci95"]["image_auroc"]
    assert line["Image AUROC, 95 %"] == f"{low:.3f} to {high:.3f}"
    assert line["Lowest rate"] == pytest.approx(100 / (model.manifest.calibration.n + 1))
    assert line["Size"] == pytest.approx(table.megabytes(model))


def test_a_threshold_needs_no_labels(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    """A model of data that nobody labelled was never evaluated; its threshold is that of an evaluated one."""
    with workspace.transaction() as db:
        db.execute("DELETE FROM runs")
    app = open_page("models")
    (line,) = app.dataframe[0].value.to_dict("records")
    assert line["Threshold"] == model.metrics["threshold"]
    assert pd.isna(line["Image AUROC"])


def test_the_current_model_is_selected_at_first(open_page: Open, model: ModelRow, other: ModelRow) -> None:
    assert "**Second**" in stock.texts(open_page("models"))


def test_the_link_selects(open_page: Open, model: ModelRow, other: ModelRow) -> None:
    assert "**First**" in stock.texts(open_page("models", models=model.id[:12]))
    app = open_page("models", models=f"{model.id[:12]}.{other.id[:12]}")
    assert "**2 models**" in stock.texts(app)
    assert "Side by side" in stock.texts(app)


def test_a_link_to_unknown_models_falls_back(open_page: Open, model: ModelRow) -> None:
    app = open_page("models", models="nonsense.0123456789abcdef")
    assert not app.exception
    assert "**First**" in stock.texts(app)


def test_rename_and_tag(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    app = open_page("models")
    app.text_input(key=f"name-{model.id}").set_value("Line 3")
    app.multiselect(key=f"tags-{model.id}").set_value([])
    app.get_by_key(f"save-{model.id}").click().run()
    assert not app.exception
    assert ModelStore(workspace).get(model.id).name == "Line 3"
    assert app.dataframe[0].value["Name"].tolist() == ["Line 3"]


def test_an_empty_name_is_refused_in_place(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    app = open_page("models")
    app.text_input(key=f"name-{model.id}").set_value("  ")
    app.get_by_key(f"save-{model.id}").click().run()
    assert not app.exception
    assert "A name is empty" in stock.texts(app)
    assert ModelStore(workspace).get(model.id).name == "First"


def test_known_tags_are_offered(open_page: Open, workspace: Workspace, model: ModelRow, other: ModelRow) -> None:
    ModelStore(workspace).tag(other.id, ["line 3"])
    app = open_page("models", models=model.id[:12])
    app.multiselect(key=f"tags-{model.id}").select("line 3")
    app.get_by_key(f"save-{model.id}").click().run()
    assert ModelStore(workspace).get(model.id).tags == ("line 3",)


def test_delete_and_undo(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    app = open_page("models")
    app.button(key="delete-models").click().run()
    assert not app.exception
    assert ModelStore(workspace).list() == []
    assert [toast.value for toast in app.toast] == ["Deleted «First»."]
    app.button(key="undo-delete").click().run()
    assert [row.id for row in ModelStore(workspace).list()] == [model.id]
    assert "undo-delete" not in keys(app)


def test_deleted_models_are_listed_and_come_back(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    ModelStore(workspace).remove(model.id)
    app = open_page("models")
    assert "undo-delete" not in keys(app)
    assert app.expander[0].label == "Deleted models · 1"
    app.button(key=f"restore-{model.id}").click().run()
    assert [row.id for row in ModelStore(workspace).list()] == [model.id]


def test_training_again_fills_the_form(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    source = ModelStore(workspace).get(stock.toy_result(workspace, parts)["model_id"])
    manifest = source.manifest.model_copy(update={"detector": "padim", "params": {"image_size": 128}, "seed": 9})
    with workspace.transaction() as db:
        db.execute("UPDATE models SET detector = 'padim', manifest = ?", (manifest.model_dump_json(),))
    app = open_page("models")
    app.button(key="retrain-model").click().run()
    assert not app.exception
    assert "Settings of PaDiM" in stock.texts(app)
    assert app.get_by_key("train.padim.image_size").value == 128
    assert app.number_input(key="train.seed").value == 9


def test_differences_are_marked(model: ModelRow, other: ModelRow, workspace: Workspace) -> None:
    frame = compare.side_by_side([model, other]).set_index(compare.WHAT)
    assert (frame.loc["gain", "First"], frame.loc["gain", "Second"]) == ("1", "2")
    assert frame.loc["gain", compare.DIFFERS] == compare.DIFFERS
    assert frame.loc["Dataset", compare.DIFFERS] == ""
    assert "(" in frame.loc["Image AUROC", "First"]


def test_a_setting_that_only_one_has(model: ModelRow, workspace: Workspace, parts: DatasetRow) -> None:
    other = stock.toy_model(workspace, parts, name="Second", gain=4.0)
    manifest = other.manifest.model_copy(update={"params": {"gain": 1.0, "extra": True}})
    frame = compare.side_by_side([model, replace(other, manifest=manifest)]).set_index(compare.WHAT)
    assert frame.loc["extra"].tolist() == [compare.DIFFERS, compare.NONE, "yes"]


def test_models_of_one_name_stay_apart(model: ModelRow, workspace: Workspace, parts: DatasetRow) -> None:
    twin = stock.toy_model(workspace, parts, gain=3.0)
    frame = compare.side_by_side([model, twin])
    assert f"First ({model.id[:6]})" in frame and f"First ({twin.id[:6]})" in frame


def test_only_differences(open_page: Open, model: ModelRow, other: ModelRow) -> None:
    app = open_page("models", models=f"{model.id[:12]}.{other.id[:12]}")
    everything = len(app.table[0].value)
    app.toggle(key="only-differences").set_value(True).run()
    assert 0 < len(app.table[0].value) < everything


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"not a zip", "The zip cannot be read"), (None, "This is not a model: the zip has no manifest.json")],
)
def test_a_bad_zip_is_refused_in_a_sentence(
    open_page: Open, workspace: Workspace, content: bytes | None, sentence: str
) -> None:
    app = open_page("models")
    app.file_uploader[0].upload("bad.zip", content or zip_with("evil.py", b"print('hello')")).run()
    assert not app.exception
    assert words.plain(sentence) in stock.texts(app)
    assert app.file_uploader[0].value is None  # it is not checked again and again
    assert words.plain(sentence) in stock.texts(app.run())
    assert ModelStore(workspace).list() == []
    assert list(workspace.uploads.iterdir()) == []


def test_a_model_goes_out_and_comes_in(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    data = ModelStore(workspace).export_zip(model.id).read_bytes()
    ModelStore(workspace).remove(model.id)
    app = open_page("models")
    app.file_uploader[0].upload("first.zip", data).run()
    assert not app.exception
    assert [row.id for row in ModelStore(workspace).list()] == [model.id]
    assert list(workspace.uploads.iterdir()) == []


def test_a_detector_of_another_version_takes_no_page_down(
    open_page: Open, model: ModelRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registry.REGISTRY, "toy")
    for name in ("start", "data", "models", "check", "inspect"):
        app = open_page(name)
        assert not app.exception and not app.error, name


def zip_with(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def failed(workspace: Workspace, tmp_path: Path) -> str:
    jobs = JobTable(workspace)
    job_id = jobs.submit("import", {"path": str(tmp_path / "gone")}, title="Read [this](http://x)").job_id
    stock.end(workspace, job_id, "failed", error="Memory ran out", hint="Use smaller images")
    jobs.log_path(job_id).write_text("12:00:00  begins\n")
    return job_id


def test_a_failed_job_tells_why_and_what_to_do(open_page: Open, failed: str) -> None:
    app = open_page("models")
    assert not app.exception
    found = stock.texts(app)
    assert f"**{words.plain('Read [this](http://x)')}**" in found
    assert r"Memory ran out\." in found
    assert "Use smaller images" in found
    assert "at «Counting»" in found


def test_retry(open_page: Open, workspace: Workspace, failed: str) -> None:
    app = open_page("models")
    app.button(key=f"jobs-retry-{failed}").click().run()
    assert not app.exception
    assert [job.state for job in JobTable(workspace).list()] == ["queued", "failed"]
    assert any((button.key or "").startswith("all-jobs-cancel-") for button in app.button)


def test_cancel_a_waiting_job(open_page: Open, workspace: Workspace) -> None:
    job_id = JobTable(workspace).submit("sample", {"sample": "parts"}, title="Draw").job_id
    app = open_page("models")
    app.button(key=f"all-jobs-cancel-{job_id}").click().run()
    assert JobTable(workspace).get(job_id).state == "cancelled"


def test_jobs_by_how_they_ended(open_page: Open, workspace: Workspace, failed: str) -> None:
    done = JobTable(workspace).submit("sample", {"sample": "parts"}, title="Draw").job_id
    stock.end(workspace, done, "succeeded", result={"dataset_id": "0" * 64})
    assert "**Draw**" in stock.texts(open_page("models"))
    assert "**Draw**" not in stock.texts(open_page("models", jobs="Failed or lost"))
    assert "No job ended this way." in stock.texts(open_page("models", jobs="Cancelled"))
    assert not open_page("models", jobs="nonsense", **{"job-page": "99"}).exception


def test_a_backbone_is_distilled_from_a_dataset(
    open_page: Open, workspace: Workspace, parts: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundled one is shown with its hash and card; the form asks for a job, and a failed one can be asked again."""
    app = open_page("models", backbones="true")
    assert not app.exception
    found = stock.texts(app)
    assert "sha256 " in found and "ResNet-18" in found
    app.session_state[backbones.FORM] = True
    found = stock.texts(app.run())
    assert app.button(key="distill-start").disabled and "At least 24 photographs" in found
    monkeypatch.setattr(backbones, "FEWEST", 6)
    app.number_input(key="distill-steps").set_value(50)
    app.slider(key="distill-textures").set_value(50).run()
    app.button(key="distill-start").click().run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["dataset_id"], job.spec["config"]["steps"]) == ("distill", parts.id, 50)
    assert job.spec["config"]["textures"] == 0.5
    assert any((button.key or "").startswith("distill-cancel-") for button in app.button)
    stock.end(workspace, job.id, "failed", error="There is no teacher", hint="Fetch it")
    app.run()
    assert "There is no teacher" in stock.texts(app)
    app.button(key=f"distill-retry-{job.id}").click().run()
    assert not app.exception and [one.state for one in JobTable(workspace).list()] == ["queued", "failed"]
