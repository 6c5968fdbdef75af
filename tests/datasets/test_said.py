"""The dataset as people see it: its own labels, theirs where it has none, without what they took out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.said import NOTHING, Judgement, Said
from core.datasets.types import ImageItem, ImageSet, Label


def item(name: str, label: Label | None) -> ImageItem:
    return ImageItem(name, Path(name), "test", "part", label, None, 8, 8, f"{name:0>64}")


@pytest.mark.parametrize(
    ("own", "said", "truth"),
    [
        (None, "good", "good"),
        (None, "bad", "bad"),
        (None, "unsure", None),
        (None, None, None),
        ("good", "bad", "good"),
        ("bad", "unsure", "bad"),
    ],
)
def test_a_judgement_counts_where_the_dataset_has_no_label(
    own: Label | None, said: Judgement | None, truth: Label | None
) -> None:
    assert Said({} if said is None else {"a": said}).truth("a", own) == truth


def test_what_was_taken_out_is_not_there_and_the_dataset_keeps_its_identity() -> None:
    data = ImageSet("parts", Path(), "mvtec", (item("a", None), item("b", "good"), item("c", "bad")))
    said = Said({"a": "bad"}, frozenset({"b"}))
    assert [(one.name, one.label) for one in said.seen(data).items] == [("a", "bad"), ("c", "bad")]
    assert said.truth("b", "good") is None
    assert NOTHING.seen(data).content_id == data.content_id


def test_the_id_changes_with_anything_that_was_said_and_is_empty_for_nothing() -> None:
    ids = [one.id for one in (NOTHING, Said({"a": "good"}), Said({"a": "bad"}), Said({}, frozenset({"a"})))]
    assert ids[0] == ""
    assert len(set(ids)) == 4
    assert Said({"a": "good", "b": "bad"}).id == Said({"b": "bad", "a": "good"}).id


def test_only_what_changes_a_scored_image_bears_on_a_comparison() -> None:
    items = (item("a", None), item("b", "good"), replace(item("c", None), split="train"))
    data = ImageSet("parts", Path(), "mvtec", items)
    said = Said({"a": "bad", "b": "bad", "c": "bad"}, frozenset({"b", "c"}))
    assert said.bearing_on(data) == Said({"a": "bad"}, frozenset({"b"}))
    assert Said({"a": "unsure", "b": "good"}).bearing_on(data).id == ""
