"""The limits of each machine, kept from one of its units to the next."""

from __future__ import annotations

from collections import OrderedDict

from core.streaming.rule import FixedLimit, Limit, Rule

MOST_MACHINES = 256


class Limits:
    """``count`` limits for each machine: one for each detector, then the ensemble's."""

    def __init__(self, rule: Rule, count: int) -> None:
        self._rule, self._count = rule, count
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
        return FixedLimit(self._rule.limit)
