"""Correlation times, block lengths and means; when a change began."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets.synthetic.machines.latents import ar1
from core.drift.blocks import FEWEST, block_length, block_means, correlation_time
from core.drift.onset import onset
from core.errors import UserError


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_the_correlation_time_of_an_autoregression(coefficient: float) -> None:
    rng = np.random.default_rng(0)
    tau = -1 / np.log(coefficient) if coefficient else 1e-9
    series = np.stack([ar1(rng, 60_000, tau), np.zeros(60_000)], axis=1)
    found = correlation_time([series])
    assert found[0] == pytest.approx((1 + coefficient) / (1 - coefficient), rel=0.25)
    assert found[1] == 1


def test_stretches_count_as_one_process_and_holes_do_not_harm() -> None:
    rng = np.random.default_rng(1)
    series = ar1(rng, 30_000, -1 / np.log(0.8))[:, None]
    series[rng.random(30_000) < 0.02] = np.nan
    whole = correlation_time([series])
    assert correlation_time(np.split(series, 10)) == pytest.approx(whole, rel=0.2)
    assert whole[0] == pytest.approx(9, rel=0.2)


def test_blocks_are_long_enough_and_enough() -> None:
    assert block_length(np.array([10.0, 3.0]), 1, 100_000) == 20
    assert block_length(np.array([10.0]), 64, 100_000) == 64  # never shorter than what a score looks back on
    assert block_length(np.array([1000.0]), 5, 4000) == 4000 // FEWEST
    with pytest.raises(UserError, match="too few"):
        block_length(np.array([2.0]), 64, 1000)


def test_means_of_whole_blocks_without_what_is_missing() -> None:
    values = np.array([[1.0, np.nan], [3.0, np.nan], [5.0, 1.0], [np.nan, 2.0], [9.0, 9.0]])
    found = block_means(values, 2)
    assert found[:, 0].tolist() == [2.0, 5.0]
    assert np.isnan(found[0, 1]) and found[1, 1] == 1.5


def test_the_means_hardly_depend_on_each_other() -> None:
    series = ar1(np.random.default_rng(2), 100_000, -1 / np.log(0.9))[:, None]
    means = block_means(series, block_length(correlation_time([series]), 1, 100_000))[:, 0]
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.2


def test_the_onset_of_a_step() -> None:
    values = np.r_[np.zeros(37), np.ones(20)] + 0.1 * np.random.default_rng(3).standard_normal(57)
    values[10] = np.nan
    assert onset(values) == 37
    assert onset(np.array([np.nan, np.nan])) == onset(np.zeros(1)) == 0
