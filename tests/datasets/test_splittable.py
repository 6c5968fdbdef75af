"""Published split tables beside the folders, in VisA's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.datasets.readers import read
from core.datasets.types import ImageSet
from tests.datasets.visa import ROWS, write_visa


def splits(data: ImageSet) -> dict[str, str]:
    return {f"{item.category}/{item.path.parent.name}/{item.path.name}": item.split for item in data.items}


def test_the_published_split_is_taken_and_masks_with_class_numbers_are_found(tmp_path: Path) -> None:
    data = read(write_visa(tmp_path / "VisA"))
    assert isinstance(data, ImageSet)
    assert data.categories == ["candle", "pcb1"]
    assert splits(data) == {
        "candle/Anomaly/000.JPG": "test", "candle/Normal/0000.JPG": "train", "candle/Normal/0001.JPG": "test",
        "pcb1/Anomaly/000.JPG": "test", "pcb1/Normal/0000.JPG": "train",
    }  # fmt: skip
    assert {item.label for item in data.items if item.mask} == {"bad"}
    assert sum(item.mask is not None for item in data.items) == 2
    assert any("5 images" in note and "split_csv/1cls.csv" in note for note in data.notes)


@pytest.mark.parametrize("named", ["", "VisA", "outer"])
def test_one_product_alone_still_finds_its_table(tmp_path: Path, named: str) -> None:
    write_visa(tmp_path / "outer" / "VisA", rows=ROWS[:3])
    data = read(tmp_path / {"": "outer/VisA", "VisA": "outer/VisA", "outer": "outer"}[named], name="candle")
    assert isinstance(data, ImageSet)
    assert [item.split for item in data.items] == ["test", "train", "test"]


def test_images_that_are_absent_or_not_named_are_told(tmp_path: Path) -> None:
    root = write_visa(tmp_path / "VisA")
    (root / ROWS[1][3]).unlink()
    (root / "candle/Data/Images/Normal/0009.JPG").write_bytes((root / ROWS[0][3]).read_bytes())
    notes = " ".join(read(root).notes)
    assert "does not name 1 image" in notes and "also names 1 image that" in notes.replace("images", "image")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"split,image\nnowhere,x.png\n"])
def test_a_table_that_cannot_be_used_is_told_and_the_folders_decide(tmp_path: Path, content: bytes) -> None:
    root = write_visa(tmp_path / "VisA")
    (root / "split_csv" / "1cls.csv").write_bytes(content)
    data = read(root)
    assert any("its split is not used" in note for note in data.notes)
    assert any("do not say what to train on" in note for note in data.notes)
