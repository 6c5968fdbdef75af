"""Since when sensors stray, told so that a load step that all of them answer to is no onset.

The change is looked for in what a sensor reads less what the others let expect (ridge regression on normal running),
where the culprits of the stretch do not vouch for one another, nor does who is so far off that the regression knows
nothing of it: when the plant asks for more, everything moves and nothing strays. Only where that shows nothing, and
the readings themselves have left what is usual, all have strayed together, as an engine's do that wears, and the
reading's own change is told.

It is looked for near the stretch first. A change at the edge of what was looked at may have begun before it, so twice
as much is looked at then: a slow drift is often older than the steps that a detector needs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.explain.onset import Course, Manner, Onset, onset
from core.explain.reference import CLIP, Reference
from core.explain.stretch import Stretch, filled

LEVEL: tuple[Manner, ...] = ("jumped", "drifted", "was off before")  # what is told of a level, not of a sensor's life
MOST_BACK = 4096  # steps before the stretch that are looked at, at most
EDGE = 0.25  # of the steps before the stretch: a change within them may be older
UNUSUAL = 2.0  # usual spreads: one normal reading in twenty is further off


def onsets(
    stretch: Stretch, unit: SeriesUnit, reference: Reference, sensors: Sequence[int], culprits: Collection[int]
) -> dict[int, Onset | None]:
    """When each of ``sensors`` began to stray on its way into the stretch of ``unit``; None where none of its changes
    lasts. ``culprits`` are what explains the stretch's score."""
    back = max(min(stretch.start, MOST_BACK), stretch.lead)
    scaled = stretch.member.scaler.apply(unit.values[stretch.start - back : stretch.start + stretch.n])
    known = filled(scaled)
    wild = np.flatnonzero((np.abs(known[back:]) > CLIP).any(axis=0)).tolist()
    found: dict[int, Onset | None] = {}
    for sensor in sensors:
        readings = scaled[:, sensor].astype(np.float64)
        suspects = sorted({sensor, *culprits, *wild})
        if len(suspects) == stretch.width:
            told = traced(readings, readings, stretch.lead, back)
        else:
            beside = readings - reference.expected_without(known, suspects)[:, suspects.index(sensor)]
            told = traced(readings, beside, stretch.lead, back)
            if told is not None:
                told = replace(told, apart=told.manner in LEVEL)
            elif _unusual(known[back:, sensor]):
                told = _large(traced(readings, readings, stretch.lead, back))
        found[sensor] = None if told is None else replace(told, step=told.step + stretch.start - back)
    return found


def traced(readings: Course, beside: Course, lead: int, back: int) -> Onset | None:
    """The change, from the first of ``back`` steps before the stretch; ``lead`` of them are looked at first."""
    while True:
        part = slice(back - lead, None)
        told = onset(readings[part], beside[part], lead)
        if told is None or lead == back or not _at_the_edge(told, lead):
            return None if told is None else replace(told, step=told.step + back - lead)
        lead = min(2 * lead, back)


def _at_the_edge(told: Onset, lead: int) -> bool:
    return told.manner in LEVEL and told.step < EDGE * lead


def _unusual(inside: NDArray[np.float32]) -> bool:
    """Whether the stretch ends where readings are not usual."""
    return abs(float(np.median(inside[len(inside) // 2 :]))) > UNUSUAL


def _large(told: Onset | None) -> Onset | None:
    """None for a move of the level that is as small as those of a load may be."""
    return None if told is not None and told.manner in LEVEL and abs(told.size) < UNUSUAL else told
