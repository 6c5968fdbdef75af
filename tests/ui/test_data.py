"""Data: empty, with data, after a bad path, with copies and suspicious images; rename, remove and undo."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.jobs.table import JobTable
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from tests.ui.conftest import Open


def texts(app: AppTest) -> str:
    """All Markdown of the page."""
    return "\n".join(element.value for element in app.markdown).replace("\\", "")


def path_field(app: AppTest) -> TextInput:
    return next(field for field in app.text_input if field.label == "Path on the server")


def test_empty_workspace_offers_the_sample(open_page: Open, workspace: Workspace) -> None:
    app = open_page("data")
    assert not app.exception
    app.button(key="load-sample").click().run()
    assert [job.kind for job in JobTable(workspace).list()] == ["sample"]


def test_counts_of_a_dataset(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("data")
    assert not app.exception
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures == {
        "Images": "16",
        "To learn from": "6",
        "Test, good": "3",
        "Test, anomalous": "7",
        "With a mask": "7",
        "Left out": "0",
    }
    assert "34 more good images are recommended" in texts(app)


def test_filters_come_from_the_link(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("data", split="train")
    assert "6 of 16 images" in [caption.value for caption in app.caption]
    app = open_page("data", split="nonsense")
    assert not app.exception
    assert "16 of 16 images" in [caption.value for caption in app.caption]


def test_a_path_outside_the_roots_is_refused_in_one_sentence(open_page: Open, workspace: Workspace) -> None:
    app = open_page("data", add="Path")
    path_field(app).input("/etc")
    app.button[-1].click().run()
    assert not app.exception
    assert app.error[0].value.replace("\\", "").startswith("This path is not in a folder that the app may read (/etc).")
    assert JobTable(workspace).list() == []


def test_a_path_is_read_in_the_background(open_page: Open, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    app = open_page("data", add="Path")
    path_field(app).input(str(tmp_path / "mine"))
    app.button[-1].click().run()
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["path"], job.spec["owned"]) == ("import", str(tmp_path / "mine"), False)


def test_a_dropped_zip_goes_to_disk_and_into_a_job(open_page: Open, workspace: Workspace) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("good/a.txt", "not an image")
    app = open_page("data", add="Zip")
    app.file_uploader[0].upload("my parts.zip", archive.getvalue()).run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    kept = Path(job.spec["archive"])
    assert kept.read_bytes() == archive.getvalue()
    assert kept.is_relative_to(workspace.uploads)
    assert job.spec["name"] == "my parts"


def test_the_reason_of_a_failed_import_is_shown(open_page: Open, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    app = open_page("data", add="Path")
    path_field(app).input(str(tmp_path / "mine"))
    app.button[-1].click().run()
    table = JobTable(workspace)
    job_id = table.list()[0].id
    with workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (job_id,))
    table.finish(job_id, "failed", error="There is no image here.", hint="Choose another folder.")
    app.run()
    assert "There is no image here. Choose another folder." in app.error[0].value.replace("\\", "")


def test_a_finished_import_becomes_the_dataset_in_view(
    open_page: Open, workspace: Workspace, parts: DatasetRow, parts_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(parts_folder / "train" / "good", tmp_path / "mine")
    app = open_page("data", add="Path")
    path_field(app).input(str(tmp_path / "mine"))
    next(button for button in app.button if button.label == "Read it").click().run()
    table, row = JobTable(workspace), DatasetStore(workspace).add(readers.read(tmp_path / "mine"))
    job_id = table.list()[0].id
    with workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (job_id,))
    table.finish(job_id, "succeeded", result={"dataset_id": row.id})
    app.run()
    assert not app.exception
    assert app.query_params["dataset"] == row.id[:12]
    assert app.title[0].value == row.name


def test_remove_and_undo(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    app = open_page("data")
    app.button(key="remove").click().run()
    assert DatasetStore(workspace).list() == []
    app.button(key="undo-remove").click().run()
    assert [row.id for row in DatasetStore(workspace).list()] == [parts.id]
    assert not app.exception


def test_removed_datasets_can_be_restored_later(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    DatasetStore(workspace).remove(parts.id)
    app = open_page("data")
    app.button(key=f"restore-{parts.id}").click().run()
    assert [row.id for row in DatasetStore(workspace).list()] == [parts.id]


def test_rename(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    app = open_page("data")
    next(field for field in app.text_input if field.label == "Name").input("flanges")
    next(button for button in app.button if button.label == "Save").click().run()
    assert DatasetStore(workspace).list()[0].name == "flanges"
    assert app.title[0].value == "flanges"


def test_leaks_and_rejected_files_are_listed(
    open_page: Open, workspace: Workspace, parts_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "leaky"
    shutil.copytree(parts_folder, folder)
    shutil.copy(next((folder / "train" / "good").iterdir()), folder / "test" / "good" / "copy.jpg")
    (folder / "train" / "good" / "broken.jpg").write_bytes(b"no picture")
    DatasetStore(workspace).add(readers.read(folder))
    app = open_page("data", section="Copies")
    assert not app.exception
    assert "Leakage: 1 test image is also in the training set" in texts(app)
    assert list(app.dataframe[0].value["Problem"]) == ["leakage: also in the training set"]
    app = open_page("data", section="Left out")
    assert "broken.jpg" in app.dataframe[0].value["File"].iloc[0]


@pytest.fixture
def suspected(workspace: Workspace, parts: DatasetRow) -> list[str]:
    """A finished search that found its first image suspicious. Returns the training images, oddest first."""
    store, table = DatasetStore(workspace), JobTable(workspace)
    names = [item.name for item in store.get(parts.id).normals().items]
    frame = pd.DataFrame({"item": names, "score": [9.0, 3.0, 2.0, 2.0, 1.0, 1.0], "p": 1.0})
    frame["suspicious"] = frame["item"] == names[0]
    path = store.folder(parts.id) / "suspects-compact.parquet"
    frame.to_parquet(path, index=False)
    job_id = table.submit("suspects", {"dataset_id": parts.id}, title="Suspicious images").job_id
    with workspace.transaction() as db:
        db.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (job_id,))
    table.finish(job_id, "succeeded", result={"path": str(path)})
    return names


def test_suspicious_images_are_excluded_and_taken_in_again(
    open_page: Open, workspace: Workspace, parts: DatasetRow, suspected: list[str]
) -> None:
    store = DatasetStore(workspace)
    app = open_page("data", section="Suspicious")
    assert not app.exception
    app.button(key="exclude-all").click().run()
    assert store.excluded(parts.id) == {suspected[0]}
    assert {metric.label: metric.value for metric in app.metric}["To learn from"] == "5"
    app.toggle[1].set_value(False).run()
    assert store.excluded(parts.id) == set(suspected[:2])
    app.button(key="include-all").click().run()
    assert store.excluded(parts.id) == frozenset()
    assert not app.exception


def test_a_photograph_is_looked_at_closer_and_excluded(
    open_page: Open, workspace: Workspace, parts: DatasetRow
) -> None:
    app = open_page("data", split="train")
    closer = next(button for button in app.button if (button.key or "").startswith("closer-"))
    closer.click().run()
    app.toggle(key=f"closer-{parts.id[:8]}-{closer.key.removeprefix('closer-')}").set_value(False).run()
    assert not app.exception
    assert DatasetStore(workspace).excluded(parts.id) == {closer.key.removeprefix("closer-")}


def test_the_search_for_suspicious_images_is_a_job(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    app = open_page("data", section="Suspicious")
    app.button(key="find-suspects").click().run()
    assert [(job.kind, job.spec["dataset_id"]) for job in JobTable(workspace).list()] == [("suspects", parts.id)]


@pytest.mark.parametrize("query", [{"p": "99"}, {"p": "x"}, {"add": "nonsense"}, {"section": "1"}, {"q": "*[](:red["}])
def test_bad_values_in_a_link_fall_back(open_page: Open, parts: DatasetRow, query: dict[str, str]) -> None:
    app = open_page("data", **query)
    assert not app.exception
    assert not app.error


def test_a_page_that_filters_emptied_falls_back(open_page: Open, workspace: Workspace, tmp_path: Path) -> None:
    write_parts(tmp_path / "more", train=36, test_good=1, per_defect=0, size=96)
    DatasetStore(workspace).add(readers.read(tmp_path / "more"))
    app = open_page("data", p="2")
    assert len(app.get("image")) == 5
    app.selectbox(key="split").select("test").run()
    assert not app.exception
    assert len(app.get("image")) == 1


def test_files_that_were_changed_or_deleted_are_told(open_page: Open, workspace: Workspace, tmp_path: Path) -> None:
    write_parts(tmp_path / "mine", train=3, test_good=1, per_defect=0, size=96)
    DatasetStore(workspace).add(readers.read(tmp_path / "mine"))
    shutil.rmtree(tmp_path / "mine" / "train")
    app = open_page("data")
    assert not app.exception
    assert not app.error
    assert "3 files were changed or moved" in texts(app)
    assert len(app.get("image")) == 1
