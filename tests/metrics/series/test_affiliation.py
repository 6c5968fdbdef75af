"""Affiliation against the reference implementation and against plain integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.series.affiliation import affiliation
from tests.metrics.series.cases import WAVES, Stretch, mask, wave

# affiliation-metrics-py as shipped with TSB-AD 1.5, pr_from_events(alarms, events, (0, n)): precision, recall
REFERENCE = [
    (50, [(2, 3), (30, 35)], [(10, 20), (40, 41)], 0.1858333333333333, 0.34541666666666665),
    (40, [(10, 20)], [(10, 20)], 1.0, 1.0),
    (100, [(25, 60)], [(10, 20), (58, 70)], 0.3712919594067135, 0.6832965531736024),
    (100, [(0, 1)], [(90, 95)], 0.005, 0.01),
    (90, [(5, 6), (12, 13), (48, 90)], [(8, 15), (50, 52)], 0.6348403408186016, 0.9604395604395604),
]


@pytest.mark.parametrize(("n", "alarms", "events", "precision", "recall"), REFERENCE)
def test_agrees_with_the_reference(
    n: int, alarms: list[Stretch], events: list[Stretch], precision: float, recall: float
) -> None:
    found = affiliation(mask(n, *alarms), mask(n, *events))
    assert found is not None
    assert found.precision == pytest.approx(precision, abs=1e-12)
    assert found.recall == pytest.approx(recall, abs=1e-12)


@pytest.mark.parametrize(
    ("series", "f1"),
    list(zip(WAVES, [0.7187603531290212, 0.6788510569455933, 0.9360615982510094, 0.7226204338193615], strict=True)),
)
def test_f1_agrees_with_tsb_ad(series: tuple, f1: float) -> None:
    scores, labels = wave(*series)
    found = affiliation(scores > 1.5, labels)
    assert found is not None and found.f1 == pytest.approx(f1, abs=1e-12)


@given(st.integers(0, 200))
def test_agrees_with_plain_integration(seed: int) -> None:
    """Both figures by their definition: shares of uniform moments, on a grid."""
    rng = np.random.default_rng(seed)
    n = 30
    event, alarms = mask(n, (12, 17)), rng.random(n) < 0.2
    found = affiliation(alarms, event)
    assert found is not None
    fine = (np.arange(n * 20) + 0.5) / 20
    away = np.maximum(np.maximum(12 - fine, fine - 17), 0)
    flagged = alarms[fine.astype(int)]
    if not flagged.any():
        assert found == (None, 0.0, 0.0)
        return
    precision = np.mean([1.0 if d == 0 else np.mean(away > d) for d in away[flagged]])
    nearest = [
        np.abs(fine[flagged] - moment).min() if not flag else 0.0 for moment, flag in zip(fine, flagged, strict=True)
    ]
    inside = (fine > 12) & (fine < 17)
    recall = np.mean([np.mean(np.abs(fine - fine[i]) > nearest[i]) for i in np.flatnonzero(inside)])
    assert found.precision == pytest.approx(precision, abs=0.02)
    assert found.recall == pytest.approx(recall, abs=0.02)


def test_no_event_and_no_alarm() -> None:
    quiet = np.zeros(9, bool)
    assert affiliation(mask(9, (1, 3)), quiet) is None
    assert affiliation(quiet, mask(9, (1, 3))) == (None, 0.0, 0.0)


def test_chance_gets_more_than_half() -> None:
    rng = np.random.default_rng(1)
    found = affiliation(rng.random(20_000) < 0.01, mask(20_000, (3000, 3100), (12_000, 12_100)))
    assert found is not None and 0.5 < found.f1 < 0.8
