"""Rusting flanges: exact truth, rust that only grows, and the same bytes from the same seed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.datasets.synthetic import rust
from core.errors import UserError

WEEK = 168.0


def test_the_same_seed_draws_the_same_photographs() -> None:
    first, again = (rust.shoot(rust.specimen("A", (4, 0)), 4 * WEEK, 1, size=160) for _ in range(2))
    assert np.array_equal(first.image, again.image) and np.array_equal(first.mask, again.mask)
    other = rust.shoot(rust.specimen("A", (5, 0)), 4 * WEEK, 1, size=160)
    assert not np.array_equal(first.image, other.image)


def test_rust_grows_from_nothing_and_never_recedes() -> None:
    part = rust.specimen("A", (1, 0), share=0.3)
    shares = [rust.true_share(part, week * WEEK) for week in range(9)]
    assert shares[0] == 0
    assert np.all(np.diff(shares) > 0)
    assert 0.15 < shares[6] < 0.5  # 0.3 in average weather


def test_the_crossing_is_when_the_share_is_reached() -> None:
    part = rust.specimen("A", (2, 0))
    hour = rust.true_crossing(part, 0.05)
    assert rust.true_share(part, hour) >= 0.05 > rust.true_share(part, hour - 0.5)


def test_every_view_shows_the_same_share() -> None:
    part = rust.specimen("A", (3, 0), share=0.3)
    seen = [rust.shoot(part, 6 * WEEK, view).share for view in (1, 2, 3)]
    assert seen == pytest.approx([rust.true_share(part, 6 * WEEK)] * 3, abs=0.005)


def test_a_steady_part_stays() -> None:
    part = rust.specimen("A", (0, 0), rusts=False)
    assert rust.shoot(part, 20 * WEEK, 1, size=160).share == 0
    assert rust.true_crossing(part, 0.01) == np.inf


def test_rust_is_redder_than_the_metal_around_it() -> None:
    shot = rust.shoot(rust.specimen("A", (0, 0), share=0.3), 6 * WEEK, 1)
    lab = cv2.cvtColor(shot.image, cv2.COLOR_RGB2LAB).astype(float)
    inner = cv2.erode(shot.mask.astype(np.uint8), np.ones((5, 5))) > 0
    outer = shot.part & (cv2.dilate(shot.mask.astype(np.uint8), np.ones((5, 5))) == 0)
    assert np.median(lab[inner][:, 1]) > np.percentile(lab[outer][:, 1], 99)


def test_the_folder_holds_photographs_masks_and_truth(tmp_path: Path) -> None:
    rust.write_rust(tmp_path / "set", seed=7, parts=2, weeks=2, views=2, size=160)
    truth = pd.read_csv(tmp_path / "set" / "truth.csv")
    assert tuple(truth.columns) == rust.TRUTH and len(truth) == 2 * 3 * 2
    assert truth["photo"].iloc[-1] == "Flange B-T336-2.png"
    assert not truth.loc[truth["part"] == "Flange B", "rust_percent"].any()  # the last of several does not rust
    for row in truth.itertuples():
        mask = cv2.imread(str(tmp_path / "set" / row.mask), cv2.IMREAD_GRAYSCALE) > 0
        part = cv2.imread(str(tmp_path / "set" / row.mask.replace("_mask", "_part")), cv2.IMREAD_GRAYSCALE) > 0
        assert 100 * mask.sum() / part.sum() == pytest.approx(row.rust_percent, abs=1e-3)
        assert (tmp_path / "set" / row.photo).is_file()


@pytest.mark.parametrize("wrong", [{"size": 20}, {"parts": 0}, {"views": 0}, {"weeks": -1}])
def test_what_cannot_be_drawn_is_told(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(UserError):
        rust.write_rust(tmp_path / "set", **wrong)
    assert not list(tmp_path.iterdir())
