"""Who noticed a drift, when, and at what false-alarm cost: one trial, with the drift and without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.drift.blocks import Floats
from core.drift.detectors import DETECTORS
from core.drift.state import ViewName


@dataclass(frozen=True)
class Noticed:
    """One detector of drift on one view. ``after``: steps from the onset to the end of the block that gave it away,
    None where it never spoke; ``alarms``: how often it spoke without the drift in ``steps`` steps, each time anew;
    ``at`` and ``false_at``: the steps at which it spoke, with and without the drift."""

    view: ViewName
    detector: str
    after: int | None
    alarms: int
    steps: int
    at: tuple[int, ...]
    false_at: tuple[int, ...]


def noticed(
    view: ViewName, usual: Floats, clean: Floats, changed: Floats, ends: NDArray[np.int64], onset: int
) -> list[Noticed]:
    """Every detector of drift on the columns of one view: (r, c) ``usual`` blocks, (n, c) blocks without and with the
    drift, which end at the steps ``ends`` (n,)."""
    found = []
    for name in DETECTORS:
        false_at, at = (tuple(ends[_speaks(name, usual, side)].tolist()) for side in (clean, changed))
        after = next((int(end) - onset for end in at if end > onset), None)
        found.append(Noticed(view, name, after, len(false_at), int(ends[-1]), at, false_at))
    return found


def quickest_first(found: list[Noticed]) -> list[Noticed]:
    """Those that noticed before those that did not, the quicker and quieter first."""
    return sorted(found, key=lambda one: (one.after is None, one.after or 0, one.alarms))


def _speaks(name: str, usual: Floats, rows: Floats) -> NDArray[np.int64]:
    """The blocks with which a detector begins to tell of drift: one that goes on rejecting has spoken once."""
    detector = DETECTORS[name](usual)
    drift = np.array([detector.push(row).drift for row in rows], bool)
    return np.flatnonzero(drift & ~np.concatenate([[False], drift[:-1]]))
