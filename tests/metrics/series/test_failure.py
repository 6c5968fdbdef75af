"""Runs to failure: who was warned of, when, and at what price."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.series.failure import Life, judge_lives
from tests.metrics.series.cases import Stretch, mask


def life(name: str, *alarms: Stretch, healthy: int | None = 50, failed: bool = True, warmup: int = 0) -> Life:
    return Life(name, mask(100, *alarms), np.arange(100) * 2.0, healthy, warmup, failed)


def test_by_hand() -> None:
    found = judge_lives(
        [
            life("late", (90, 100)),
            life("early", (10, 12), (60, 61)),
            life("missed", (49, 50)),
            life("ok", healthy=100, failed=False),
        ]
    )
    assert found["n_units"] == 3
    assert found["detected"] == pytest.approx(2 / 3)
    assert found["units"] == {"late": 18.0, "early": 78.0, "missed": None}
    assert found["lead_times"] == [18.0, 78.0] and found["lead_median"] == 48.0
    assert found["n_healthy_steps"] == 250
    assert found["far_healthy"] == pytest.approx(3 / 250)
    assert found["units_false_alarmed"] == 0.5
    low, high = found["far_healthy_ci95"]
    assert low <= 3 / 250 <= high
    assert found["random_detected"] == pytest.approx(1 - (1 - 3 / 250) ** 50)


def test_an_alarm_in_the_healthy_part_is_no_detection() -> None:
    assert life("a", (10, 50)).lead is None
    assert life("a", (10, 51)).lead == 98.0


def test_warm_up_is_not_judged() -> None:
    assert life("a", (0, 60), healthy=None, warmup=70).lead is None
    assert life("a", warmup=20).healthy_steps == (30, 0)
    assert life("a", healthy=10, warmup=20).healthy_steps == (0, 0)


def test_nothing_known_is_none() -> None:
    found = judge_lives([life("a", healthy=None)])
    assert found["far_healthy"] is None and found["far_healthy_ci95"] is None and found["random_detected"] is None
    assert found["detected"] == 0 and found["lead_median"] is None
    assert judge_lives([])["detected"] is None
