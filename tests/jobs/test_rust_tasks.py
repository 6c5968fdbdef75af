"""Jobs about rust: photographs come in, are analysed, and the result stands as long as it is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.datasets import samples
from core.datasets.synthetic.rust import write_rust
from core.errors import UserError
from core.jobs.tasks import TASKS, rust, rust_demo, rust_photos
from core.progress import Progress
from core.severity.settings import RustSettings
from core.store.rustanalyses import RustAnalysisStore
from core.store.rustphotos import RustPhotoStore
from core.store.workspace import Workspace

SETTINGS = RustSettings(measures=("colour",), resamples=100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rust") / "set"
    write_rust(out, seed=0, parts=1, weeks=1, views=1, size=160)
    return out


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def test_a_folder_is_analysed_and_the_result_stands(folder: Path, workspace: Workspace) -> None:
    seen: list[float] = []
    progress = Progress(lambda fraction, stage, metrics: seen.append(fraction))
    taken = rust_photos.run(progress, {"path": str(folder), "name": "Flanges"}, workspace)
    asked = TASKS["rust"].checked(rust.from_set(workspace, taken["set_id"], SETTINGS))
    done = rust.run(progress, asked, workspace)
    assert rust.stands(done, workspace) and seen[-1] == 1
    assert RustAnalysisStore(workspace).get(done["analysis_id"]).info.settings == SETTINGS
    RustAnalysisStore(workspace).remove(done["analysis_id"])
    assert not rust.stands(done, workspace)


def test_uploads_and_archives_are_taken_over(folder: Path, workspace: Workspace, tmp_path: Path) -> None:
    upload = workspace.upload_folder()
    shutil.copytree(folder, upload / "files")
    first = rust_photos.run(Progress(), {"path": str(upload / "files"), "name": "a"}, workspace)
    assert not upload.exists() and folder.exists()
    archive = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", folder))
    assert rust_photos.run(Progress(), {"archive": str(archive)}, workspace) == first and archive.exists()


def test_an_upload_that_holds_no_photograph_is_removed(workspace: Workspace) -> None:
    upload = workspace.upload_folder()
    (upload / "notes.txt").write_text("nothing")
    with pytest.raises(UserError):
        rust_photos.run(Progress(), {"path": str(upload)}, workspace)
    assert not upload.exists() and RustPhotoStore(workspace).list() == []


def test_one_source_is_needed() -> None:
    for spec in ({}, {"path": "a", "sample_seed": 0}):
        with pytest.raises(UserError, match="rust-photos"):
            TASKS["rust-photos"].checked(spec)


def test_a_table_that_cannot_be_read_is_told(folder: Path, workspace: Workspace) -> None:
    set_id = RustPhotoStore(workspace).add(folder, "Flanges").id
    with pytest.raises(UserError, match="cannot be read"):
        rust.run(Progress(), {"set_id": set_id, "rows": [{"colour": "red"}]}, workspace)


def test_the_first_progression_comes_in_one_click(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def tiny(out: Path, seed: int, progress: Progress) -> None:
        write_rust(out, seed=seed, parts=1, weeks=1, views=1, size=160, progress=progress)

    monkeypatch.setitem(samples.SAMPLES, "rust", samples.Sample("rust", "Tiny", "", tiny, modality="rust"))
    done = rust_demo.run(Progress(), {"seed": 3, "settings": SETTINGS}, workspace)
    assert rust.stands(done, workspace) and RustPhotoStore(workspace).row(done["set_id"]).name == "Tiny"
