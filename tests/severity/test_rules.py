"""When a rule about rust speaks up, and how sure it is."""

from __future__ import annotations

from core.severity.rules import alerts
from core.severity.types import Curve, Estimate


def _curve(*estimates: tuple[float, float, float]) -> Curve:
    hours = tuple(24.0 * day for day in range(len(estimates)))
    found = tuple(Estimate(*one) for one in estimates)
    return Curve("bolt", "colour", hours, tuple((one.value,) for one in found), found)


def test_the_limit_is_certain_only_where_the_whole_interval_is_above() -> None:
    curve = _curve((0.0, 0.0, 0.01), (0.05, 0.03, 0.09), (0.1, 0.085, 0.12))
    assert alerts(curve, 0, 0.08, None) == ()
    (maybe,), (surely,) = alerts(curve, 1, 0.08, None), alerts(curve, 2, 0.08, None)
    assert (maybe.rule, maybe.certain, surely.certain) == ("limit", False, True)
    assert maybe.sentence == "The rusted share may be above the limit of 8\u00a0%: 3 to 9\u00a0%."
    assert alerts(_curve((0.01, 0.0, 0.2)), 0, 0.08, None) == (), "a wide interval about a clean part"


def test_growth_is_that_since_the_time_before() -> None:
    curve = _curve((0.01, 0.005, 0.015), (0.03, 0.028, 0.032))
    (alert,) = alerts(curve, 1, 0.5, 0.01)
    assert (alert.rule, alert.certain) == ("rate", True)
    assert alert.sentence == "It grew by 2 points a day since the photographs before; the rule allows 1."
    assert alerts(curve, 0, 0.5, 0.01) == () and alerts(curve, 1, 0.5, 0.05) == ()
    assert not alerts(curve, 1, 0.5, 0.015)[0].certain
