"""A folder of photographs as parts over time, and its table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from core.errors import UserError
from core.severity.photos import PhotoRow, from_rows, read_photos, rows


def shoot(path: Path, taken: str | None = None, grey: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(abs(hash(path.name)) % 1000 + grey).integers(0, 255, (8, 8, 3), np.uint8)
    exif = Image.Exif()
    if taken:
        exif[ExifTags.Base.DateTime] = taken
    Image.fromarray(pixels).save(path, exif=exif)


def test_the_naming_scheme(tmp_path: Path) -> None:
    for name in ("Nut-T0.png", "Nut-T24.png", "Nut-T24-1.png", "Bolt-T0.png"):
        shoot(tmp_path / name)
    photos = read_photos(tmp_path)
    assert photos.parts == ("Bolt", "Nut")
    assert [(photo.hours, photo.view) for photo in photos.of("Nut")] == [(0, "main"), (24, "1"), (24, "main")]
    assert [photo.path.name for photo in photos.first("Nut")] == ["Nut-T0.png"]
    assert any("«Bolt» has photographs of one time only" in note for note in photos.notes)
    assert any("«Nut» has photographs of two times" in note for note in photos.notes)


def test_the_camera_tells_times_and_sittings(tmp_path: Path) -> None:
    for number, taken in enumerate(("2026:02:09 12:06:54", "2026:02:09 12:08:00", "2026:02:10 12:06:54")):
        shoot(tmp_path / "Nut" / f"IMG_{number}.jpg", taken)
    photos = read_photos(tmp_path)
    assert photos.parts == ("Nut",)
    assert [photo.hours for photo in photos.items] == [0, 0, 24]
    assert any("camera's clock is used" in note for note in photos.notes)


def test_dates_count_from_the_first(tmp_path: Path) -> None:
    for name in ("p-2025-03-03.png", "p-2025-03-10.png", "q-W12.png", "q-W13.png"):
        shoot(tmp_path / name)
    photos = read_photos(tmp_path)
    assert [photo.hours for photo in photos.of("p")] == [0, 168]
    assert [photo.hours for photo in photos.of("q")] == [0, 168]


def test_times_in_the_wrong_order_are_told(tmp_path: Path) -> None:
    shoot(tmp_path / "p-T0.jpg", "2026:02:10 12:00:00")
    shoot(tmp_path / "p-T24.jpg", "2026:02:09 12:00:00")
    assert any("24 h was taken before 0 h" in note for note in read_photos(tmp_path).notes)


def test_bad_files_are_listed(tmp_path: Path) -> None:
    shoot(tmp_path / "p-T0.png")
    (tmp_path / "p-T24.png").write_bytes(b"no picture")
    shoot(tmp_path / "p-T0-q-T24.png")
    shoot(tmp_path / "mystery.png")
    photos = read_photos(tmp_path)
    assert {one.name for one in photos.rejected} == {"p-T24.png", "p-T0-q-T24.png"}
    assert [row.file for row in photos.untimed] == ["mystery.png"]
    assert any("neither the names nor the camera" in note for note in photos.notes)


def test_one_name_twice_is_a_further_view(tmp_path: Path) -> None:
    shoot(tmp_path / "p-T0.png")
    shoot(tmp_path / "p-T0.jpg")
    photos = read_photos(tmp_path)
    assert len({photo.view for photo in photos.items}) == 2
    assert any("further view" in note for note in photos.notes)


def test_no_photograph(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no readable photograph"):
        read_photos(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"a\.png"):
        read_photos(tmp_path)


def test_the_table_round_trips_and_can_be_edited(tmp_path: Path) -> None:
    for name in ("Nut-T0.png", "Nut-T24.png", "mystery.png"):
        shoot(tmp_path / name)
    photos = read_photos(tmp_path)
    table = rows(photos)
    assert from_rows(tmp_path, table).items == photos.items
    told = [replace(row, part="Nut", hours=48.0) if row.hours is None else row for row in table]
    assert [photo.hours for photo in from_rows(tmp_path, told).items] == [0, 24, 48]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (PhotoRow("Nut-T24.png", "Nut", 0.0, "main"), "Two photographs claim"),
        (PhotoRow("../x.png", "Nut", 1.0, "main"), "not in the folder"),
        (PhotoRow("Nut-T24.png", " ", 1.0, "main"), "no part"),
        (PhotoRow("Nut-T24.png", "Nut", -1.0, "main"), "no time"),
        (PhotoRow("Nut-T24.png", "Nut", float("nan"), "main"), "no time"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, row: PhotoRow, words: str) -> None:
    for name in ("Nut-T0.png", "Nut-T24.png"):
        shoot(tmp_path / name)
    with pytest.raises(UserError, match=words):
        from_rows(tmp_path, [PhotoRow("Nut-T0.png", "Nut", 0.0, "main"), row])
