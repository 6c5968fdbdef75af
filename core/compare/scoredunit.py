"""One recording with what a detector said about it: what every evaluation over time takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import Event
from core.metrics.series.figures import LabelledSeries
from core.metrics.series.stretches import Bools, Policy, as_mask

Floats = NDArray[np.float64]

TOGETHER = "all machines"  # the name of machines that are judged as one


@dataclass(frozen=True, eq=False)
class ScoredUnit:
    """``scores`` (n,) finite; ``threshold`` one for all steps or (n,), an alarm is strictly above it; ``parts`` and
    ``abs_z`` (n, d), each sensor's share of the score and its distance from usual in standard deviations; the events'
    ``sensors`` are columns of these. ``events`` of None: nobody said what is normal. ``healthy``, ``failed``: see
    ``SeriesUnit``. No alarm is raised in the first ``warmup`` steps.
    """

    name: str
    machine: str
    scores: Floats
    threshold: float | Floats
    events: tuple[Event, ...] | None = None
    parts: NDArray[np.float32] | None = None
    abs_z: NDArray[np.float32] | None = None
    healthy: int | None = None
    failed: bool = False
    time: Floats | None = None
    warmup: int = 0

    @cached_property
    def labels(self) -> Bools | None:
        """(n,) true where anomalous, None where nobody said."""
        if self.events is None:
            return None
        return as_mask(self.events_at(), len(self.scores))

    def alarms(self, policy: Policy) -> Bools:
        """(n,) steps with an alarm."""
        return policy.raised((self.scores > self.threshold) & (np.arange(len(self.scores)) >= self.warmup))

    def events_at(self) -> NDArray[np.int64]:
        """(k, 2) start and stop of each event, as labelled: events that touch stay two."""
        return np.array([(event.start, event.stop) for event in self.events or ()], np.int64).reshape(-1, 2)


def by_machine(units: Sequence[ScoredUnit]) -> dict[str, list[ScoredUnit]]:
    """The labelled units of each machine."""
    found: dict[str, list[ScoredUnit]] = {}
    for unit in units:
        if unit.events is not None:
            found.setdefault(unit.machine, []).append(unit)
    return found


def joined(units: Sequence[ScoredUnit], policy: Policy) -> LabelledSeries:
    """Labelled units one after the other."""
    labels = [unit.labels for unit in units if unit.labels is not None]
    alarms = [unit.alarms(policy) for unit in units]
    return LabelledSeries(
        np.concatenate([unit.scores for unit in units]), np.concatenate(alarms), np.concatenate(labels)
    )
