"""Status: rust is seen, steady parts raise fewer false alarms than promised, and doubt is called doubt."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from core.severity import scale
from core.severity.curves import curve
from core.severity.status import rise, status
from core.severity.types import Curve


def _curve(values: list[list[float]]) -> Curve:
    found = curve("a", "colour", {i * 24.0: views for i, views in enumerate(values)})
    assert found is not None
    return found


def _status(values: list[list[float]]) -> str:
    known = _curve(values)
    return status(known, rise(known))


def test_plain_growth_is_rusting() -> None:
    assert _status([[0.0, 0.001], [0.03, 0.04], [0.1, 0.09], [0.15, 0.17]]) == "rusting"
    assert _status([[0.0], [0.05], [0.2], [0.19]]) == "rusting"


def test_a_slow_steady_climb_is_rusting() -> None:
    slow = [0.0, 0.0015, 0.006, 0.012, 0.022, 0.034, 0.049]
    assert _status([[value, value * 1.04] for value in slow]) == "rusting"


def test_a_late_start_is_rusting() -> None:
    assert _status([[0.0, 0.0]] * 5 + [[0.08, 0.1]]) == "rusting"


def test_nothing_is_stable() -> None:
    assert _status([[0.0, 0.0]] * 4) == "stable"


def test_noise_that_could_hide_a_rise_is_uncertain() -> None:
    assert _status([[0.10], [0.03], [0.12], [0.05]]) == "uncertain"


def test_one_time_and_a_part_covered_from_the_start_are_uncertain() -> None:
    assert _status([[0.1, 0.2]]) == "uncertain"
    assert _status([[0.97], [0.98], [1.0]]) == "uncertain"


def test_a_rise_that_does_not_matter_is_not_called_rust() -> None:
    assert _status([[0.0] * 3, [0.001] * 3, [0.002] * 3, [0.003] * 3]) != "rusting"


@pytest.mark.parametrize("level", [0.0, 0.1])
@pytest.mark.parametrize("noise", [0.5, 3.0])
def test_steady_parts_raise_few_false_alarms(level: float, noise: float) -> None:
    """Views of one time share half of their noise; its strength is half the prior's, and three times."""
    rng, raised, n = np.random.default_rng(0), 0, 100
    sd = noise * scale.PRIOR_SD / np.sqrt(2)
    for number in range(n):
        k, views = 3 + number % 5, 1 + number % 3
        even = scale.to_even(level) + sd * (rng.standard_normal((k, 1)) + rng.standard_normal((k, views)))
        raised += _status(scale.to_share(np.maximum(even, 0)).tolist()) == "rusting"
    assert raised / n < 0.05


def test_hundreds_of_views_fit_into_memory() -> None:
    rng = np.random.default_rng(0)
    views = (0.001 * rng.random((4, 75)) + 0.02 * np.arange(4)[:, None]).tolist()
    tracemalloc.start()
    state = _status(views)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert state == "rusting" and peak < 200e6
