"""Root-cause figures: by hand, ties, and what guessing gets."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.series.causes import event_blame, guessed_blame, judge_blame


def test_by_hand() -> None:
    # In falling order: 4 (guilty), 0, 2 (guilty), 3, 1 (guilty).
    found = judge_blame([8, 1, 7, 2, 9], [1, 2, 4])
    assert found is not None
    assert found.hitrate_100 == pytest.approx(2 / 3)
    assert found.hitrate_150 == pytest.approx(2 / 3)  # the first round(4.5) = 4
    assert found.top1 == 1
    assert found.ndcg_100 == pytest.approx((1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3) + 1 / np.log2(4)))


def test_perfect_and_inverted() -> None:
    perfect, inverted = judge_blame([5, 4, 0, 0, 0, 0], [0, 1]), judge_blame([0, 0, 5, 4, 3, 2], [0, 1])
    assert perfect is not None and inverted is not None
    assert (perfect.hitrate_100, perfect.hitrate_150, perfect.top1, perfect.ndcg_100) == (1, 1, 1, 1)
    assert (inverted.hitrate_100, inverted.hitrate_150, inverted.top1, inverted.ndcg_100) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(8))
def test_ties_are_broken_by_chance_in_expectation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blame, culprits = rng.integers(0, 3, 6).astype(float), [0, 3]
    expected = judge_blame(blame, culprits)
    drawn = [judge_blame(blame + 0.5 * rng.random(6), culprits) for _ in range(400)]
    assert expected is not None
    for name in ("hitrate_100", "hitrate_150", "top1", "ndcg_100"):
        assert np.mean([getattr(one, name) for one in drawn]) == pytest.approx(getattr(expected, name), abs=0.1)


def test_guessing() -> None:
    found = guessed_blame(38, range(4))
    assert found is not None
    assert found.hitrate_100 == pytest.approx(4 / 38)
    assert found.hitrate_150 == pytest.approx(6 / 38)
    assert found.top1 == pytest.approx(4 / 38)


def test_nothing_to_find() -> None:
    assert judge_blame([1.0, 2.0], []) is None
    assert judge_blame([1.0, 2.0], [0, 1]) is None
    with pytest.raises(ValueError, match="finite"):
        judge_blame([np.nan, 2.0], [0])


def test_blame_of_an_event() -> None:
    parts = np.array([[9, 9], [1, 2], [4, 0], [9, 9]])
    assert event_blame(parts, 1, 3, "event-max").tolist() == [4, 2]
    assert event_blame(parts, 1, 3, "event-mean").tolist() == [2.5, 1]
