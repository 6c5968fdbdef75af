"""Words for times, sizes and shares."""

from __future__ import annotations

import time

import pytest

from core.ui import blocks


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3540, "59 min"), (3600, "1 h 0 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert blocks.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "just now"), (300, "5 min ago"), (7200, "2 h ago"), (3 * 86400, "3 days ago")]
)
def test_ago(seconds: float, words: str) -> None:
    assert blocks.ago(time.time() - seconds) == words


@pytest.mark.parametrize(
    ("n_bytes", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (25_000_000, "25 MB"), (3.2e9, "3.2 GB")]
)
def test_sizes(n_bytes: float, words: str) -> None:
    assert blocks.size(n_bytes) == words
