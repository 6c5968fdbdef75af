"""Datasets keep their identity, their place and what people said about them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.types import ImageSet
from core.errors import UserError
from core.store import DatasetStore, Workspace, imagefile
from tests.store.conftest import make_set


def test_round_trip(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data, "My  screws\n")
    assert (row.id, row.name, row.format) == (data.content_id, "My screws", "mvtec")
    assert (row.n_items, row.n_train, row.n_test, row.n_bad, row.n_masks, row.n_rejected) == (8, 4, 4, 2, 2, 1)
    assert store.list() == [row]
    assert store.get(row.id) == replace(data, name="My screws")
    assert store.get(row.id).content_id == data.content_id
    assert store.get(row.id) is store.get(row.id)  # read once
    assert store.changed_files(row.id) == []


def test_the_same_content_is_one_dataset(workspace: Workspace, data: ImageSet, tmp_path: Path) -> None:
    store = DatasetStore(workspace)
    first = store.add(data)
    moved = make_set(tmp_path / "elsewhere")
    again = store.add(moved)
    assert again.id == first.id
    assert len(store.list()) == 1
    assert store.get(first.id).root == tmp_path / "elsewhere"


def test_remove_and_restore(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    store.remove(row.id)
    assert store.list() == []
    assert [gone.id for gone in store.list(deleted=True)] == [row.id]
    store.restore(row.id)
    assert [back.id for back in store.list()] == [row.id]
    store.remove(row.id)
    assert store.add(data).deleted_at is None


def test_rename_is_seen_at_once(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    store.rename(row.id, "Bolts")
    assert store.get(row.id).name == "Bolts"
    with pytest.raises(UserError, match="empty"):
        store.rename(row.id, " \n ")


def test_adopted_files_move_in_and_survive_a_moved_workspace(workspace: Workspace, tmp_path: Path) -> None:
    upload = workspace.upload_folder() / "pictures"
    data = make_set(upload)
    row = DatasetStore(workspace).adopt(upload, data, "Uploaded")
    assert row.owned
    assert not upload.exists()
    found = DatasetStore(workspace).get(row.id)
    assert found.content_id == data.content_id
    assert all(item.path.is_file() and item.path.is_relative_to(workspace.datasets) for item in found.items)
    assert all(item.mask is None or item.mask.is_file() for item in found.items)
    shutil.move(workspace.root, tmp_path / "moved")
    there = DatasetStore(Workspace(tmp_path / "moved")).get(row.id)
    assert all(item.path.is_file() for item in there.items)


def test_adopting_takes_over_from_an_indexed_folder_and_once_only(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    store.add(data)
    for _ in range(2):
        upload = workspace.upload_folder() / "x"
        row = store.adopt(upload, make_set(upload))
        assert row.owned
        assert not upload.exists()
    shutil.rmtree(data.root)
    assert store.changed_files(row.id) == []
    assert store.add(make_set(data.root)).owned  # the safe copy stays the one in use


def test_changed_and_missing_files_are_named(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    (data.root / "train/good/0.png").unlink()
    picture = data.root / "train/good/1.png"
    picture.write_bytes(bytes(reversed(picture.read_bytes())))  # as many of them
    mask = data.by_name["test/scratch/0.png"].mask
    assert mask is not None
    mask.write_bytes(b"longer mask")
    assert store.changed_files(row.id) == ["test/scratch/0.png", "train/good/0.png", "train/good/1.png"]


def test_another_time_alone_is_no_change_and_is_looked_into_once(
    workspace: Workspace, data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a copy, or on a drive that was mounted anew."""
    store = DatasetStore(workspace)
    row = store.add(data)
    for file in data.root.rglob("*.png"):
        os.utime(file, ns=(1, 1))
    assert store.changed_files(row.id) == []
    monkeypatch.setattr(imagefile, "file_sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert store.changed_files(row.id) == []
    assert store.get(row.id) == replace(data, name=row.name)


def test_a_changed_picture_is_read_once_too(
    workspace: Workspace, data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    picture = data.root / "train/good/1.png"
    picture.write_bytes(bytes(reversed(picture.read_bytes())))
    os.utime(picture, ns=(5, 5))
    assert store.changed_files(row.id) == ["train/good/1.png"]
    monkeypatch.setattr(imagefile, "file_sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert store.changed_files(row.id) == ["train/good/1.png"]


def test_what_was_looked_into_need_not_be_kept(
    workspace: Workspace, data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk, or after nonsense was written there."""
    store = DatasetStore(workspace)
    row = store.add(data)
    os.utime(data.root / "train/good/1.png", ns=(1, 1))
    kept = store.folder(row.id) / imagefile.LOOKED_AT
    kept.write_text("[1, 2")
    assert store.get_unchanged(row.id)
    kept.write_text('{"a": 3}')

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(imagefile.atomic, "write_json", full)
    assert store.get_unchanged(row.id)


def test_exclusions(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    store.set_excluded(row.id, ["train/good/0.png", "train/good/1.png"], True)
    store.set_excluded(row.id, ["train/good/1.png", "train/good/3.png"], False)
    assert store.excluded(row.id) == {"train/good/0.png"}
    with pytest.raises(UserError, match="no image «nothing"):
        store.set_excluded(row.id, ["nothing.png"], True)


def test_labels(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    store.set_label(row.id, "test/good/0.png", "bad")
    store.set_label(row.id, "test/good/0.png", "unsure")
    store.set_label(row.id, "test/scratch/0.png", "good")
    store.set_label(row.id, "test/scratch/0.png", None)
    assert store.labels(row.id) == {"test/good/0.png": "unsure"}
    with pytest.raises(UserError, match="not a judgement"):
        store.set_label(row.id, "test/good/0.png", "great")  # type: ignore[arg-type]


def test_an_unknown_dataset_is_told(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="not in the workspace"):
        DatasetStore(workspace).get("0" * 64)


def test_a_deleted_list_of_images_is_told(workspace: Workspace, data: ImageSet) -> None:
    row = DatasetStore(workspace).add(data)
    (workspace.datasets / row.id / "dataset.parquet").unlink()
    with pytest.raises(UserError, match="was deleted"):
        DatasetStore(workspace).get(row.id)


def test_a_dataset_whose_files_changed_is_read_again_before_use(workspace: Workspace, data: ImageSet) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    assert store.get_unchanged(row.id) == store.get(row.id)
    for number in range(2):
        (data.root / f"train/good/{number}.png").write_bytes(b"another picture")
    with pytest.raises(UserError, match=r"train/good/0.png and 1 more .*Read the folder again on the Data page"):
        store.get_unchanged(row.id)
    make_set(data.root)  # the same bytes under another time
    assert store.get_unchanged(row.id)
    (data.root / "train/good/0.png").write_bytes(b"a third picture")
    moved = make_set(data.root.parent / "elsewhere")
    assert store.add(moved).id == row.id  # read again, from another place
    assert store.get_unchanged(row.id).root == moved.root


def test_adopting_again_mends_a_copy_that_was_changed(workspace: Workspace) -> None:
    store = DatasetStore(workspace)
    for _ in range(2):
        upload = workspace.upload_folder() / "x"
        row = store.adopt(upload, make_set(upload))
        assert store.changed_files(row.id) == []
        (row.root / "train/good/0.png").write_bytes(b"something else")
        assert store.changed_files(row.id) == ["train/good/0.png"]
