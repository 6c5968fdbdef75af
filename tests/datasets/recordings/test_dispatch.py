"""Photographs or recordings: which of them a path holds."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets import archives
from core.datasets.readers import read, read_images
from core.datasets.recordings import faultline
from core.datasets.series import SeriesSet
from core.datasets.types import ImageSet
from core.errors import UserError

Write = Callable[..., Path]
ROWS = [f"{i * 0.5},{i % 7}" for i in range(60)]


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


def test_tables_beside_pictures_and_pictures_beside_tables(csv: Write, tmp_path: Path) -> None:
    csv("labels.csv", "x,y", ROWS)
    picture(tmp_path / "set/good/a.png")
    assert isinstance(read(tmp_path / "set"), ImageSet)
    (tmp_path / "set/good/a.png").rename(tmp_path / "a.png")
    assert isinstance(read(tmp_path / "set"), SeriesSet)
    row = "1 1 " + " ".join(["0.5"] * 24)
    for i in (1, 2):
        csv(f"cmapss/train_FD00{i}.txt", None, [row, row.replace("1 1 ", "1 2 ")])
    picture(tmp_path / "set/cmapss/figure.png")
    assert read(tmp_path / "set/cmapss").format == "cmapss"
    assert read(tmp_path / "set/cmapss", format="flat").format == "flat"


def test_a_zip_of_recordings(csv: Write, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(csv("a.csv", "x,y", ROWS), "pump/a.csv")
        np.save(tmp_path / "b.npy", np.zeros((40, 2)))
        archive.write(tmp_path / "b.npy", "pump/b.npy")
    assert archives.unpack(tmp_path / "data.zip", tmp_path / "files") == []
    data = read(tmp_path / "files", name="data")
    assert isinstance(data, SeriesSet) and data.name == "data" and data.n_steps == 60
    assert [one.name for one in data.rejected] == ["pump/b.npy"]


def test_the_workbenchs_own_layout_also_wrapped_in_a_folder(csv: Write, tmp_path: Path) -> None:
    data = read(csv("a.csv", "x,y", ROWS))
    assert isinstance(data, SeriesSet)
    faultline.write(data, tmp_path / "out/inner")
    for folder in (tmp_path / "out", tmp_path / "out/inner"):
        again = read(folder)
        assert (again.format, again.name, again.content_id) == ("faultline", "a", data.content_id)


def test_folders_without_anything(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image"):
        read(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        read(tmp_path / "missing")
    with pytest.raises(UserError, match="no recording"):
        read(tmp_path, format="table")
    (tmp_path / "README.txt").write_text("nothing to see")
    with pytest.raises(UserError, match="no image"):
        read(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(csv: Write, tmp_path: Path) -> None:
    secret = csv("../secret.csv", "x,y", ROWS)
    csv("a.csv", "x,y", ROWS)
    (tmp_path / "set/b.csv").symlink_to(secret)
    data = read(tmp_path / "set")
    assert data.format == "table" and [one.name for one in data.rejected] == ["b.csv"]


def test_images_are_asked_for_by_name(tmp_path: Path) -> None:
    picture(tmp_path / "good/a.png")
    assert read_images(tmp_path).content_id == read(tmp_path).content_id
