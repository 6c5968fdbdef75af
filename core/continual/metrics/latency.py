"""How long after the onset of a drift does a learner take to recover, and how much is lost meanwhile?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.continual.metrics.contract import BaseMetric, MetricValue
from core.continual.metrics.detection import Series, figure
from core.continual.types import RecordKind, StepRecord

BEFORE = 10  # looks before the onset whose median is what has to be reached again
SUSTAINED = 3  # looks in a row that must reach it
SHARE = 0.9  # of it


@dataclass(frozen=True)
class Recovery:
    """After one onset. ``steps`` until recovery, or the horizon where ``censored``: it took longer than anybody
    looked. ``never_dropped``: 0 steps, since no look fell below the target. ``area``: the integral over steps of the
    share of performance that was lost, until the horizon."""

    onset: int
    steps: float
    horizon: float
    censored: bool
    never_dropped: bool
    area: float
    before: float
    target: float


def recovery(
    steps: Sequence[int], values: Sequence[float], onset: int, usual: float | None = None
) -> Recovery | None:  # fmt: skip
    """From a series of looks (steps rising) at the drifted probe. Recovered: the first of ``SUSTAINED`` looks in a row
    at 90 % of what was usual before the onset. None where there were no looks before or after, or nothing to lose.

    The usual is a median, not the peak: the maximum of a noisy history would ask more of a noisy method. Another
    method's ``usual`` asks both for the same, where one had learned more than the other when the drift came.
    """
    at, a = np.asarray(steps, np.float64), np.asarray(values, np.float64)
    after = at >= onset
    before = a[~after][-BEFORE:]
    if not len(before) or not after.any():
        return None
    usual = float(np.median(before)) if usual is None else usual
    if not usual > 0:
        return None
    target, times, course = SHARE * usual, at[after], a[after]
    horizon = float(times[-1] - onset)
    reached = course >= target
    lost = np.maximum(0.0, 1 - course / usual)
    pace = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    area = float(lost.sum() * pace)
    if reached.all():
        return Recovery(onset, 0.0, horizon, False, True, area, usual, target)
    # A dip must have been seen before a recovery: looks of the first moments may not show the drift yet.
    first_miss = int(np.argmin(reached))
    for start in range(first_miss, len(reached) - SUSTAINED + 1):
        if reached[start : start + SUSTAINED].all():
            return Recovery(onset, float(times[start] - onset), horizon, False, False, area, usual, target)
    return Recovery(onset, horizon, horizon, True, False, area, usual, target)


class Dal(BaseMetric):
    """Drift adaptation latency: steps from the onset to a sustained recovery, restricted to the horizon, mean over the
    onsets. ``detail`` tells each recovery, how many are censored, and the mean area lost."""

    name, title, higher_is_better = "dal", "DAL, steps", False
    requires: ClassVar[frozenset[RecordKind]] = frozenset({"drifted"})

    def __init__(self, onsets: Sequence[int], series: Series = "caf1") -> None:
        self._onsets, self._series = tuple(onsets), series
        self.reset()

    def reset(self) -> None:
        self._looks: dict[int, list[StepRecord]] = {}

    def update(self, record: StepRecord) -> None:
        self._looks.setdefault(record.task, []).append(record)

    def compute(self) -> MetricValue:
        found = self.recoveries()
        if not found:
            why = "nothing was found before the drift, so nothing could be lost" if self._looked else "no drift came"
            return MetricValue(None, 0, why)
        censored = sum(one.censored for one in found)
        flat = sum(one.never_dropped for one in found)
        note = ", ".join(
            words
            for count, words in ((censored, f"{censored} of {len(found)} censored"), (flat, f"{flat} never dropped"))
            if count
        )
        detail = {
            "area_lost": float(np.mean([one.area for one in found])),
            "censored": censored,
            "never_dropped": flat,
            "recoveries": [vars(one) for one in found],
        }
        return MetricValue(float(np.mean([one.steps for one in found])), len(found), note, detail)

    @property
    def _looked(self) -> bool:
        """Whether a drift came while somebody looked."""
        spans = [(looks[0].step, looks[-1].step) for looks in self._looks.values()]
        return any(first <= onset <= last for first, last in spans for onset in self._onsets)

    def recoveries(self) -> list[Recovery]:
        """One for each onset that was looked at before and after."""
        found = []
        for looks in self._looks.values():
            valued = [(record.step, figure(record, self._series)) for record in looks]
            kept = [(step, value) for step, value in valued if value is not None]
            if not kept:
                continue
            steps, values = zip(*kept, strict=True)
            for onset in self._onsets:
                if steps[0] <= onset <= steps[-1]:
                    one = recovery(steps, values, onset)
                    found += [] if one is None else [one]
        return found
