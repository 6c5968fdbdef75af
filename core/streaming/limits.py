"""The limits of each machine, kept from one of its units to the next."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from core.metrics.adaptive import AdaptiveThreshold
from core.streaming.rule import FixedLimit, Limit, Rule

MOST_MACHINES = 256
WEIGHT = 5000  # steps that the calibration's promise counts for when a machine's own steps are learned
LEVEL = 0.98  # share of steps that are no peaks, at most


class AdaptiveLimit:
    """Streaming peaks over threshold on the calibrated axis, for one score of one machine.

    It begins where the calibration does: with ``WEIGHT`` steps just as surprising as normal steps should be, -log10 of
    evenly spread p-values in a fixed random order. The machine's own quiet steps then move it, its alarms never do.
    """

    def __init__(self, rate: float, gap: int) -> None:
        p = (np.arange(WEIGHT) + 0.5) / WEIGHT
        usual = -np.log10(np.random.default_rng(0).permutation(p))
        self._threshold = AdaptiveThreshold.fit(usual, rate=rate, level=min(LEVEL, 1 - 2 * rate), gap=gap)

    def push(self, surprise: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._threshold.push(surprise).thresholds


class Limits:
    """``count`` limits for each machine: one for each detector, then the ensemble's. ``context``: steps that the
    scores look back on; peaks closer together are one."""

    def __init__(self, rule: Rule, count: int, context: int) -> None:
        self._rule, self._count, self._context = rule, count, context
        self._machines: OrderedDict[str, list[Limit]] = OrderedDict()

    def of(self, machine: str) -> list[Limit]:
        """The machine's limits; of more than 256 machines the one that was silent longest begins anew."""
        if machine not in self._machines:
            self._machines[machine] = [self._new() for _ in range(self._count)]
            while len(self._machines) > MOST_MACHINES:
                self._machines.popitem(last=False)
        self._machines.move_to_end(machine)
        return self._machines[machine]

    def _new(self) -> Limit:
        if self._rule.threshold == "fixed":
            return FixedLimit(self._rule.limit)
        return AdaptiveLimit(self._rule.rate, self._context)
