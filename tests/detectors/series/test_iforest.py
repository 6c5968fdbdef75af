"""The forest of arrays against scikit-learn, and its contributions against their sum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from core.detectors.iforest.forest import Forest, average_path


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(900, 6)).astype(np.float32)
    values[:, 4] = 0  # never moves
    values[:, 5] = values[:, 5].round()  # many equal readings
    return values


@pytest.mark.parametrize("sample", [16, 256, 700])
def test_scores_equal_scikit_learn(rows: np.ndarray, sample: int) -> None:
    fitted = IsolationForest(n_estimators=40, max_samples=sample, random_state=1).fit(rows)
    scores, _ = Forest.of(fitted).judge(np.concatenate([rows, 5 * rows]))
    np.testing.assert_allclose(scores, -fitted.score_samples(np.concatenate([rows, 5 * rows])), rtol=1e-9)


def test_contributions_add_up_to_how_much_shorter_the_path_is(rows: np.ndarray) -> None:
    forest = Forest.of(IsolationForest(n_estimators=40, max_samples=64, random_state=1).fit(rows))
    scores, parts = forest.judge(rows)
    mean_path = -np.log2(scores)  # in units of c(sample)
    at_root = forest.expected[forest.roots].mean() / forest.usual
    np.testing.assert_allclose(parts.sum(axis=1), at_root - mean_path, atol=1e-12)
    assert (parts[:, 4] == 0).all()


def test_a_row_does_not_know_its_company(rows: np.ndarray) -> None:
    forest = Forest.of(IsolationForest(n_estimators=40, max_samples=64, random_state=1).fit(rows))
    together = forest.judge(rows)
    alone = [forest.judge(row[None]) for row in rows[:20]]
    np.testing.assert_array_equal([one[0][0] for one in alone], together[0][:20])
    np.testing.assert_array_equal([one[1][0] for one in alone], together[1][:20])


def test_the_average_path_is_the_papers() -> None:
    assert average_path(np.array([0, 1, 2])).tolist() == [0, 0, 1]
    assert average_path(np.array([256]))[0] == pytest.approx(10.244770920)


def test_trees_that_lead_nowhere_are_refused(rows: np.ndarray) -> None:
    from dataclasses import replace

    from core.errors import UserError

    forest = Forest.of(IsolationForest(n_estimators=10, max_samples=16, random_state=1).fit(rows))
    circle = replace(forest, left=np.zeros_like(forest.left))
    with pytest.raises(UserError, match="damaged"):
        circle.checked(6)
    with pytest.raises(UserError, match="damaged"):
        forest.checked(2)
    assert forest.checked(6) is forest
