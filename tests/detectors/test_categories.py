"""One number on the common axis means the same false-alarm rate in every category."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.types import ImageItem, ImageSet
from core.detectors import categories, training
from core.detectors.base import ImageScore
from core.detectors.calibration import Calibration, Summary
from core.detectors.categories import CommonAxis
from core.detectors.registry import parameters
from core.progress import Progress

USUAL = {"bolt": (10.0, 1.0), "cable": (14.0, 3.0), "tile": (3.0, 0.2)}  # distance of good parts: centre, spread


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Scores of ``n`` good parts of each category, skewed as distances are."""
    rng = np.random.default_rng(seed)
    scores = [centre + spread * (rng.gamma(4, size=n) - 4) / 2 for centre, spread in USUAL.values()]
    return np.concatenate(scores), [name for name in USUAL for _ in range(n)]


def fitted(n: int = 60) -> CommonAxis:
    found = CommonAxis.fit(*drawn(n))
    assert found is not None
    return found


def calibrated(n: int = 60) -> Calibration:
    scores, names = drawn(n)
    return Calibration.of(
        [Summary(f"{i}", name, score, 2 * score, score / 2) for i, (score, name) in enumerate(zip(scores, names))],  # noqa: B905
        "held-out",
    )


def test_one_limit_raises_as_many_false_alarms_in_each_category() -> None:
    calibration = calibrated(150)
    limit, together = calibration.threshold(0.05), np.quantile(drawn(150)[0], 0.95)
    fresh, names = drawn(4000, seed=1)
    for name in USUAL:
        own = fresh[np.array(names) == name]
        assert np.mean(calibration.place(own, name) > limit) == pytest.approx(0.05, abs=0.025)
    assert np.mean(fresh[np.array(names) == "cable"] > together) > 0.1  # what it mends: one limit for all
    assert not np.any(fresh[np.array(names) == "tile"] > together)


@given(st.floats(-100, 100), st.floats(1e-3, 10), st.sampled_from([*USUAL, "unheard of"]))
def test_nothing_changes_its_order_and_every_place_has_a_way_back(score: float, more: float, name: str) -> None:
    axis = AXIS
    low, high = axis.place([score, score + more], name)
    assert low < high
    assert axis.back(float(low), name) == pytest.approx(score, abs=1e-6)


AXIS = fitted()


def test_categories_that_do_not_differ_keep_the_scores_that_they_have() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(10, 2, 40)
    axis = CommonAxis.fit(np.concatenate([values, values]), ["a"] * 40 + ["b"] * 40)
    assert axis is not None
    np.testing.assert_allclose(axis.place([5.0, 10.0, 20.0], "a"), [5.0, 10.0, 20.0])


@pytest.mark.parametrize(
    ("error", "expected"), [(1.0, [0.25, 0.25, 0.25, 3.25]), (3.0, [0.75] * 3 + [1.75]), (9.0, [1.0] * 4)]
)
def test_estimates_are_drawn_together_as_far_as_errors_explain_how_they_differ(
    error: float, expected: list[float]
) -> None:
    """Of 0, 0, 0 and 4 with errors of variance e the moment estimate between groups is 4 - e, in closed form."""
    found = categories._towards_common(np.array([0.0, 0.0, 0.0, 4.0]), np.full(4, error))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("names", [["a"] * 40, ["a"] * 35 + ["b"] * 5, [f"{i}" for i in range(40)]])
def test_there_is_no_common_axis_without_two_categories_of_enough(names: list[str]) -> None:
    assert CommonAxis.fit(np.arange(40.0), names) is None


def test_a_category_whose_scores_are_all_alike_has_no_line_of_its_own() -> None:
    scores, names = drawn(30)
    axis = CommonAxis.fit([*scores, *[5.0] * 30], [*names, *["flat"] * 30])
    assert axis is not None
    assert axis.knows("tile") and not axis.knows("flat")
    assert axis.categories["flat"].n == 30
    assert len(axis.scores) == 120


def test_an_unknown_category_is_placed_by_its_rank_among_all() -> None:
    axis = fitted()
    placed = axis.place(axis.raw, None)
    np.testing.assert_allclose(placed, axis.scores)
    for limit in axis.scores[10::40]:
        assert np.mean(axis.raw > axis.back(float(limit), "unheard of")) == pytest.approx(np.mean(axis.scores > limit))


def test_maps_have_limits_in_the_detectors_units_by_category() -> None:
    calibration = calibrated()
    limits = {name: calibration.map_threshold(0.05, name) for name in USUAL}
    assert limits["tile"] < 9 < limits["bolt"] < limits["cable"]
    assert calibration.map_threshold(0.05, "unheard of") == calibration.map_threshold(0.05)
    assert calibration.usual_pixel("tile") == pytest.approx(1.5, abs=0.2)
    assert calibration.usual_pixel("unheard of") == calibration.usual_pixel() == calibration.map_median


def test_a_calibration_by_category_is_read_back_and_promises_about() -> None:
    calibration = calibrated()
    again = Calibration.from_json(calibration.to_json())
    assert again.to_json() == calibration.to_json()
    assert again.known == tuple(USUAL)
    assert not again.exact
    assert again.n == 180


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda said: said["categories"]["bolt"].update(line=[0, -1]),
        lambda said: said["categories"]["bolt"].update(scores=[2, 1]),
        lambda said: said["categories"]["bolt"].update(line=None),
        lambda said: said.update(raw=[]),
        lambda said: said.pop("categories"),
    ],
)
def test_a_damaged_axis_is_refused(spoilt: Any) -> None:
    said = fitted().to_json()
    spoilt(said)
    with pytest.raises((ValueError, KeyError)):
        CommonAxis.from_json(said)


class Told:
    """Says of each image the score that its category usually has; learned nothing."""

    def fit(self, data: ImageSet, progress: Progress) -> None:
        self.seen = {item.category for item in data.items}

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for item in data.items:
            value = USUAL[item.category][0] + USUAL[item.category][1] * (int(item.sha256[:6], 16) % 997) / 997
            yield ImageScore(item.name, value, np.full((2, 2), value, np.float32))


@pytest.mark.parametrize(("enough", "scheme"), [(10, "held-out"), (10_000, "cross-fitted")])
def test_every_category_has_its_share_in_what_calibrates(
    parts: ImageSet, monkeypatch: pytest.MonkeyPatch, enough: int, scheme: str
) -> None:
    monkeypatch.setattr(training, "ENOUGH_TO_HOLD_OUT", enough)
    monkeypatch.setattr(training, "build", lambda name, params, seed: Told())
    rng, counts = np.random.default_rng(0), {"bolt": 200, "cable": 60, "tile": 15}
    items: list[ImageItem] = [
        replace(parts.items[0], name=f"{name}/{i}", category=name, split="train", sha256=rng.bytes(32).hex())
        for name, n in counts.items()
        for i in range(n)
    ]
    data = replace(parts, items=tuple(items))
    found = training.train("patchcore", parameters("patchcore", {}), 0, data, Progress()).calibration
    assert found.scheme == scheme
    assert found.categories is not None
    share = 0.2 if scheme == "held-out" else 1.0
    assert {name: one.n for name, one in found.categories.scores.categories.items()} == {
        name: round(share * n) for name, n in counts.items()
    }
    assert found.known == (("bolt", "cable") if scheme == "held-out" else tuple(counts))
