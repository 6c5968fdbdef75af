"""Names in lists: those that repeat are told apart, detectors that are not known are named."""

from __future__ import annotations

from core.ui.labels import detector, labels


def test_only_names_that_repeat_get_an_id() -> None:
    names = {"aaaaaa1": "PaDiM", "bbbbbb2": "PaDiM", "cccccc3": "SPADE"}
    assert labels(names) == {"aaaaaa1": "PaDiM (aaaaaa)", "bbbbbb2": "PaDiM (bbbbbb)", "cccccc3": "SPADE"}


def test_as_many_digits_as_it_takes() -> None:
    assert len(set(labels({"abcdef111111": "A", "abcdef222222": "A"}).values())) == 2


def test_a_name_that_looks_like_another_with_its_id() -> None:
    found = labels({"aaaaaa1": "A", "bbbbbb2": "A", "cccccc3": "A (aaaaaa)"})
    assert len(set(found.values())) == 3


def test_nothing_to_name() -> None:
    assert labels({}) == {}


def test_an_unknown_detector_keeps_its_name() -> None:
    assert (detector("patchcore"), detector("from-tomorrow")) == ("PatchCore", "from-tomorrow")
