"""What a person is told about a dataset before training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.checks import RECOMMENDED_GOOD, summary
from core.datasets.types import ImageItem, ImageSet, Label, Rejected, Split


def item(name: str, split: Split, label: Label | None, sha256: str = "", mask: bool = False, **more: str) -> ImageItem:
    return ImageItem(
        name=name,
        path=Path(name),
        split=split,
        category=more.get("category", "nut"),
        label=label,
        defect=more.get("defect"),
        width=20,
        height=10,
        sha256=sha256 or name,
        mask=Path("mask.png") if mask else None,
        mask_sha256="m" if mask else None,
    )


def dataset(*items: ImageItem) -> ImageSet:
    return ImageSet("nut", Path(), "mvtec", items)


def good(n: int, **more: str) -> list[ImageItem]:
    return [item(f"{more.get('category', 'nut')}/train/{i}", "train", "good", **more) for i in range(n)]


def test_counts_and_sizes() -> None:
    wide = replace(item("w", "test", "bad", defect="dent"), width=99)
    found = summary(dataset(*good(3), item("s", "test", "bad", defect="dent", mask=True), wide))
    assert [(c.split, c.label, c.defect, c.n, c.n_masks) for c in found.counts] == [
        ("train", "good", None, 3, 0),
        ("test", "bad", "dent", 2, 1),
    ]
    assert found.sizes == [((20, 10), 4), ((99, 10), 1)]
    assert found.masks_missing == ["w"]
    assert any("1 bad image has no mask (w)" in warning for warning in found.warnings)


def test_recommendation_counts_up_to_the_goal_for_each_category() -> None:
    found = summary(dataset(*good(RECOMMENDED_GOOD - 8), *good(RECOMMENDED_GOOD, category="bolt")))
    assert found.recommended_more == 8
    assert any(warning.startswith("8 more good images are recommended for nut") for warning in found.warnings)
    assert summary(dataset(*good(RECOMMENDED_GOOD))).recommended_more == 0
    less = summary(dataset(*good(RECOMMENDED_GOOD)), excluded=frozenset(item.name for item in good(2)))
    assert less.recommended_more == 2
    assert any(f"with {RECOMMENDED_GOOD - 2} to learn from" in warning for warning in less.warnings)
    none = summary(dataset(item("a", "test", "good"), item("b", "train", "bad")))
    assert none.recommended_more == RECOMMENDED_GOOD
    assert any("no good image to learn from" in warning for warning in none.warnings)
    assert any("labelled bad" in warning for warning in none.warnings)


def test_copies_leaks_and_contradictions() -> None:
    found = summary(
        dataset(
            item("train/a", "train", "good", "same"),
            item("train/b", "train", "good", "same"),
            item("test/c", "test", "good", "same"),
            item("test/d", "test", "bad", "same"),
            item("test/e", "test", "bad", "other"),
        )
    )
    assert found.duplicates == [["test/c", "test/d", "train/a", "train/b"]]
    assert found.leaks == [("train/a", "test/c"), ("train/a", "test/d")]
    assert found.conflicts == [("test/c", "test/d")]
    text = " ".join(found.warnings)
    assert "Leakage: 2 test images are also" in text and "Contradiction: 1 image labelled bad is" in text
    assert "3 files are copies" in text


def test_many_copies_give_one_pair_for_each_test_image() -> None:
    many = [item(f"train/{i}", "train", "good", "same") for i in range(2000)]
    many += [item(f"test/{i}", "test", "good", "same") for i in range(2000)]
    assert len(summary(dataset(*many)).leaks) == 2000


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ([item("a", "test", "good")], "No test image is labelled bad"),
        ([item("a", "test", "bad", mask=True)], "No test image is labelled good"),
        ([item("a", "test", "bad")], "There are no masks"),
    ],
)
def test_what_cannot_be_measured_is_said(items: list[ImageItem], sentence: str) -> None:
    assert any(sentence in warning for warning in summary(dataset(*good(50), *items)).warnings)


def test_files_left_out_are_mentioned_and_a_sound_set_has_no_warnings() -> None:
    sound = dataset(*good(50), item("a", "test", "good"), item("b", "test", "bad", mask=True))
    assert summary(sound).warnings == []
    assert "1 file was left out" in summary(replace(sound, rejected=(Rejected("x.png", "empty"),))).warnings[0]


def test_magnetic_tile(magnetic_tile: ImageSet) -> None:
    found = summary(magnetic_tile)
    assert (found.recommended_more, found.duplicates, found.leaks, found.conflicts) == (0, [], [], [])
    assert len(found.masks_missing) == 4
