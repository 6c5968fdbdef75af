"""Spellings of folders and companions."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from core.datasets import names


@pytest.mark.parametrize(
    "folder", ["good", "GOOD", "ok", "O.K.", "normal", "defect-free", "no_defect", "ok_front", "i.O."]
)
def test_good(folder: str) -> None:
    assert names.is_good(folder) and not names.is_bad(folder)


@pytest.mark.parametrize(
    "folder", ["bad", "NG", "nok", "KO", "not ok", "Not_Good", "defective", "Anomaly", "abnormal", "n.i.O.", "non-good"]
)
def test_bad_without_a_name_for_the_defect(folder: str) -> None:
    assert names.is_bad(folder) and names.is_nameless_defect(folder) and not names.is_good(folder)


@pytest.mark.parametrize("folder", ["scratch", "broken_large", "hole", "pass_through_hole", "2024-05", "okra", "badge"])
def test_names_that_only_look_like_roles(folder: str) -> None:
    assert not names.is_good(folder) and not names.is_bad(folder) and not names.has_role(folder)


@pytest.mark.parametrize(
    ("stem", "owner"),
    [
        ("000_mask", "000"),
        ("a-GT", "a"),
        ("Part0_label", "Part0"),
        ("x ground_truth", "x"),
        ("mask", "mask"),
        ("7", "7"),
    ],
)
def test_mask_suffixes(stem: str, owner: str) -> None:
    assert names.without_mask_suffix(stem) == owner


@pytest.mark.parametrize(
    "path", ["readme.txt", "LICENSE", "a/labels.csv", "Thumbs.db", ".DS_Store", "__MACOSX/good/._a.png", ".git/x.png"]
)
def test_companions(path: str) -> None:
    assert names.is_companion(PurePosixPath(path))
    assert not names.is_companion(PurePosixPath("good/readme.png"))
