"""What a limit means for each category, in the detector's units and in held-out good images above it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.compare.evaluate import evaluate
from core.compare.groups import by_category
from core.compare.heldout import held_out, strangers
from core.compare.sidebyside import align
from core.detectors.calibration import Calibration, Summary
from core.ui import bycategory
from tests.compare.sides import CALIBRATION, contestant, dataset, run


def two_kinds() -> Calibration:
    """Twenty held-out images of two kinds, the second ten times as far off, and three of a third."""
    found = [Summary(f"near{i}", "near", i, i, 0.0) for i in np.linspace(0, 1, 20)]
    found += [Summary(f"far{i}", "far", i, i, 0.0) for i in np.linspace(0, 10, 20)]
    found += [Summary(f"rare{i}", "rare", i, i, 0.0) for i in (1.0, 2.0, 3.0)]
    return Calibration.of(found, "held-out")


def test_a_limit_lies_elsewhere_in_each_category_and_means_the_same() -> None:
    calibration = two_kinds()
    threshold = calibration.threshold(0.1)
    far, near, rare = held_out(calibration, threshold)
    assert (far.category, near.category, rare.category) == ("far", "near", "rare")
    assert far.limit > 5 * near.limit
    assert (far.own, near.own, rare.own) == (True, True, False)
    assert far.rate == pytest.approx(near.rate, abs=0.051)
    assert near.ci95[0] <= near.rate <= near.ci95[1]
    for one in (far, near):
        assert calibration.place(one.limit, one.category) == pytest.approx(threshold)
    assert held_out(CALIBRATION, 0.5) == []


def test_categories_without_limits_of_their_own_are_named() -> None:
    assert strangers(two_kinds(), ["near", "rare", "unheard of"]) == ["rare", "unheard of"]
    assert strangers(CALIBRATION, ["near"]) == []


def test_an_evaluation_tells_what_calibrates_each_category(tmp_path) -> None:
    data = dataset(tmp_path / "data", ["good"] * 6 + ["bad"] * 4)
    found = evaluate(run(tmp_path / "run", data, np.linspace(0, 1, 10), "a"), data, two_kinds(), bootstrap=0)
    assert set(found["calibration_per_category"]) == {"far", "near", "rare"}
    assert found["calibration_per_category"]["rare"]["own"] is False
    assert "2 of them are taken to one axis" in found["protocol"] and "promising about" in found["protocol"]


def test_verdicts_are_counted_by_category(tmp_path) -> None:
    data = dataset(tmp_path / "data", ["good"] * 4 + ["bad"] * 2)
    kinds = ("near", "far", "near", "far", "far", "far")
    data = replace(data, items=tuple(replace(i, category=k) for i, k in zip(data.items, kinds, strict=True)))
    scores = [0.1, 2.0, 0.1, 0.2, 2.0, 0.1]
    side = align([contestant(run(tmp_path / m, data, scores, m)) for m in ("a", "b")])
    far, near = by_category(side)
    assert far.false_alarms is not None and far.recall is not None and near.false_alarms is not None
    assert (far.false_alarms.found, far.false_alarms.n) == ((1, 1), 2)
    assert (far.recall.found, far.recall.n) == ((1, 1), 2)
    assert (near.false_alarms.found, near.recall) == ((0, 0), None)


def test_the_page_shows_a_row_for_each_category_and_says_how_a_part_is_judged() -> None:
    def page() -> None:
        from core.ui import bycategory
        from tests.compare.test_heldout import two_kinds

        found = two_kinds()
        bycategory.table(found, {"review": found.threshold(0.1), "reject": found.threshold(0.05)}, "kinds")

    app = AppTest.from_function(page).run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert list(shown["Category"]) == ["far", "near", "rare"]
    assert list(shown["Good parts"]) == [20, 20, 3]
    assert "20 good parts of its own" in bycategory.judged_as(two_kinds(), "near")
    assert "all of its kinds together" in bycategory.judged_as(two_kinds(), "rare")
    assert bycategory.judged_as(CALIBRATION, "near") == ""
