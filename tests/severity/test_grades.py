"""Grades against the standards' own tables, letters from drawn rust, and the table of actions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.severity.grades import ASTM_BOUNDS, ISO_BOUNDS, astm_d610, distribution, grade, iso_ri, read_actions

ACTIONS = ("a", "b", "c", "d", "e", "f")


@pytest.mark.parametrize(
    ("percent", "ri", "european", "astm"),
    [
        (0, 0, 0, 10), (0.01, 1, 1, 10), (0.02, 1, 1, 9), (0.05, 1, 1, 8), (0.3, 2, 2, 7), (0.5, 2, 2, 6),
        (1.0, 3, 3, 6), (2.0, 4, 5, 5), (8.0, 4, 5, 4), (8.01, 5, 7, 4), (12, 5, 7, 3), (20, 5, 7, 2), (40, 5, 7, 1),
        (50, 5, 7, 1), (50.1, 5, 7, 0), (100, 5, 7, 0),
    ],
)  # fmt: skip
def test_a_share_has_the_grades_of_the_tables(percent: float, ri: int, european: int, astm: int) -> None:
    found = grade(percent / 100, "G", ACTIONS)
    assert (found.ri, found.european, found.astm) == (ri, european, astm)
    assert found.action == ACTIONS[ri]
    assert found.astm_distribution == (None if astm == 10 else "G")


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_rust_is_never_a_better_grade(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert iso_ri(low) <= iso_ri(high) and astm_d610(low) >= astm_d610(high)


def test_bounds_belong_to_the_grade_below() -> None:
    assert [iso_ri(bound) for bound in ISO_BOUNDS] == [0, 1, 2, 3, 4]
    assert [astm_d610(bound) for bound in ASTM_BOUNDS] == list(range(10, 0, -1))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_no_share_is_no_grade(share: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        grade(share, None, ACTIONS)


def _rust(kind: str) -> np.ndarray:
    """Rust on a part of 400 by 400 pixels that fills the picture."""
    mask, rng = np.zeros((400, 400), bool), np.random.default_rng(0)
    if kind in ("P", "H"):
        for x, y in rng.integers(0, 398, (150, 2)):
            mask[y : y + 2, x : x + 2] = True
    if kind == "H":
        mask[100:120, 100:130] = True
    if kind == "S":
        mask[50:120, 60:140] = True
    if kind == "G":
        for x, y in rng.integers(0, 380, (60, 2)):
            mask[y : y + 12, x : x + 12] = True
    return mask


@pytest.mark.parametrize("kind", ["S", "G", "P", "H"])
def test_the_letter_tells_how_rust_is_distributed(kind: str) -> None:
    mask = _rust(kind)
    assert distribution(mask, float(mask.mean())) == kind


def test_no_rust_has_no_letter() -> None:
    assert distribution(np.zeros((9, 9), bool), 0.0) is None
    assert distribution(np.ones((9, 9), bool), float("nan")) is None


def test_the_table_of_actions_is_checked(tmp_path: Path) -> None:
    assert len(read_actions()) == 6
    path = tmp_path / "actions.csv"
    for number, content in enumerate(
        ["ri,action\n0,a\n", "nothing", "ri,action\n" + "".join(f"{i},\n" for i in range(6)), "ri,action\nx,y\n"]
    ):
        path = tmp_path / f"{number}.csv"
        path.write_text(content)
        with pytest.raises(UserError, match="table of actions"):
            read_actions(path)
    path = tmp_path / "good.csv"
    path.write_text("ri,action\n" + "".join(f"{i},do {i}\n" for i in (5, 4, 3, 2, 1, 0)))
    assert read_actions(path)[5] == "do 5"
    with pytest.raises(UserError, match="cannot be read"):
        read_actions(tmp_path / "missing.csv")
