"""When a step is an alarm: which score decides, and above which limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Rule:
    """``rate``: the promised share of normal steps above the limit. ``decides``: ``ensemble`` or one detector.

    ``fixed``: the limit is -log10(rate), as the calibration on normal data promises. ``adaptive``: each machine's
    limits follow its own quiet steps. ``gap``: quiet steps that part two alarms. ``half_life`` of the health, in steps.
    """

    rate: float = 1e-3
    threshold: Literal["fixed", "adaptive"] = "fixed"
    decides: str = ENSEMBLE
    gap: int = 30
    half_life: int = 50

    @property
    def limit(self) -> float:
        """The fixed limit on the calibrated axis."""
        return -math.log10(self.rate)


class Limit(Protocol):
    """The limit of one score, which may follow it."""

    def push(self, surprise: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) surprises of the next steps to the (n,) limits that hold for them: none rests on its own step."""


@dataclass(frozen=True)
class FixedLimit:
    value: float

    def push(self, surprise: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(surprise), self.value)
