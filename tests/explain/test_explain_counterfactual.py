from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.explain.counterfactual import LEAST_FALL, counterfactual, culprits
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from tests.explain.toys import correlated, data, model


def scene(faults: dict[int, float], start: int = 300, stop: int = 330):
    values = correlated(600, seed=9)
    for sensor, size in faults.items():
        values[start:stop, sensor] += size
    found = data(values)
    fitted = model(found)
    return Stretch.of(fitted, found.by_name["test"], start, stop, "now"), Reference.of(fitted, found, "m")


def test_it_is_the_reconstruction_based_contribution_of_a_quadratic_score() -> None:
    stretch, reference = scene({2: 3.0})
    matrix = stretch.member.detector.matrix
    x = stretch.inside[stretch.probed].astype(float)
    closed = ((x @ matrix) ** 2 / np.diag(matrix)).mean(axis=0)
    assert counterfactual(stretch, reference).ranking.blame == pytest.approx(closed, rel=1e-3)


def test_one_culprit_is_named_alone_and_the_score_is_usual_without_it() -> None:
    stretch, reference = scene({2: 4.0})
    found = counterfactual(stretch, reference)
    (only,) = culprits(stretch, reference, found)
    assert only.sensor == 2
    assert only.score - found.usual < LEAST_FALL * (found.before - found.usual)


def test_several_culprits_are_found_one_after_the_other() -> None:
    stretch, reference = scene({1: 5.0, 4: -5.0})
    found = counterfactual(stretch, reference)
    named = culprits(stretch, reference, found)
    assert {one.sensor for one in named[:2]} == {1, 4}
    scores = [found.before, *(one.score for one in named)]
    assert all(later < earlier for earlier, later in pairwise(scores))


def test_a_normal_stretch_has_no_culprit_to_speak_of() -> None:
    stretch, reference = scene({})
    found = counterfactual(stretch, reference)
    assert (found.ranking.blame >= 0).all()
    assert found.ranking.shares.max() < 0.5


def test_a_silent_sensor_does_not_break_it() -> None:
    stretch, reference = scene({2: 4.0, 3: np.nan})
    found = counterfactual(stretch, reference)
    assert np.isfinite(found.ranking.blame).all()
    assert 2 in [one.sensor for one in culprits(stretch, reference, found)[:2]]
