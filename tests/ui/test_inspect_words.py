"""Words and filters of the Inspect page: known answers."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from core.datasets.series import TimeUnit
from core.datasets.wording import moment, span
from core.detectors.calibration import Calibration
from core.errors import UserError
from core.ui import errors, words
from core.ui.inspect import filters, limits, navigation
from core.ui.verdicts import Limits, bound


def test_a_p_value_in_words() -> None:
    assert words.good_parts_like(0.8, 100) == "80\u00a0% of good parts would score this high: nothing unusual"
    assert words.good_parts_like(2 / 101, 100) == "1 good part in 50 would score this high"
    assert words.good_parts_like(1 / 153, 152).startswith("at most 1 good part in 153 would score this high")


def test_names_are_never_formatting() -> None:
    assert words.plain("a_b*[c](d) :material/x: $1$") == r"a\_b\*\[c\]\(d\) \:material/x\: \$1\$"


def test_long_names_keep_both_ends() -> None:
    assert words.short("test/good/abcdefghijklmnopqrstuvwxyz.png", 12) == "abcde…yz.png"
    assert words.short("test/good/a.png", 12) == "a.png"


@pytest.mark.parametrize(("value", "text"), [(12.43, "12.43"), (0.5, "0.5000"), (3.0, "3.000"), (1e-7, "1e-07")])
def test_scores_have_four_digits(value: float, text: str) -> None:
    assert words.score(value) == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "nonsense",
        "12345678:1",
        "12345678:2:1",
        "12345678:nan:1",
        "12345678:0:inf",
        "1234:0:1",
        "87654321:0:1",
    ],
)
def test_limits_in_a_link_that_make_no_sense(text: str | None) -> None:
    assert limits.parse(text, "1234567890abcdef") is None


def test_limits_in_a_link() -> None:
    assert limits.parse("12345678:0.25:1e1", "1234567890abcdef") == Limits(0.25, 10.0)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({
        "item": ["test/b.png", "test/a.png", "test/c.png", "test/d.png"],
        "category": ["nut", "nut", "nut", "bolt"],
        "defect": ["dent", None, None, None],
        "truth": ["bad", "good", "bad", None],
        "yours": [None, "unsure", None, None],
        "score": [9.0, 6.0, 2.0, 1.0],
        "verdict": ["reject", "review", "accept", "accept"],
        "outcome": ["correct", "false positive", "false negative", None],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "items"),
    [
        (filters.Filters(), "bacd"),
        (filters.Filters(shown=filters.FALSE_POSITIVES), "a"),
        (filters.Filters(shown=filters.FALSE_NEGATIVES), "c"),
        (filters.Filters(shown=filters.YOURS), "a"),
        (filters.Filters(category="bolt"), "d"),
        (filters.Filters(part_class="dent"), "b"),
        (filters.Filters(part_class="bad"), "c"),
        (filters.Filters(part_class=filters.UNKNOWN), "d"),
        (filters.Filters(verdict="Accept"), "cd"),
        (filters.Filters(text="C.PNG"), "c"),
        (filters.Filters(text=".*"), ""),
        (filters.Filters(order=filters.CALMEST), "dcab"),
        (filters.Filters(order=filters.NAME), "abcd"),
        (filters.Filters(order=filters.CLOSEST), "abcd"),
    ],
)
def test_filters(frame: pd.DataFrame, wanted: filters.Filters, items: str) -> None:
    rows = filters.apply(frame, wanted, (5.5, 7.0))
    assert "".join(name[5] for name in rows["item"]) == items
    assert list(rows.index) == list(range(len(rows)))


def test_classes_are_good_then_named_then_unknown(frame: pd.DataFrame) -> None:
    assert filters.classes(frame) == ["good", "bad", "dent", "no label"]


def test_neighbours_and_jumps(frame: pd.DataFrame) -> None:
    assert navigation.neighbours(frame, "test/b.png") == (None, "test/a.png")
    assert navigation.neighbours(frame, "test/d.png") == ("test/c.png", None)
    assert navigation.neighbours(frame.iloc[:1], "test/d.png") == (None, "test/b.png")
    assert navigation.neighbours(frame.iloc[:0], "test/d.png") == (None, None)
    assert navigation.next_with(frame, "test/c.png", "false positive") == "test/a.png"
    assert navigation.next_with(frame, "test/a.png", "false positive") is None


def test_an_error_shows_hostile_names_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(errors.st, "error", lambda text, icon: shown.append(text))
    name = "![a](http:__e.com)_$x$.png"
    errors.show(UserError("This file cannot be read", name))
    assert words.plain(name) in shown[0]
    assert re.sub(r"\\(.)", r"\1", shown[0]) == f"This file cannot be read ({name})."
    assert not re.search(r"(?<!\\)[!\[\]()_$:]", shown[0])


def test_a_cross_fitted_promise_is_an_approximate_one() -> None:
    scores = np.arange(10.0)
    crossed = Calibration(scores, scores, 0.0, "cross-fitted")
    assert [bound(crossed, limit) for limit in (8.0, 9.0, 50.0)] == ["about", "at most about", "at most about"]
    assert [bound(Calibration(scores, scores, 0.0, scheme)) for scheme in ("held-out", "cross-fitted")] == [
        "at most",
        "about",
    ]


@pytest.mark.parametrize(
    ("unit", "at", "from_to"),
    [
        ("epoch", "2026-03-05 14:07:30 UTC", "2026-03-05 14:07:30 to 2026-03-05 15:00:00 UTC"),
        ("s", "1,772,719,650 s", "1,772,719,650 to 1,772,722,800 s"),
        ("cycle", "cycle 1,772,719,650", "cycle 1,772,719,650 to 1,772,722,800"),
        ("step", "step 1,772,719,650", "step 1,772,719,650 to 1,772,722,800"),
    ],
)
def test_times_are_told_in_their_unit(unit: TimeUnit, at: str, from_to: str) -> None:
    first, last = 1_772_719_650.0, 1_772_722_800.0
    assert moment(first, unit) == at
    assert span(first, last, unit) == from_to
    assert moment(0.0125, "s") == "0.0125 s"
