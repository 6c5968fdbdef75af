"""What file names tell: part, time and view."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.severity.filenames import ONLY_VIEW, parse


@pytest.mark.parametrize(
    ("name", "part", "hours", "view"),
    [
        ("Bolt M5x0.8 Grey-T24-1.jpg", "Bolt M5x0.8 Grey", 24, "1"),
        ("Nut-T0.jpg", "Nut", 0, ONLY_VIEW),
        ("Torx T20 bolt-T48-left.png", "Torx T20 bolt", 48, "left"),
        ("a-T1.5.jpg", "a", 1.5, ONLY_VIEW),
        ("plate-36h.jpg", "plate", 36, ONLY_VIEW),
        ("plate-day3.jpg", "plate", 72, ONLY_VIEW),
        ("nut W3.png", "nut", 504, ONLY_VIEW),
        ("bolt/week 2/left.jpg", "bolt", 336, "left"),
        ("week1/bolt-2.jpg", "bolt", 168, "2"),
    ],
)
def test_elapsed_times(name: str, part: str, hours: float, view: str) -> None:
    named = parse(PurePosixPath(name))
    assert (named.part, named.hours, named.view, named.objection) == (part, hours, view, None)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("plate_2024-03-01.jpg", datetime(2024, 3, 1)),
        ("plate_20240301_1430-left.jpg", datetime(2024, 3, 1, 14, 30)),
        ("12.03.2025 plate.jpg", datetime(2025, 3, 12)),
        ("plate-2025-W07.jpg", datetime(2025, 2, 10)),
    ],
)
def test_dates(name: str, moment: datetime) -> None:
    named = parse(PurePosixPath(name))
    assert (named.part, named.clock, named.moment) == ("plate", "dates", moment)


def test_a_name_without_a_time_and_one_with_two() -> None:
    assert parse(PurePosixPath("plate-2025-02-31.jpg")).clock is None
    assert parse(PurePosixPath("box 7/IMG_2034.jpg")).part == "box 7"
    assert parse(PurePosixPath("IMG_2034.jpg")).part == ""
    assert "T0 and T24" in (parse(PurePosixPath("bolt-T0-nut-T24.jpg")).objection or "")


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=30))
def test_any_name_is_read(name: str) -> None:
    parse(PurePosixPath(name))


@given(st.integers(0, 99999), st.integers(0, 99))
def test_the_scheme_round_trips(hours: int, view: int) -> None:
    named = parse(PurePosixPath(f"Part A-T{hours}-{view}.jpg"))
    assert (named.part, named.hours, named.view) == ("Part A", hours, str(view))
