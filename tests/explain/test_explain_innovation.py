from __future__ import annotations

import numpy as np
import pytest

from core.detectors.series.locallevel import level_moments, level_systems
from core.detectors.series.recursion import Recursion
from core.explain.innovation import levels, startled
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from tests.explain.toys import correlated, data, model


def test_moments_without_a_search_judge_normal_steps_as_they_should() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, 2)) + np.cumsum(rng.normal(size=(20_000, 2)), axis=0) * (0.2, 0.0)
    systems = levels([values.astype(np.float32)])
    nis, _ = Recursion(systems).push(values[100:].astype(np.float32))
    assert nis.mean(axis=0) == pytest.approx([1, 1], rel=0.1)


def test_a_sensor_that_stands_still_and_rows_without_neighbours_have_a_level_all_the_same() -> None:
    rows = [np.array([[0.5, number]], np.float32) for number in range(40)]
    systems = levels(rows)
    assert systems.q.ravel().tolist() == [0, 0]
    assert (systems.h > 0).all()


def test_a_jump_startles_and_a_creep_of_the_same_size_does_not() -> None:
    values = correlated(900, seed=5)
    values[700:760, 1] += 8
    values[700:760, 4] += np.linspace(0, 8, 60, dtype=np.float32)
    found = data(values)
    fitted = model(found)
    found_startled = startled(
        Stretch.of(fitted, found.units[1], 690, 770, "now"), Reference.of(fitted, found, "m").levels
    )
    assert found_startled.argmax() == 1
    assert found_startled[1] > 1.5 * found_startled[4]


def test_moments_of_a_level_agree_with_the_variances_that_made_it() -> None:
    rng = np.random.default_rng(1)
    courses = [rng.normal(size=500) + 0.5 * np.cumsum(rng.normal(size=500)) for _ in range(100)]
    noise, level = level_moments(courses)
    assert (noise, level) == (pytest.approx(1, rel=0.05), pytest.approx(0.25, rel=0.1))
    assert len(level_systems(np.array([noise]), np.array([level]))) == 1
