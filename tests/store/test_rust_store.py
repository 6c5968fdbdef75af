"""Photographs and analyses of rust in the workspace: kept, found again, and never half there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.synthetic.rust import write_rust
from core.errors import Cancelled, UserError
from core.progress import Progress
from core.severity.correction import Correction
from core.severity.settings import RustSettings
from core.store import rustanalyses
from core.store.rustanalyses import RustAnalysisStore
from core.store.rustphotos import RustPhotoStore
from core.store.workspace import Workspace

SETTINGS = RustSettings(measures=("colour",), resamples=100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rust") / "set"
    write_rust(out, seed=0, parts=1, weeks=2, views=1, size=192)
    return out


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def test_photographs_are_copied_once_and_masks_are_none(folder: Path, workspace: Workspace) -> None:
    store = RustPhotoStore(workspace)
    first, again = store.add(folder, "Flanges"), store.add(folder, "other")
    assert first == again and [row.id for row in store.list()] == [first.id]
    assert (first.name, first.n_photos) == ("Flanges", 3)
    photos = store.photos(first.id)
    assert photos.parts == ("Flange A",) and [photo.hours for photo in photos.items] == [0, 168, 336]
    assert all(photo.path.is_relative_to(workspace.rust_sets) for photo in photos.items)


def test_what_a_person_said_is_kept(folder: Path, workspace: Workspace) -> None:
    store = RustPhotoStore(workspace)
    set_id = store.add(folder, "Flanges").id
    rows = tuple(replace(row, part="Ring") for row in store.rows(set_id))
    store.set_rows(set_id, rows)
    outline = {"Ring-T0-1": Correction(2.0, add=(((0.1, 0.1), (0.2, 0.1), (0.2, 0.2)),))}
    store.set_corrections(set_id, outline)
    store.rename(set_id, "Rings")
    assert store.photos(set_id).parts == ("Ring",) and store.corrections(set_id) == outline
    with pytest.raises(UserError, match="not in the folder"):
        store.set_rows(set_id, [replace(rows[0], file="missing.png")])
    assert store.rows(set_id) == rows
    store.remove(set_id)
    assert store.list() == [] and store.list(deleted=True)[0].name == "Rings"
    assert store.add(folder, "again").id == set_id and store.rows(set_id) == rows  # back, with all that was said


def test_unknown_photographs_and_analyses_are_told(workspace: Workspace) -> None:
    with pytest.raises(UserError, match="not in the workspace"):
        RustPhotoStore(workspace).row("missing")
    with pytest.raises(UserError, match="not in the workspace"):
        RustAnalysisStore(workspace).get("missing")


def test_an_analysis_is_read_back_as_it_was_made(folder: Path, workspace: Workspace) -> None:
    set_id = RustPhotoStore(workspace).add(folder, "Flanges").id
    photos, store = RustPhotoStore(workspace).photos(set_id), RustAnalysisStore(workspace)
    row = store.make(set_id, photos, SETTINGS)
    kept = store.get(row.id)
    records = kept.records()
    assert [record.photo for record in records] == list(photos.items)
    last = records[-1].photo
    rgb, part, mask, heat = kept.rgb(last), kept.part(last), kept.mask(last, "colour"), kept.heat(last, "colour")
    assert rgb.shape == (192, 192, 3) and part.shape == (192, 192) and mask is not None and heat is not None
    assert mask.sum() / part.sum() == pytest.approx(records[-1].values["colour"], abs=1e-9)
    assert np.isfinite(heat).all() and kept.jpeg(last).is_file()
    assert kept.mask(last, "texture") is None and kept.heat(last, "texture") is None
    assert kept.judge().parts == kept.judge(SETTINGS).parts
    assert [one.id for one in store.list(set_id)] == [row.id] and store.listed(row.id)


def test_what_was_seen_is_not_seen_again(folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    set_id = RustPhotoStore(workspace).add(folder, "Flanges").id
    photos, store = RustPhotoStore(workspace).photos(set_id), RustAnalysisStore(workspace)
    first = store.make(set_id, photos, SETTINGS)

    def never(*_: object) -> None:
        raise AssertionError("seen again")

    monkeypatch.setattr(rustanalyses, "write_analysis", never)
    again = store.make(set_id, photos, SETTINGS.model_copy(update={"limit": 0.3}))
    assert again.id == first.id and again.settings.limit == 0.3
    with pytest.raises(AssertionError, match="seen again"):
        store.make(set_id, photos, SETTINGS, {"Flange A-T0-1": Correction(3.0)})


def test_a_stopped_analysis_leaves_nothing(folder: Path, workspace: Workspace) -> None:
    set_id = RustPhotoStore(workspace).add(folder, "Flanges").id
    store, seen = RustAnalysisStore(workspace), 0

    def cancel() -> None:
        nonlocal seen
        seen += 1
        if seen > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        store.make(set_id, RustPhotoStore(workspace).photos(set_id), SETTINGS, progress=Progress(checkpoint=cancel))
    assert list(workspace.rust_analyses.iterdir()) == [] and store.list() == []


def test_damage_is_told_and_a_removed_analysis_is_gone(folder: Path, workspace: Workspace) -> None:
    set_id = RustPhotoStore(workspace).add(folder, "Flanges").id
    store = RustAnalysisStore(workspace)
    row = store.make(set_id, RustPhotoStore(workspace).photos(set_id), SETTINGS)
    home, kept = workspace.rust_analyses / row.id, store.get(row.id)
    photo = kept.records()[0].photo
    (home / "looks" / "0000.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match="damaged"):
        kept.rgb(photo)
    (home / "analysis.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        store.get(row.id)
    assert store.make(set_id, RustPhotoStore(workspace).photos(set_id), SETTINGS).id == row.id
    assert store.get(row.id).rgb(photo).size  # analysed again, as the error's remedy says
    store.remove(row.id)
    assert not home.exists() and store.list() == [] and not store.listed(row.id)


def test_a_folder_without_photographs_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="photograph"):
        RustPhotoStore(workspace).add(tmp_path / "empty", "nothing")
    cv2.imwrite(str(tmp_path / "empty" / "bolt.png"), np.full((200, 200, 3), 200, np.uint8))
    row = RustPhotoStore(workspace).add(tmp_path / "empty", "untimed")
    with pytest.raises(UserError, match="time"):
        RustPhotoStore(workspace).photos(row.id)
