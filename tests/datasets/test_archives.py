"""Archives that mean well and archives that do not: whole or not at all, and one sentence."""

from __future__ import annotations

import stat
import struct
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from core.datasets import archives
from core.datasets.archives import unpack
from core.errors import Cancelled, UserError
from core.progress import Progress
from core.settings import Settings


def pack(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def refuse(archive: Path, why: str) -> None:
    """``unpack`` refuses with a sentence that says why, and leaves nothing behind."""
    folder = archive.parent / "target"
    folder.mkdir()
    with pytest.raises(UserError, match=why) as caught:
        unpack(archive, folder / "out")
    assert "\n" not in str(caught.value) and str(archive) in str(caught.value)
    assert not list(folder.iterdir())


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_round_trip(tmp_path: Path) -> None:
    content = {"good/a.png": b"1" * 5000, "bad/Prüf 部品.png": b"2", "empty.png": b""}
    seen: list[float] = []
    progress = Progress(lambda fraction, stage, metrics: seen.append(fraction))
    assert unpack(pack(tmp_path / "a.zip", content), tmp_path / "new" / "out", progress) == []
    assert files(tmp_path / "new" / "out") == content
    assert seen[-1] == 1
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["out"]


@pytest.mark.parametrize(
    "name", ["../evil.png", "good/../../evil.png", "/etc/evil.png", "C:\\evil.png", "..\\evil.png", "C:evil.png"]
)
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    refuse(pack(tmp_path / "slip.zip", {"good/a.png": b"1", name: b"2"}), "outside its own folder")
    assert not list(tmp_path.rglob("evil*"))


def test_links_and_devices(tmp_path: Path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        folder = tmp_path / str(kind)
        folder.mkdir()
        info = zipfile.ZipInfo("good/link.png")
        info.external_attr = (kind | 0o777) << 16
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            archive.writestr(info, "/etc/passwd")
        refuse(folder / "a.zip", "link or device")


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 2**20)
    refuse(pack(tmp_path / "bomb.zip", {"a.bmp": bytes(4 * 2**20)}), "bomb")


def test_limits_of_size_and_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(tmp_path / "a.zip", {f"{i}.png": b"12345" for i in range(20)})
    monkeypatch.setattr(archives, "settings", lambda: Settings(max_archive_files=19))
    refuse(archive, "holds 20 files")
    (tmp_path / "target").rmdir()
    monkeypatch.setattr(archives, "settings", lambda: Settings(max_archive_bytes=99))
    refuse(archive, "more than the")


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    archive = pack(tmp_path / "liar.zip", {"a.bmp": bytes(2**20)})
    honest, lie = struct.pack("<I", 2**20), struct.pack("<I", 10)
    archive.write_bytes(archive.read_bytes().replace(honest, lie))
    refuse(archive, "damaged")


def test_passwords(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", {"a.png": b"1"})
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(bytes(data))
    refuse(archive, "password")


def test_not_a_zip_truncated_and_missing(tmp_path: Path) -> None:
    good = pack(tmp_path / "good.zip", {"a.png": bytes(range(256)) * 100}, zipfile.ZIP_STORED).read_bytes()
    for i, (content, why) in enumerate(
        (
            (b"", "no zip"),
            (b"Rar!....", "no zip"),
            (good[: len(good) // 2], "no zip"),
            (b"x" * 99 + good[99:], "damaged"),
        )
    ):
        folder = tmp_path / str(i)
        folder.mkdir()
        (folder / "a.zip").write_bytes(content)
        refuse(folder / "a.zip", why)
    refuse(tmp_path / "absent.zip", "no such archive")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["good/a.png", "good//a.png", "./good/a.png", "good\\a.png"])
def test_the_same_name_twice(tmp_path: Path, second: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good/a.png", b"1")
        archive.writestr(second, b"2")
    refuse(tmp_path / "a.zip", "twice")


def test_a_file_that_is_also_a_folder(tmp_path: Path) -> None:
    refuse(pack(tmp_path / "a.zip", {"good": b"1", "good/a.png": b"2"}), "two files that are one")


def test_a_name_too_long_for_the_disk(tmp_path: Path) -> None:
    refuse(pack(tmp_path / "a.zip", {"x" * 300 + ".png": b"1"}), "could not be unpacked")


def test_archives_inside_are_left_packed_and_listed(tmp_path: Path) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("b.png", b"1")
    listed = unpack(pack(tmp_path / "a.zip", {"a.png": b"1", "more.zip": inner.getvalue()}), tmp_path / "out")
    assert [one.name for one in listed] == ["more.zip"] and sorted(files(tmp_path / "out")) == ["a.png", "more.zip"]


def test_utf8_names_that_are_not_marked_as_such(tmp_path: Path) -> None:
    """As the archive utility of macOS writes them."""
    info = zipfile.ZipInfo("pr-f.png")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, b"1")
    data = (tmp_path / "a.zip").read_bytes().replace(b"pr-f.png", "prü.png".encode())
    (tmp_path / "a.zip").write_bytes(data)
    unpack(tmp_path / "a.zip", tmp_path / "out")
    assert files(tmp_path / "out") == {"prü.png": b"1"}


def test_an_existing_folder_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="exists"):
        unpack(pack(tmp_path / "a.zip", {"a.png": b"1"}), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    def cancel() -> None:
        raise Cancelled

    (tmp_path / "target").mkdir()
    with pytest.raises(Cancelled):
        unpack(pack(tmp_path / "a.zip", {"a.png": b"1"}), tmp_path / "target" / "out", Progress(checkpoint=cancel))
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.filterwarnings("ignore")
@hypothesis_settings(max_examples=60, deadline=None)
@given(names=strategies.lists(strategies.text(min_size=1, max_size=12), max_size=5, unique=True))
def test_no_name_writes_outside(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            for entry in [*names, "../" + "".join(names)]:
                try:
                    archive.writestr(entry, b"1")
                except (UnicodeEncodeError, IndexError):  # lone surrogates and a leading NUL cannot be packed at all
                    return
        (folder / "target").mkdir()
        with pytest.raises(UserError):
            unpack(folder / "a.zip", folder / "target" / "out")
        assert sorted(path.name for path in folder.iterdir()) == ["a.zip", "target"]
        assert not list((folder / "target").iterdir())


@pytest.mark.filterwarnings("ignore")
@hypothesis_settings(max_examples=80, deadline=None)
@given(spots=strategies.lists(strategies.tuples(strategies.integers(0, 500), strategies.integers(0, 255)), min_size=1))
def test_damage_is_refused_or_harmless(spots: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed = pack(folder / "a.zip", {"good/a.png": b"12345" * 20, "bad/b.png": b"67890" * 20})
        data = bytearray(packed.read_bytes())
        for position, value in spots:
            data[position % len(data)] = value
        packed.write_bytes(bytes(data))
        (folder / "target").mkdir()
        try:
            unpack(packed, folder / "target" / "out")
        except UserError:
            assert not list((folder / "target").iterdir())
        assert {path.name for path in folder.iterdir()} == {"a.zip", "target"}
