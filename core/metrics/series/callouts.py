"""Call-outs: how often alarms send somebody to the machine, and how often for nothing.

Steps are not what people pay for: an alarm that stays on for an hour is looked at once. After an alarm the machine is
looked at for ``hold`` steps, and what alarms in them is the same call-out; the next alarm is another. So an alarm that
never ends is paid for again and again, which it is not where episodes of alarms are counted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

HOLD = 100  # steps; as many as two alarms may lie apart and be one (``stretches.Policy.merge``)


class CallOuts(NamedTuple):
    """``right``: an alarmed step of the call-out is anomalous; ``false``: none is."""

    right: int
    false: int


def call_outs(steps: ArrayLike, anomalous: ArrayLike, hold: int = HOLD) -> CallOuts:
    """Call-outs of the (k,) alarmed ``steps``, ascending, of which ``anomalous`` (k,) are labelled so. Recordings one
    after the other do not share a call-out where their steps lie at least ``hold`` apart."""
    alarmed, truth = np.asarray(steps, np.int64), np.asarray(anomalous, bool)
    if alarmed.ndim != 1 or alarmed.shape != truth.shape or hold < 1:
        raise ValueError(f"steps {alarmed.shape} and labels {truth.shape} must match, and a call-out lasts a step")
    starts, at = [], 0
    while at < len(alarmed):
        starts.append(at)
        at = int(np.searchsorted(alarmed, alarmed[at] + hold, "left"))
    if not starts:
        return CallOuts(0, 0)
    right = int(np.logical_or.reduceat(truth, starts).sum())
    return CallOuts(right, len(starts) - right)
