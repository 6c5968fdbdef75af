"""Check new parts: nothing to judge with, bringing parts in, the verdicts, what can be taken along."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.said import NOTHING
from core.detectors import registry
from core.detectors.calibration import Calibration
from core.jobs.job import Job
from core.jobs.table import JobTable
from core.jobs.worker import run_job
from core.store.datasets import DatasetRow, DatasetStore
from core.store.models import ModelRow, ModelStore
from core.store.runs import RunStore
from core.store.workspace import Workspace
from core.ui import words
from core.ui.batch import downloads
from core.ui.inspect import scored
from core.ui.verdicts import default_limits
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
def checked(workspace: Workspace, model: ModelRow, parts_folder: Path, tmp_path: Path) -> Job:
    """A check of ten parts and one file that is no picture, done."""
    uploaded = workspace.upload_folder() / "today.zip"
    with zipfile.ZipFile(uploaded, "w") as archive:
        for path in sorted((parts_folder / "test").rglob("*.jpg")):
            archive.write(path, path.relative_to(parts_folder / "test"))
        archive.writestr("broken.jpg", b"no picture")
    spec = {"archive": str(uploaded), "name": "today", "model_id": model.id}
    job_id = JobTable(workspace).submit("check", spec, title="Check today").job_id
    stock.start(workspace, job_id)
    assert run_job(job_id, workspace), JobTable(workspace).log_tail(job_id)
    return JobTable(workspace).get(job_id)


@pytest.fixture
def opened(workspace: Workspace, checked: Job) -> scored.Scored:
    assert checked.result is not None
    row = RunStore(workspace).row(checked.result["run_id"])
    return scored.load(row.dataset_id, ModelStore(workspace).get(row.model_id), row)


def figures(app: AppTest) -> dict[str, int]:
    return {metric.label.rsplit("] ", 1)[-1]: int(metric.value) for metric in app.metric}


def tiles(app: AppTest) -> list[str]:
    """Verdict and score under each picture, in order."""
    return [element.value for element in app.markdown if "-badge[" in element.value]


def test_without_a_model_it_leads_to_training(open_page: Open, workspace: Workspace) -> None:
    app = open_page("check")
    assert not app.exception
    assert "No model to judge them yet" in app.subheader[0].value
    assert app.button(key="check-empty").label == "Train a detector"


def test_dropped_images_start_a_check(
    open_page: Open, workspace: Workspace, model: ModelRow, parts_folder: Path
) -> None:
    app = open_page("check")
    assert "**First** will judge them" in stock.texts(app)
    picture = next((parts_folder / "test").rglob("*.jpg")).read_bytes()
    app.file_uploader[0].upload("a.jpg", picture).run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["model_id"], job.spec["owned"]) == ("check", model.id, True)
    assert [path.name for path in Path(job.spec["path"]).iterdir()] == ["a.jpg"]
    assert not app.file_uploader[0].value  # what was dropped is on disk and no longer in memory


def test_a_zip_and_a_path_start_a_check(
    open_page: Open, workspace: Workspace, model: ModelRow, parts_folder: Path, tmp_path: Path
) -> None:
    app = open_page("check", **{"from": "Zip"})
    app.file_uploader[0].upload("today.zip", b"to be looked into by the job").run()
    app = open_page("check", **{"from": "Path"})
    (tmp_path / "here").mkdir()
    app.text_input[0].set_value(str(tmp_path / "here"))
    app.button[[button.label for button in app.button].index("Check the parts")].click().run()
    assert not app.exception
    path_job, zip_job = JobTable(workspace).list()
    assert Path(zip_job.spec["archive"]).name == "today.zip"
    assert path_job.spec["path"] == str(tmp_path / "here")


def test_a_path_outside_the_allowed_roots_is_refused(open_page: Open, workspace: Workspace, model: ModelRow) -> None:
    app = open_page("check", **{"from": "Path"})
    app.text_input[0].set_value("/etc")
    app.button[[button.label for button in app.button].index("Check the parts")].click().run()
    assert "not in a folder that the app may read" in stock.texts(app)
    assert JobTable(workspace).list() == []


def test_verdicts_by_score(open_page: Open, checked: Job, opened: scored.Scored) -> None:
    app = open_page("check")
    assert not app.exception
    frame = scored.table(opened, default_limits(opened.calibration), NOTHING)
    counts = frame["verdict"].value_counts()
    assert figures(app) == {name.capitalize(): int(counts.get(name, 0)) for name in ("reject", "review", "accept")}
    assert sum(figures(app).values()) == 10
    assert len(tiles(app)) == 10
    assert tiles(app)[0].endswith(f"**{words.score(frame['score'][0])}**")
    assert app.expander[0].label == "1 file could not be judged"


def test_a_batch_far_beyond_the_calibration_asks_for_another_model(
    open_page: Open, workspace: Workspace, checked: Job, parts: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Is this the right model?" not in stock.texts(open_page("check"))
    other = stock.toy_model(workspace, parts, name="Second", gain=2.0)
    monkeypatch.setattr(Calibration, "far_beyond", lambda self, scores: np.ones(len(scores), bool))
    app = open_page("check")
    assert "**Is this the right model?** All 10 parts lie far beyond" in stock.texts(app)
    app.button(key="foreign-judge").click().run()
    assert not app.exception
    (job,) = JobTable(workspace).list(active=True)
    assert (job.kind, job.spec["model_id"]) == ("score", other.id)
    stock.start(workspace, job.id)
    assert run_job(job.id, workspace)
    app = open_page("check")
    assert "Judged by **Second**" in stock.texts(app)


def test_only_one_verdict(open_page: Open, checked: Job) -> None:
    everything = figures(open_page("check"))
    for verdict in ("accept", "review", "reject"):
        app = open_page("check", verdict=verdict.capitalize())
        assert not app.exception
        assert len(tiles(app)) == everything[verdict.capitalize()]


def test_bad_links_fall_back(open_page: Open, checked: Job) -> None:
    app = open_page("check", batch="nonsense", verdict="maybe", **{"batch-page": "99", "from": "Moon"})
    assert not app.exception
    assert sum(figures(app).values()) == 10


def test_a_check_that_failed_says_why(open_page: Open, workspace: Workspace, model: ModelRow, tmp_path: Path) -> None:
    app = open_page("check", **{"from": "Path"})
    (tmp_path / "empty").mkdir()
    app.text_input[0].set_value(str(tmp_path / "empty"))
    app.button[[button.label for button in app.button].index("Check the parts")].click().run()
    (job,) = JobTable(workspace).list()
    stock.start(workspace, job.id)
    assert not run_job(job.id, workspace)
    app.run()
    assert "There is no image in the folder" in stock.texts(app)


def test_a_batch_never_becomes_the_dataset_to_begin_with(open_page: Open, checked: Job, parts: DatasetRow) -> None:
    app = open_page("train")
    assert app.session_state["_dataset"].id == parts.id


def test_what_a_batch_gives_to_take_along(workspace: Workspace, opened: scored.Scored) -> None:
    limits = default_limits(opened.calibration)
    frame = scored.table(opened, limits, NOTHING)
    with downloads.overlays_zip(opened, frame) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        assert len(archive.namelist()) == 10
        assert {name.split("/")[0] for name in archive.namelist()} == set(frame["verdict"])
    assert list(workspace.exports.iterdir()) == []
    report = downloads.report(opened, frame, limits, "the model's own", n_pictures=2)
    assert [part.picture is not None for part in report.parts] == [True] * 2 + [False] * 8
    assert "at most" in report.policy
    assert "today" in downloads.to_html(report)


def test_the_checked_set_keeps_its_name(workspace: Workspace, checked: Job) -> None:
    assert checked.result is not None
    assert DatasetStore(workspace).row(checked.result["dataset_id"]).name == "today"
