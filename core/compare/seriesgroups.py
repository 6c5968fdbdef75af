"""Recall by kind and length of an event and by machine: where each contestant is blind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.compare.groups import GroupRecall, group_recall
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.seriesfigures import events_found
from core.datasets.series import SeriesSet
from core.detectors.series.calibration import RATE, Mode

LENGTHS = (1, 10, 100, 1000)  # steps from which on an event is of the next group
UNNAMED = "unnamed"


def event_kinds(side: SeriesSideBySide, data: SeriesSet) -> tuple[str, ...]:
    """What the dataset calls each of ``side.events``: the event that shares most time with it, ``unnamed`` where it has
    no name. Runs over frames of a raw signal have other steps than the data, but the same time."""
    found = []
    for unit, start, stop in side.events:
        own = data.by_name[unit.name]
        first, last = (float(side.time[unit.start + at]) for at in (start, stop - 1))
        shared = [
            (min(last, float(own.time[event.stop - 1])) - max(first, float(own.time[event.start])), event.kind)
            for event in own.events or ()
        ]
        found.append(max(shared, key=lambda one: one[0], default=(0.0, None))[1] or UNNAMED)
    return tuple(found)


def recall_by_kind(
    side: SeriesSideBySide, kinds: Sequence[str], mode: Mode = "settled", rate: float = RATE
) -> list[GroupRecall]:
    """By the events' ``kinds``, alphabetically; empty where none has a name."""
    return [] if set(kinds) <= {UNNAMED} else _groups(side, kinds, mode, rate)


def recall_by_machine(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> list[GroupRecall]:
    """By machine, alphabetically; empty with one."""
    machines = [unit.machine for unit, _, _ in side.events]
    return [] if len(set(machines)) < 2 else _groups(side, machines, mode, rate)


def recall_by_length(side: SeriesSideBySide, mode: Mode = "settled", rate: float = RATE) -> list[GroupRecall]:
    """By the number of steps, from short to long; groups without an event are left out."""
    bins = np.digitize([stop - start for _, start, stop in side.events], LENGTHS) - 1
    names = [f"{low:,} to {high - 1:,} steps" for low, high in pairwise(LENGTHS)] + [f"{LENGTHS[-1]:,} steps and more"]
    found = events_found(side, mode, rate)
    return [group_recall(name, bins == place, found) for place, name in enumerate(names) if (bins == place).any()]


def _groups(side: SeriesSideBySide, names: Sequence[str], mode: Mode, rate: float) -> list[GroupRecall]:
    own, found = np.array(names), events_found(side, mode, rate)
    return [group_recall(name, own == name, found) for name in sorted(set(names))]
