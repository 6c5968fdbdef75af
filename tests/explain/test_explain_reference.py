from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.explain.neighbours import nearest_normal
from core.explain.ranking import Ranking, agreement, consensus
from core.explain.reference import Reference
from core.explain.stretch import PROBES, Stretch, filled
from tests.explain.toys import correlated, data, model, unit


def reference_of(found, fitted=None) -> Reference:
    return Reference.of(fitted or model(found), found, "m")


def test_what_others_let_expect_is_their_regression() -> None:
    found = data(correlated(300, seed=7))
    reference = reference_of(found)
    rows = reference.rows.astype(float)
    design = np.column_stack([np.ones(len(rows)), np.delete(rows, 2, axis=1)])
    fitted = design @ np.linalg.lstsq(design, rows[:, 2], rcond=None)[0]
    expected = reference.expected(reference.rows)[:, 2]
    assert np.abs(expected - fitted).max() < 0.05  # all but the ridge
    assert np.var(rows[:, 2] - expected) < 0.2 * np.var(rows[:, 2])


def test_windows_lie_where_they_are_said_to(request) -> None:
    found = data(correlated(300))
    fitted = model(found)
    reference = reference_of(found, fitted)
    windows, places = reference.windows(16, 50)
    assert windows.shape == (50, 16, 6)
    scaled = fitted.member("m").scaler.apply(found.units[0].values)
    for window, place in zip(windows, places, strict=True):
        assert place.unit == "train"
        assert np.array_equal(window, scaled[place.start : place.start + 16])


def test_a_window_longer_than_any_stretch_is_led_by_the_first_step() -> None:
    reference = reference_of(data(correlated(300)))
    windows, _ = reference.windows(5000, 10)
    assert windows.shape == (1, 5000, 6)
    assert (windows[0, :1000] == windows[0, 0]).all()


def test_without_normals_there_is_no_reference() -> None:
    found = data(correlated(300) + 100)
    with pytest.raises(UserError, match="no normal training data"):
        Reference.of(model(found), found.test(), "m")


def test_without_training_data_usual_steps_stand_for_them() -> None:
    values = correlated(600, seed=2)
    values[300:340, 2] += 6
    found = data(values)
    reference = Reference.of(model(found), found.test(), "m")
    assert {place.unit for place in reference.places} == {"test"}
    spans = zip(reference.places, reference.stretches, strict=True)
    inside = [range(place.start, place.start + len(one)) for place, one in spans]
    assert not any(300 <= step < 340 for one in inside for step in one)
    assert sum(map(len, inside)) > 300


def test_the_nearest_normal_of_a_normal_window_is_that_window() -> None:
    found = data(correlated(300))
    fitted = model(found)
    copy = unit("copy", found.units[0].values[1000:1100])
    stretch = Stretch.of(fitted, copy, 20, 21, "now")
    near = nearest_normal(stretch, Reference.of(fitted, found, "m"))
    assert near.distance < 0.5  # of 4000 normal steps all but every tenth is compared with
    assert near.usual > 0


def test_probed_steps_are_spread_and_hold_the_peak() -> None:
    values = correlated(500, seed=8)
    values[333, 1] += 20
    found = data(values)
    stretch = Stretch.of(model(found), found.units[1], 100, 400, "now")
    assert 233 in stretch.probed
    assert stretch.probed[stretch.peak] == 233
    assert len(stretch.probed) <= PROBES
    assert {0, 299} <= set(stretch.probed.tolist())


def test_holes_take_the_last_value() -> None:
    window = np.array([[[1.0], [np.nan], [3.0]], [[np.nan], [2.0], [np.nan]]], np.float32)
    assert filled(window).squeeze().tolist() == [[1, 1, 3], [0, 2, 2]]


def ranking(method: str, blame: list[float], refused: str | None = None) -> Ranking:
    return Ranking(method, np.array(blame), "", 0.0, refused=refused)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_shares_add_up_to_one_or_none(blame: list[float]) -> None:
    shares = ranking("any", blame).shares
    assert (shares >= 0).all()
    assert shares.sum() == pytest.approx(1 if max(blame) > 0 else 0)


def test_agreement_of_methods() -> None:
    same, reverse = ranking("a", [4, 3, 2, 1]), ranking("b", [1, 2, 3, 4])
    found = agreement(
        [same, ranking("c", [40, 30, 20, 10]), reverse, ranking("d", [1, 1, 1, 1]), ranking("e", [0], "no")]
    )
    pairs = {(one.first, one.second): one for one in found}
    assert pairs["a", "c"].tau == pytest.approx(1)
    assert pairs["a", "c"].top == 3
    assert pairs["a", "b"].tau == pytest.approx(-1)
    assert pairs["a", "b"].top == 2
    assert pairs["a", "d"].tau is None
    assert not any("e" in pair for pair in pairs)
    assert consensus([same, reverse, ranking("c", [4, 1, 1, 1])]) == (0, 2)
