"""Calibration over time: rates that are kept, what is left out, round trip, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.detectors.series.calibration import SeriesCalibration, shortage
from core.detectors.series.contract import Pushed, Scores
from core.errors import UserError


def scored(now: np.ndarray, settled: np.ndarray | None = None) -> Pushed:
    one, other = (
        Scores(values, np.zeros((len(values), 2), np.float32)) for values in (now, now if settled is None else settled)
    )
    return Pushed(one, other)


@pytest.mark.parametrize("mode", ["now", "settled"])
def test_threshold_keeps_its_rate_on_fresh_steps(mode: str) -> None:
    rng = np.random.default_rng(0)
    found = SeriesCalibration.fit([scored(rng.exponential(size=20_000), rng.normal(size=20_000))], 1, 0)
    fresh = rng.exponential(size=400_000) if mode == "now" else rng.normal(size=400_000)
    for rate in (0.05, 1e-3):
        assert (fresh > found.threshold(rate, mode)).mean() == pytest.approx(rate, rel=0.4)  # type: ignore[arg-type]
        low, high = found.band(rate, mode)  # type: ignore[arg-type]
        assert low <= found.threshold(rate, mode) <= high  # type: ignore[arg-type]


def test_surprise_of_a_threshold_is_its_rate() -> None:
    found = SeriesCalibration.fit([scored(np.random.default_rng(0).normal(size=5000))], 1, 0)
    for rate in (0.2, 0.01, 1e-4):
        assert found.surprise([found.threshold(rate, "now")], "now")[0] == pytest.approx(-np.log10(rate), abs=0.02)
    rising = found.surprise(np.linspace(-5, 50, 500), "now")
    assert np.isfinite(rising).all() and (np.diff(rising) >= 0).all()


def test_first_steps_of_every_stretch_are_left_out() -> None:
    calm = np.random.default_rng(0).normal(size=300)
    loud = np.concatenate([np.full(9, 1e6), calm])
    found = SeriesCalibration.fit([scored(loud), scored(loud[:5]), scored(loud)], 10, 9)
    assert found.n == 600
    assert found.threshold(0.01, "now") < 10 and found.threshold(0.01, "settled") < 10


def test_round_trip_through_json() -> None:
    rng = np.random.default_rng(0)
    found = SeriesCalibration.fit([scored(rng.normal(size=2000), rng.exponential(size=2000))], 4, 3)
    again = SeriesCalibration.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    for mode in ("now", "settled"):
        scores = rng.normal(size=100) * 5
        np.testing.assert_array_equal(again.surprise(scores, mode), found.surprise(scores, mode))
        assert again.threshold(1e-3, mode) == found.threshold(1e-3, mode)


@pytest.mark.parametrize("stretches", [[], [scored(np.zeros(0))], [scored(np.zeros(9)), scored(np.zeros(3))]])
def test_no_stretch_as_long_as_the_context_is_a_sentence(stretches: list[Pushed]) -> None:
    with pytest.raises(UserError, match="longer than what the detector looks back on"):
        SeriesCalibration.fit(stretches, 10, 9)


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0, float("nan")])
def test_rate_that_is_none_is_a_sentence(rate: float) -> None:
    found = SeriesCalibration.fit([scored(np.arange(100.0))], 1, 0)
    with pytest.raises(UserError, match="not between 0 and 1"):
        found.threshold(rate, "now")


def test_too_few_held_out_steps_are_told_in_one_sentence() -> None:
    rng = np.random.default_rng(0)
    many, few, still = (
        SeriesCalibration.fit([scored(values)], 1, 0)
        for values in (rng.normal(size=1000), rng.normal(size=200), np.zeros(50))
    )
    assert shortage({"*": many}) is None
    assert shortage({"*": few}, 0.01) is None
    assert shortage({"*": few}) == (
        "A promise of 0.001 false alarms a step takes 1,000 held-out normal steps, there are 200: the threshold is "
        "extrapolated."
    )
    assert str(shortage({"*": still})).endswith("there are 50: no alarm is ever raised.")
    assert str(shortage({"a": many, "b": few, "c": still})).endswith(
        "there are 50 for c, the fewest of 2 such machines: for 1 of them no alarm is ever raised."
    )
