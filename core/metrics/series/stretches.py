"""Stretches of steps, and what counts as one alarm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]
Stretches = NDArray[np.int64]  # (k, 2), ascending and disjoint


def stretches(mask: ArrayLike) -> Stretches:
    """The unbroken runs of true steps of an (n,) mask."""
    edges = np.diff(np.asarray(mask, bool).astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges).reshape(-1, 2)


def as_mask(found: Stretches, n: int) -> Bools:
    """(n,) true inside the stretches."""
    edges = np.zeros(n + 1, np.int64)
    np.add.at(edges, found[:, 0], 1)
    np.add.at(edges, found[:, 1], -1)
    return np.cumsum(edges[:n]) > 0


def overlapping(these: Stretches, others: Stretches) -> Bools:
    """(k,) true for each of ``these`` that shares a step with one of ``others``."""
    return np.searchsorted(others[:, 0], these[:, 1], "left") > np.searchsorted(others[:, 1], these[:, 0], "right")


@dataclass(frozen=True, slots=True)
class Policy:
    """When steps above the threshold are an alarm, and when two alarms are one.

    An alarm is raised at the ``consecutive``-th step in a row above the threshold. Alarms with at most ``merge`` steps
    between them are one episode: 100, for Orion's intervals are padded by 50 steps on either side.
    """

    consecutive: int = 1
    merge: int = 100

    def __post_init__(self) -> None:
        if self.consecutive < 1 or self.merge < 0:
            raise ValueError("an alarm needs one step at least, and a gap has no negative length")

    def raised(self, flagged: ArrayLike) -> Bools:
        """(n,) true where the alarm is on: this step and the ``consecutive`` - 1 before it are flagged."""
        runs = stretches(flagged)
        runs[:, 0] += self.consecutive - 1
        return as_mask(runs[runs[:, 0] < runs[:, 1]], len(np.asarray(flagged)))

    def episodes(self, alarms: ArrayLike) -> Stretches:
        """Of (n,) steps with an alarm: from the first to the last of each episode."""
        runs = stretches(alarms)
        if not len(runs):
            return runs
        apart = runs[1:, 0] - runs[:-1, 1] > self.merge
        return np.stack([runs[np.append(True, apart), 0], runs[np.append(apart, True), 1]], axis=1)
