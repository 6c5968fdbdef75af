"""Windows, filling and overlap means against their definitions, for any cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.detectors.series.windows import Fill, StepMeans, WindowMeans, Windows, sliding, training_windows

CUTS = st.lists(st.integers(0, 40), max_size=6).map(sorted)


def pieces(values: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    return np.split(values, cuts)


def test_a_hole_takes_the_last_known_value_and_later_the_median() -> None:
    nan = np.nan
    values = np.array([[nan], [2], [nan], [nan], [nan], [3]], np.float32)
    filled, known = Fill(1, age=2).push(values)
    assert filled[:, 0].tolist() == [0, 2, 2, 2, 0, 3]
    assert known[:, 0].tolist() == [False, True, True, True, False, True]


@given(cuts=CUTS, seed=st.integers(0, 99), age=st.integers(1, 5))
def test_filling_does_not_depend_on_the_cut(cuts: list[int], seed: int, age: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(40, 3)).astype(np.float32)
    values[rng.random(values.shape) < 0.6] = np.nan
    values[rng.random(values.shape) < 0.05] = np.inf
    whole = Fill(3, age).push(values)
    fill = Fill(3, age)
    found = [fill.push(piece) for piece in pieces(values, cuts)]
    for index in (0, 1):
        np.testing.assert_array_equal(np.concatenate([one[index] for one in found]), whole[index])
    assert np.isfinite(whole[0]).all()


@given(cuts=CUTS, length=st.integers(1, 9))
def test_windows_end_in_their_step_and_begin_with_the_first(cuts: list[int], length: int) -> None:
    values = np.arange(80, dtype=np.float32).reshape(40, 2)
    windows = Windows(length)
    found = np.concatenate([windows.push(piece) for piece in pieces(values, cuts)])
    padded = np.concatenate([np.repeat(values[:1], length - 1, axis=0), values])
    np.testing.assert_array_equal(found, [padded[i : i + length] for i in range(40)])


@given(cuts=CUTS, length=st.integers(1, 45))
def test_means_over_windows_are_what_they_say(cuts: list[int], length: int) -> None:
    values = np.random.default_rng(length).lognormal(sigma=5, size=(40, 2))
    expected = np.array([values[i : i + length].mean(0) for i in range(40)])
    means = WindowMeans(length, 2)
    found = [means.push(piece) for piece in pieces(values, cuts)]
    assert sum(map(len, found)) == max(40 - length + 1, 0)
    np.testing.assert_allclose(np.concatenate([*found, means.close()]), expected, rtol=1e-12)


@given(cuts=CUTS, length=st.integers(1, 45))
def test_means_over_the_steps_of_windows_are_what_they_say(cuts: list[int], length: int) -> None:
    values = np.random.default_rng(length).lognormal(size=(40, length, 2))
    expected = [
        np.mean([values[end, step - end + length - 1] for end in range(step, min(step + length, 40))], axis=0)
        for step in range(40)
    ]
    means = StepMeans(length, 2)
    found = [means.push(piece) for piece in pieces(values, cuts)]
    assert sum(map(len, found)) == max(40 - length + 1, 0)
    np.testing.assert_allclose(np.concatenate([*found, means.close()]), expected, rtol=1e-12)


def test_a_spike_leaves_nothing_behind_in_the_means() -> None:
    values = np.ones((50, 1))
    values[10] = 1e18
    found = WindowMeans(7, 1).push(values)
    assert (found[11:] == 1).all()


@pytest.mark.parametrize(("most", "count"), [(1000, 18), (5, 5)])
def test_training_windows_come_from_all_stretches_and_cross_none(most: int, count: int) -> None:
    normals = [np.full((n, 1), index, np.float32) for index, n in enumerate((10, 3, 16))]
    found = training_windows(normals, 5, most)[..., 0]
    assert len(found) == count
    assert (found == found[:, :1]).all()
    assert set(found[:, 0]) == {0, 2}


def test_a_stretch_shorter_than_the_window_has_none() -> None:
    assert sliding(np.zeros((3, 2), np.float32), 4).shape == (0, 4, 2)
