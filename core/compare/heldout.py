"""What a limit means for each category that a model is calibrated by: its place in the detector's units, and how many
of the category's held-out good images lie above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.detectors.calibration import Calibration
from core.metrics.intervals import Interval, wilson


@dataclass(frozen=True)
class HeldOut:
    """``n`` held-out good images of a category, of which a share ``rate`` lies above ``limit``, a score of the detector
    itself, with Wilson's 95 % interval. Not ``own``: too few for a line of their own, held to what all together are."""

    category: str
    n: int
    own: bool
    limit: float
    rate: float
    ci95: Interval

    def to_json(self) -> dict[str, Any]:
        """By the names of ``evaluate --json``."""
        return {
            "n": self.n,
            "own": self.own,
            "limit": self.limit,
            "held_out_rate": self.rate,
            "held_out_ci95": self.ci95,
        }


def held_out(calibration: Calibration, threshold: float) -> list[HeldOut]:
    """By name, at a threshold on the common axis. Empty where all categories are calibrated together."""
    if calibration.categories is None:
        return []
    axis, found = calibration.categories.scores, []
    for name, own in sorted(axis.categories.items()):
        above = int(np.sum(own.scores > threshold))
        ends = wilson(above, own.n) or (0.0, 1.0)
        found.append(HeldOut(name, own.n, own.line is not None, axis.back(threshold, name), above / own.n, ends))
    return found


def strangers(calibration: Calibration, categories: Iterable[str]) -> list[str]:
    """The categories, by name, that a model calibrated by category is not calibrated for."""
    return sorted(set(categories) - set(calibration.known)) if calibration.known else []
