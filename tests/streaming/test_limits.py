"""Adaptive limits follow a machine that is not quite like those of the calibration, and never a fault."""

from __future__ import annotations

import numpy as np
import pytest

from core.streaming.limits import MOST_MACHINES, AdaptiveLimit, Limits
from core.streaming.rule import Rule


def usual(seed: int, n: int, scale: float = 1.0) -> np.ndarray:
    return scale * -np.log10(np.random.default_rng(seed).uniform(size=n))


def test_it_begins_where_the_calibration_does() -> None:
    assert AdaptiveLimit(1e-3, 1).push(np.zeros(1))[0] == pytest.approx(3, abs=0.35)


def test_it_follows_a_machine_that_is_livelier_than_the_calibration() -> None:
    """Every score half as large again: the fixed limit raises ten times what it promised."""
    surprise = usual(1, 60_000, 1.5)
    limits = AdaptiveLimit(1e-3, 1).push(surprise)
    late = slice(30_000, None)
    assert np.mean(surprise[late] > 3) > 0.008
    assert np.mean(surprise[late] > limits[late]) < 0.003


def test_a_fault_is_never_learned() -> None:
    limit = AdaptiveLimit(1e-3, 1)
    before = limit.push(usual(2, 5000))[-1]
    limit.push(np.full(20_000, 12.0))
    assert limit.push(np.zeros(1))[0] == pytest.approx(before, abs=0.3)


def test_the_cut_changes_nothing() -> None:
    surprise = usual(3, 3000, 1.2)
    parts = AdaptiveLimit(1e-2, 5)
    pieces = np.concatenate([parts.push(part) for part in np.split(surprise, [7, 900, 901])])
    assert np.array_equal(pieces, AdaptiveLimit(1e-2, 5).push(surprise))


def test_machines_keep_theirs_and_memory_does_not_grow() -> None:
    limits = Limits(Rule(threshold="fixed"), 2, 1)
    first = limits.of("a")
    assert limits.of("a") is first
    for index in range(MOST_MACHINES):
        limits.of(f"m{index}")
    assert limits.of("a") is not first
    assert isinstance(Limits(Rule(threshold="adaptive"), 1, 1).of("a")[0], AdaptiveLimit)
