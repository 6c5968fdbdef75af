from __future__ import annotations

import numpy as np
import pytest

from core.errors import UserError
from core.explain.reference import Reference
from core.explain.whatif import Edit, what_if
from tests.explain.toys import correlated, data, model


@pytest.fixture(scope="module")
def scene():
    values = correlated(600, seed=6)
    values[300:340, 2] += 5
    found = data(values)
    fitted = model(found)
    return fitted, found.units[1], Reference.of(fitted, found, "m")


def test_no_edit_changes_nothing(scene) -> None:
    fitted, unit, _ = scene
    found = what_if(fitted, unit, 300, 340, [])
    assert np.array_equal(found.before, found.after)
    assert np.array_equal(found.before, fitted.score(unit).now.scores.score[300:340])
    assert np.array_equal(found.surprise_before, fitted.score(unit).now.surprise[300:340])


def test_the_culprit_as_expected_takes_the_alarm_away(scene) -> None:
    fitted, unit, reference = scene
    mended = what_if(fitted, unit, 300, 340, [Edit(2, "expected")], reference=reference)
    other = what_if(fitted, unit, 300, 340, [Edit(0, "expected")], reference=reference)
    assert mended.after.mean() < 0.1 * mended.before.mean()
    assert other.after.mean() > 0.5 * other.before.mean()


def test_a_shift_there_and_back_is_nothing(scene) -> None:
    fitted, unit, _ = scene
    found = what_if(fitted, unit, 300, 340, [Edit(1, "shift", 3.0), Edit(1, "shift", -3.0)])
    assert found.after == pytest.approx(found.before, rel=1e-4)


def test_frozen_and_usual_readings_are_constant(scene) -> None:
    from core.explain.stretch import Stretch
    from core.explain.whatif import edited

    fitted, unit, _ = scene
    stretch = Stretch.of(fitted, unit, 300, 340, "now")
    frozen = edited(stretch, [Edit(3, "freeze"), Edit(4, "usual")], None)
    part = slice(stretch.lead, stretch.lead + stretch.n)
    assert (frozen[part, 3] == stretch.values[stretch.lead - 1, 3]).all()
    assert (frozen[part, 4] == 0).all()
    assert np.array_equal(frozen[: stretch.lead], stretch.values[: stretch.lead])


def test_what_cannot_be_done_is_told(scene) -> None:
    fitted, unit, _ = scene
    with pytest.raises(UserError, match="There is no change"):
        what_if(fitted, unit, 300, 340, [Edit(99, "usual")])
    with pytest.raises(UserError, match="needs normal data"):
        what_if(fitted, unit, 300, 340, [Edit(1, "expected")])
    with pytest.raises(UserError, match="There are no steps 590 to 601"):
        what_if(fitted, unit, 590, 601, [])
