"""Models in a workspace: listed, renamed, tagged, removed, downloaded and uploaded."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.types import ImageSet
from core.errors import UserError
from core.progress import Progress
from core.store import ModelStore, RunStore, Workspace, modelarchive
from core.store.manifest import FORMAT
from core.store.modelfolder import model_id
from core.store.scoring import score_folder


@pytest.fixture
def store(workspace: Workspace) -> ModelStore:
    return ModelStore(workspace)


def test_a_model_moves_in(store: ModelStore, model: Path, data: ImageSet) -> None:
    expected = model_id(model)
    row = store.add(model, "Screws, first try")
    assert not model.exists()
    assert (row.id, row.name, row.detector, row.dataset_id) == (expected, "Screws, first try", "toy", data.content_id)
    assert (row.tags, row.metrics) == ((), {})
    assert store.list() == [row] == store.list(dataset_id=data.content_id)
    assert store.list(dataset_id="other") == []
    assert row.manifest.params == {"gain": 1.0}
    assert (store.folder(row.id) / "manifest.json").is_file()


def test_rename_tag_remove_restore(store: ModelStore, model: Path) -> None:
    row = store.add(model, "A")
    store.rename(row.id, "B")
    store.tag(row.id, ["night shift", "line 2", "line 2"])
    now = store.get(row.id)
    assert (now.name, now.tags) == ("B", ("line 2", "night shift"))
    store.remove(row.id)
    assert store.list() == []
    assert [gone.id for gone in store.list(deleted=True)] == [row.id]
    store.restore(row.id)
    assert store.get(row.id).tags == ("line 2", "night shift")


def test_metrics_come_from_the_run_on_its_own_dataset(store: ModelStore, model: Path, data: ImageSet) -> None:
    row = store.add(model, "A")
    runs = RunStore(store.workspace)
    run = score_folder(store.folder(row.id), data, runs.reserve(row.id, data.content_id), Progress())
    runs.add(run.folder, {"image_auroc": 0.75})
    assert store.get(row.id).metrics == {"image_auroc": 0.75}


def test_an_unknown_model_is_told(store: ModelStore) -> None:
    with pytest.raises(UserError, match="not in the workspace"):
        store.get("nothing")


def test_download_and_upload(store: ModelStore, model: Path, tmp_path: Path) -> None:
    row = store.add(model, "A")
    archive = store.export_zip(row.id)
    first = archive.read_bytes()
    assert store.export_zip(row.id).read_bytes() == first
    elsewhere = ModelStore(Workspace(tmp_path / "elsewhere"))
    there = elsewhere.import_zip(archive)
    assert (there.id, there.name, there.manifest) == (row.id, "First", row.manifest)
    elsewhere.remove(there.id)
    assert elsewhere.import_zip(archive).deleted_at is None  # the same model again comes back
    assert len(elsewhere.list()) == 1


def test_an_altered_model_is_not_handed_out(store: ModelStore, model: Path) -> None:
    row = store.add(model, "A")
    (store.folder(row.id) / "state" / "toy.json").write_text("{}")
    with pytest.raises(UserError, match="altered"):
        store.export_zip(row.id)
    assert not list(store.workspace.exports.iterdir())


Entries = dict[str, bytes]


def rewrite(archive: Path, edit: Callable[[Entries], object]) -> None:
    with zipfile.ZipFile(archive) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    edit(entries)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)


def manifest_of(entries: Entries, **changes: object) -> None:
    entries["manifest.json"] = json.dumps(json.loads(entries["manifest.json"]) | changes).encode()


ATTACKS: dict[str, tuple[Callable[[Entries], object], str]] = {
    "zip slip": (lambda e: e.update({"../../evil.json": b"{}"}), "no model has"),
    "absolute": (lambda e: e.update({"/evil.json": b"{}"}), "no model has"),
    "a pickle": (lambda e: e.update({"state/model.pkl": b"x"}), "no model has"),
    "a script": (lambda e: e.update({"setup.py": b"x"}), "no model has"),
    "a deeper folder": (lambda e: e.update({"state/a/b.json": b"{}"}), "no model has"),
    "no manifest": (lambda e: e.pop("manifest.json"), "not a model"),
    "unlisted file": (lambda e: e.update({"state/more.json": b"{}"}), "not in its manifest"),
    "wrong hash": (lambda e: e.update({"state/toy.json": b'{"kept": 1234}'}), "altered"),
    "unknown detector": (lambda e: manifest_of(e, detector="evil"), "no detector"),
    "future format": (lambda e: manifest_of(e, format=FORMAT + 1), "newer Faultline"),
    "a bomb": (lambda e: e.update({"state/zero.json": b"\0" * (modelarchive.MAX_BYTES + 1)}), "unpacks to"),
    "many files": (
        lambda e: e.update({f"state/{n}.json": b"" for n in range(modelarchive.MAX_FILES + 1)}),
        "at most 4096",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_bad_uploads_leave_nothing(
    store: ModelStore, model: Path, tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modelarchive, "MAX_BYTES", 1 << 20)
    modelarchive.pack(model, tmp_path / "a.zip")
    edit, message = ATTACKS[attack]
    rewrite(tmp_path / "a.zip", edit)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=message):
        store.import_zip(tmp_path / "a.zip")
    assert sorted(path for path in tmp_path.rglob("*") if "index.sqlite" not in path.name) == [
        path for path in before if "index.sqlite" not in path.name
    ]
    assert store.list() == []


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PK\x03\x04 cut", b"PK\x05\x06" + b"\0" * 18],
    ids=["empty", "text", "cut", "an empty zip"],
)
def test_what_is_no_zip_is_told(store: ModelStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="zip"):
        store.import_zip(tmp_path / "a.zip")


def test_a_damaged_zip_is_told(store: ModelStore, model: Path, tmp_path: Path) -> None:
    modelarchive.pack(model, tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b'"scheme"', b'"schema"', 1))  # the CRC no longer holds
    with pytest.raises(UserError, match="cannot be read"):
        store.import_zip(tmp_path / "a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_zip_whose_packed_bytes_are_damaged_is_told(
    store: ModelStore, model: Path, tmp_path: Path, method: int
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for path in sorted(path for path in model.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(model).as_posix())
        entry = archive.getinfo("fitted_on.json")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    start = entry.header_offset + 30 + len(entry.filename)
    content[start + 4 : start + entry.compress_size] = b"\xff" * (entry.compress_size - 4)
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        store.import_zip(tmp_path / "a.zip")
    assert not list(store.workspace.models.iterdir())


def test_links_encryption_and_doubles_are_refused(store: ModelStore, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("state/link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match="no model has"):
        store.import_zip(tmp_path / "link.zip")

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", "{}")
    content = buffer.getvalue()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + offset
        content = content[:place] + b"\x01" + content[place + 1 :]
    (tmp_path / "locked.zip").write_bytes(content)
    with pytest.raises(UserError, match="encrypted"):
        store.import_zip(tmp_path / "locked.zip")

    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("manifest.json", "{ }")
    with pytest.raises(UserError, match="twice"):
        store.import_zip(tmp_path / "twice.zip")
