"""The real tasks, called as functions, with a toy for a detector; and one through the real worker."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.detectors import registry, training
from core.errors import Cancelled, UserError
from core.jobs.dispatcher import Dispatcher
from core.jobs.local import LocalEngine
from core.jobs.table import JobTable
from core.jobs.tasks import TASKS, check, importing, sample, score, suspects, train
from core.progress import Progress
from core.store import DatasetStore, ModelStore, RunStore, Workspace
from tests.jobs.conftest import PACE, wait
from tests.store import toy


@pytest.fixture(autouse=True)
def toy_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)


def write_pictures(root: Path, *, seed: int = 0) -> Path:
    """The MVTec layout: ten good pictures to train on, four good and four bad ones with masks to test on."""
    rng = np.random.default_rng(seed)
    for folder, count in (("train/good", 10), ("test/good", 4), ("test/hole", 4)):
        for number in range(count):
            picture = rng.integers(90, 110, (24, 32, 3), dtype=np.uint8)
            if "hole" in folder:
                picture[6:18, 8:24] = 0
                save(root / "ground_truth/hole" / f"{number:03}_mask.png", np.where(picture[:, :, 0] == 0, 255, 0))
            save(root / folder / f"{number:03}.png", picture)
    return root


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture.astype(np.uint8))


def zipped(folder: Path, dest: Path) -> Path:
    with zipfile.ZipFile(dest, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return dest


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "pictures")


@pytest.fixture
def dataset_id(workspace: Workspace, pictures: Path) -> str:
    return str(importing.run(Progress(), {"path": str(pictures)}, workspace)["dataset_id"])


def test_a_folder_is_indexed_where_it_lies(workspace: Workspace, pictures: Path, dataset_id: str) -> None:
    row = DatasetStore(workspace).row(dataset_id)
    assert (row.name, row.n_train, row.n_test, row.n_bad, row.n_masks) == ("pictures", 10, 8, 4, 4)
    assert (row.root, row.owned) == (pictures, False)


def test_an_uploaded_zip_moves_in(workspace: Workspace, pictures: Path, dataset_id: str) -> None:
    upload = zipped(pictures, workspace.upload_folder() / "my parts.zip")
    result = importing.run(Progress(), {"archive": str(upload)}, workspace)
    assert result == {"dataset_id": dataset_id}
    row = DatasetStore(workspace).row(dataset_id)
    assert row.owned
    assert DatasetStore(workspace).changed_files(dataset_id) == []
    assert not list(workspace.uploads.iterdir())


def test_a_zip_of_the_server_stays(workspace: Workspace, pictures: Path, tmp_path: Path) -> None:
    archive = zipped(pictures, tmp_path / "parts.zip")
    result = importing.run(Progress(), {"archive": str(archive)}, workspace)
    assert archive.is_file()
    assert DatasetStore(workspace).row(result["dataset_id"]).name == "parts"


def test_an_uploaded_folder_moves_in(workspace: Workspace) -> None:
    upload = write_pictures(workspace.upload_folder())
    spec = {"path": str(upload), "name": "Flanges", "owned": True}
    row = DatasetStore(workspace).row(importing.run(Progress(), spec, workspace)["dataset_id"])
    assert (row.name, row.owned, row.n_items) == ("Flanges", True, 18)
    assert not list(workspace.uploads.iterdir())


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_a_bad_upload_leaves_nothing(workspace: Workspace, content: bytes) -> None:
    upload = workspace.upload_folder() / "bad.zip"
    upload.write_bytes(content)
    with pytest.raises(UserError):
        importing.run(Progress(), {"archive": str(upload)}, workspace)
    assert not list(workspace.uploads.iterdir())
    assert not list(workspace.datasets.iterdir())
    assert DatasetStore(workspace).list() == []


def test_a_folder_of_the_server_is_never_moved(workspace: Workspace, pictures: Path) -> None:
    with pytest.raises(UserError, match="Only uploaded"):
        importing.run(Progress(), {"path": str(pictures), "owned": True}, workspace)
    assert len(list(pictures.rglob("*.png"))) == 22


def test_an_import_names_one_source() -> None:
    for spec in ({}, {"path": "a", "archive": "b"}):
        with pytest.raises(UserError, match="either a folder"):
            TASKS["import"].checked(spec)


def test_a_sample_is_drawn(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.datasets import samples

    def write(out: Path, seed: int, progress: Progress) -> None:
        write_pictures(out, seed=seed)

    monkeypatch.setitem(samples.SAMPLES, "tiny", samples.Sample("tiny", "Tiny parts", "", write))
    result = sample.run(Progress(), {"sample": "tiny", "seed": 5}, workspace)
    row = DatasetStore(workspace).row(result["dataset_id"])
    assert (row.name, row.owned, row.n_items) == ("Tiny parts", True, 18)
    assert sample.stands(result, workspace)
    DatasetStore(workspace).remove(row.id)
    assert not sample.stands(result, workspace)
    with pytest.raises(UserError, match="no sample «cake»"):
        sample.run(Progress(), {"sample": "cake"}, workspace)


def test_training_scores_and_evaluates(workspace: Workspace, dataset_id: str) -> None:
    spec = {"dataset_id": dataset_id, "detector": "toy", "exclude": ["train/good/000.png"]}
    stages: list[str] = []
    result = train.run(Progress(lambda _, stage, __: stages.append(stage)), spec, workspace)
    row = ModelStore(workspace).get(result["model_id"])
    assert (row.name, row.dataset_id, row.manifest.dataset.excluded) == ("Toy on pictures", dataset_id, 1)
    assert row.manifest.dataset.fit + row.manifest.dataset.calibration == 9
    assert row.metrics["n_images"] == 8
    run = RunStore(workspace).get(row.id, dataset_id)
    assert run is not None
    assert run.folder.name == result["run_id"]
    assert len(run.scores()) == 8
    assert stages[0] == "Loading the detector"
    assert "Loading the model" in stages
    assert score.stands(result, workspace)
    ModelStore(workspace).remove(row.id)
    assert not score.stands(result, workspace)


def test_nothing_to_learn_from_is_told(workspace: Workspace, dataset_id: str) -> None:
    everything = [f"train/good/{number:03}.png" for number in range(10)]
    spec = {"dataset_id": dataset_id, "detector": "toy", "exclude": everything}
    with pytest.raises(UserError, match="no good training image left"):
        train.run(Progress(), spec, workspace)


def test_a_wish_is_checked_and_completed_when_it_is_made(table: JobTable) -> None:
    jobs = JobTable(table.workspace)
    spec = {"dataset_id": "d", "detector": "toy", "exclude": ["b", "a"], "name": "One"}
    first = jobs.submit("train", spec, title="x")
    same = {"dataset_id": "d", "detector": "TOY", "exclude": ["a", "b", "a"], "params": {"gain": 1.0}, "name": "Two"}
    assert jobs.submit("train", same, title="y") == type(first)(first.job_id, existing=True)
    assert jobs.get(first.job_id).spec["params"] == {"gain": 1.0}
    for bad in ({"params": {"speed": 1}}, {"detector": "magic"}, {"dataset_id": None}):
        with pytest.raises(UserError):
            jobs.submit("train", spec | bad, title="z")


def test_a_model_whose_scoring_was_cancelled_is_not_trained_again(
    workspace: Workspace, dataset_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []
    original: Callable[..., Any] = training.train
    monkeypatch.setattr(training, "train", lambda *args: (trained.append("again"), original(*args))[1])
    cancel = False

    def sink(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if cancel and fraction > train.TRAIN_SHARE:
            raise Cancelled

    progress = Progress(sink, scratch=workspace.scratch("key"))
    spec = {"dataset_id": dataset_id, "detector": "toy"}
    cancel = True
    with pytest.raises(Cancelled):
        train.run(progress, spec, workspace)
    assert len(ModelStore(workspace).list()) == 1
    assert not list(workspace.runs.iterdir())
    cancel = False
    result = train.run(progress, spec, workspace)
    assert trained == ["again"]
    assert ModelStore(workspace).get(result["model_id"]).metrics["n_images"] == 8


def test_an_unlabelled_batch_is_scored_without_metrics(workspace: Workspace, dataset_id: str, tmp_path: Path) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    rng = np.random.default_rng(9)
    for number in range(3):
        save(tmp_path / "batch" / f"{number}.png", rng.integers(0, 255, (16, 16, 3)))
    batch = importing.run(Progress(), {"path": str(tmp_path / "batch")}, workspace)["dataset_id"]
    result = score.run(Progress(), {"model_id": model_id, "dataset_id": batch}, workspace)
    (row,) = RunStore(workspace).list(batch)
    assert (row.id, row.model_id, row.metrics) == (result["run_id"], model_id, None)


def test_new_parts_are_all_scored_whatever_their_folders_are_called(
    workspace: Workspace, dataset_id: str, pictures: Path, tmp_path: Path
) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    uploaded = zipped(pictures / "test", workspace.upload_folder() / "today.zip")
    result = check.run(Progress(), {"archive": str(uploaded), "model_id": model_id}, workspace)
    run = RunStore(workspace).get(model_id, result["dataset_id"])
    assert run is not None and len(run.scores()) == 8
    assert not uploaded.exists()


def test_new_parts_named_like_masks_are_judged_too(workspace: Workspace, dataset_id: str) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    upload = workspace.upload_folder()
    names = ["a.png", "a_label.png", "a_mask.png", "ground_truth/a.png", "train/good/a.png", "test/bad/a.png"]
    for name in names:
        save(upload / name, np.random.default_rng(len(name)).integers(0, 255, (16, 16, 3)))
    result = check.run(Progress(), {"path": str(upload), "owned": True, "model_id": model_id}, workspace)
    run = RunStore(workspace).get(model_id, result["dataset_id"])
    assert run is not None and sorted(run.scores()["item"]) == sorted(names)
    with pytest.raises(UserError, match="format"):
        TASKS["check"].checked({"path": str(upload), "model_id": model_id, "format": "mvtec"})


def test_everything_is_scored_where_that_is_asked(workspace: Workspace, dataset_id: str) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    score.score(workspace, model_id, dataset_id, Progress(), everything=True)
    run = RunStore(workspace).get(model_id, dataset_id)
    assert run is not None and len(run.scores()) == 18


def test_pictures_changed_since_they_were_read_are_not_used(
    workspace: Workspace, pictures: Path, dataset_id: str
) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    save(pictures / "test/good/001.png", np.zeros((24, 32, 3)))
    for task, spec in (
        (train, {"dataset_id": dataset_id, "detector": "toy"}),
        (score, {"dataset_id": dataset_id, "model_id": model_id}),
        (suspects, {"dataset_id": dataset_id}),
    ):
        with pytest.raises(UserError, match=r"test/good/001\.png .*Read the folder again on the Data page"):
            task.run(Progress(), spec, workspace)


def test_a_check_that_failed_after_the_upload_was_taken_in_goes_on_from_there(
    workspace: Workspace, dataset_id: str, pictures: Path, tmp_path: Path
) -> None:
    model_id = train.run(Progress(), {"dataset_id": dataset_id, "detector": "toy"}, workspace)["model_id"]
    uploaded = zipped(pictures / "test", workspace.upload_folder() / "today.zip")
    spec = {"archive": str(uploaded), "model_id": model_id}
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def stop_when_scoring(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if stage == "Loading the model":
            raise Cancelled

    with pytest.raises(Cancelled):
        check.run(Progress(stop_when_scoring, scratch=scratch), spec, workspace)
    assert not uploaded.exists()
    assert check.run(Progress(scratch=scratch), spec, workspace)["run_id"]


def test_suspects(workspace: Workspace, pictures: Path) -> None:
    import pandas as pd
    import torch

    torch.set_num_threads(1)
    save(pictures / "train/good/004.png", np.tile(np.arange(32) % 2 * 255, (24, 1))[:, :, None].repeat(3, 2))
    dataset_id = importing.run(Progress(), {"path": str(pictures)}, workspace)["dataset_id"]
    result = suspects.run(Progress(), {"dataset_id": dataset_id}, workspace)
    frame = pd.read_parquet(result["path"])
    assert list(frame.columns) == ["item", "score", "p", "suspicious"]
    assert len(frame) == 10
    assert frame["item"][0] == "train/good/004.png"
    assert frame["p"][0] == pytest.approx(0.1)
    assert frame["score"].is_monotonic_decreasing
    assert suspects.stands(result, workspace)


def test_the_real_worker_does_real_work(workspace: Workspace, pictures: Path) -> None:
    table, engine = JobTable(workspace), LocalEngine(workspace)
    dispatcher = Dispatcher(workspace, engine, pace=PACE)
    dispatcher.start()
    try:
        good = table.submit("import", {"path": str(pictures)}, title="Import").job_id
        bad = table.submit("import", {"path": str(pictures / "nowhere")}, title="Import").job_id
        assert wait(table, good).state == "succeeded"
        failed = wait(table, bad)
    finally:
        dispatcher.stop()
    assert failed.state == "failed"
    assert failed.error is not None
    assert "nowhere" in failed.error
    assert [row.name for row in DatasetStore(workspace).list()] == ["pictures"]
