"""Call-outs counted by hand."""

from __future__ import annotations

import pytest

from core.metrics.series.callouts import CallOuts, call_outs


def test_what_alarms_while_somebody_looks_is_the_same_call_out():
    # 0 to 9, 12 to 21, 40 to 49 with a hold of ten; the second holds an anomalous step.
    assert call_outs([0, 3, 9, 12, 20, 40], [0, 0, 0, 0, 1, 0], hold=10) == CallOuts(right=1, false=2)
    assert call_outs([0, 9, 10], [0, 0, 0], hold=10) == CallOuts(0, 2)
    assert call_outs([], [], hold=10) == CallOuts(0, 0)


def test_an_alarm_without_end_is_paid_for_again_and_again():
    steps = range(1000)
    assert call_outs(steps, [False] * 1000) == CallOuts(0, 10)
    # An anomaly of fifty steps makes one of them right.
    assert call_outs(steps, [300 <= step < 350 for step in steps]) == CallOuts(1, 9)


def test_what_does_not_match_is_refused():
    with pytest.raises(ValueError, match="must match"):
        call_outs([1, 2], [True])
    with pytest.raises(ValueError, match="lasts a step"):
        call_outs([1], [True], hold=0)
