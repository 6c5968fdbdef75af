"""Telemanom's threshold against the published rule, tried by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.dynamic import dynamic_threshold


def _errors(n: int = 4000) -> np.ndarray:
    return np.abs(np.random.default_rng(7).normal(size=n))


def test_dynamic_threshold_finds_a_burst() -> None:
    errors = _errors()
    errors[3000:3060] += 15
    found = dynamic_threshold(errors, smoothing=0.005)
    assert found.alarms[3010:3060].all()
    assert not found.alarms[:2990].any() and not found.alarms[3130:].any()


def test_dynamic_threshold_of_quiet_errors() -> None:
    assert not dynamic_threshold(np.full(3000, 0.5)).alarms.any()
    assert not dynamic_threshold(np.zeros(10)).alarms.any()
    assert dynamic_threshold([]).alarms.shape == (0,)


def test_pruning_drops_what_hardly_stands_out() -> None:
    """Two bursts; the second is within 13 % of the highest normal error, the first is not."""
    errors = np.full(2000, 1.0)
    errors[::2] = 1.2
    errors[100:120], errors[900:910], errors[1500] = 9.0, 4.0, 3.7
    pruned, kept = (dynamic_threshold(errors, smoothing=0, prune=prune).alarms for prune in (0.13, 0.0))
    assert kept[100:120].all() and pruned[100:120].all()
    assert kept.sum() >= pruned.sum()
    assert dynamic_threshold(errors, smoothing=0, prune=0.99).alarms.sum() == 0


def test_dynamic_threshold_maximises_what_is_published() -> None:
    """Every z tried one by one on a single span, without the vectors."""
    errors = _errors(500)
    errors[200:215] += 8
    errors[400] += 3
    mean, sd = errors.mean(), errors.std()
    worth = {}
    for z in np.arange(2.5, 12, 0.5):
        limit = mean + z * sd
        above = errors > limit
        if above.any():
            runs = int(above[0]) + int((above[1:] & ~above[:-1]).sum())
            rest = errors[~above]
            worth[limit] = ((mean - rest.mean()) / mean + (sd - rest.std()) / sd) / (above.sum() + runs**2)
    expected = max(sorted(worth, reverse=True), key=worth.__getitem__)
    assert dynamic_threshold(errors, smoothing=0).thresholds[0] == pytest.approx(expected)


def test_dynamic_threshold_looks_back_only() -> None:
    errors = _errors(5000)
    errors[2500:2550] += 10
    whole, early = dynamic_threshold(errors), dynamic_threshold(errors[:2800])  # both are whole batches
    assert (whole.alarms[:2800] == early.alarms).all()
    assert np.allclose(whole.thresholds[:2800], early.thresholds)


def test_dynamic_threshold_refuses_what_is_no_error() -> None:
    with pytest.raises(ValueError, match="negative"):
        dynamic_threshold([-1.0])
    with pytest.raises(ValueError, match="batch"):
        dynamic_threshold([1.0], batch=0)
