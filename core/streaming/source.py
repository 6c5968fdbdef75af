"""Where a feed's readings come from: batches of consecutive steps of one unit, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Batch:
    """The next steps of a unit; (n,) ``time``, (n, D) ``readings``, NaN where nothing was measured, n >= 0.

    ``complete``: nothing more comes of the unit. ``failed``: its last step is the machine's failure. ``labels`` (n,) is
    what a replayed dataset says of its steps, for the eye alone, and None where nothing is known.
    """

    unit: str
    machine: str
    time: NDArray[np.float64]
    readings: NDArray[np.float32]
    complete: bool = False
    failed: bool = False
    labels: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.time)


@dataclass
class Tally:
    """What a source has seen and could not use as it came. Nothing is mended silently: the page shows these."""

    rows: int = 0
    torn: int = 0  # lines that cannot be rows: too few or too many cells, not JSON, cut off by a rotation
    words: int = 0  # cells that hold something other than a number; they count as not measured
    backwards: int = 0  # rows whose time is not later than the row's before
    restarts: int = 0  # the file was rotated or truncated
    lost: int = 0  # samples that came faster than they were taken
    said: str = ""  # the last oddity in words

    def to_json(self) -> dict[str, int | str]:
        return dict(vars(self))


class Source(Protocol):
    """A feed's origin, owned by one thread."""

    sensors: Sequence[str]
    tally: Tally

    def take(self, now: float, most: int) -> list[Batch]:
        """What has come since the last call, at most ``most`` steps; ``now`` is a steady clock's time in seconds."""

    @property
    def exhausted(self) -> bool:
        """Whether nothing more will ever come."""

    def behind(self, now: float) -> int:
        """Steps that are due and not taken yet, 0 where nobody can tell."""

    def set_speed(self, speed: float, now: float) -> None:
        """Steps per second relative to real time from now on: 0 waits, inf is as fast as can be. Sources of real
        readings only know 0 and otherwise."""

    def close(self) -> None:
        """Give files back."""


@dataclass
class Clockwork:
    """How many steps are due on a clock whose speed may change at any time.

    ``rate``: steps per second at speed 1.
    """

    rate: float
    speed: float = 0.0
    _since: float = field(default=0.0, init=False)
    _owed: float = field(default=0.0, init=False)

    def set_speed(self, speed: float, now: float) -> None:
        self._settle(now)
        self.speed = speed

    def due(self, now: float) -> float:
        """Steps due and not taken; inf at unlimited speed."""
        self._settle(now)
        return float("inf") if self.speed == float("inf") else self._owed

    def taken(self, steps: int) -> None:
        self._owed = max(self._owed - steps, 0.0)

    def _settle(self, now: float) -> None:
        if self.speed not in (0.0, float("inf")):
            self._owed += max(now - self._since, 0.0) * self.rate * self.speed
        self._since = now
