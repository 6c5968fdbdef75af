"""Windows to learn from, and held-out stretches of the same normals to judge the learning by.

Neighbouring windows share nearly all their steps, so windows drawn at random would be no test: whole pieces of time are
held out, and no window to learn from touches one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.detectors.series.windows import Fill
from core.errors import UserError

EVERY = 8  # one piece in so many is held out
MOST_PIECES = 16  # that the normals are cut into, where they are short…
LONGEST_PIECE = 16  # …and the longest piece, in windows, where they are long

Starts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Samples:
    """``values`` is (N, d), all stretches one after the other, holes filled; ``measured`` (N, d) says what was read,
    None where all of it was. ``learn`` and ``check`` are first rows of windows of ``length`` steps; ``held_out`` are
    the pieces (n, d) that the latter lie in, holes left as NaN."""

    values: Signal
    measured: NDArray[np.bool_] | None
    length: int
    learn: Starts
    check: Starts
    held_out: tuple[Signal, ...]

    def windows(self, starts: Starts) -> tuple[Signal, NDArray[np.bool_] | None]:
        """(b, length, d) windows from the rows ``starts``, and what of them was measured."""
        rows = starts[:, None] + np.arange(self.length)
        return self.values[rows], None if self.measured is None else self.measured[rows]


def split(normals: Sequence[Signal], length: int, seed: int) -> Samples:
    """Hold out every eighth piece of time. UserError where the normals are too short for windows on both sides."""
    steps = sum(len(one) for one in normals)
    # Two windows long, or where that leaves nothing to learn from a third of the longest stretch.
    shortest = min(2 * length, max(length, max((len(one) for one in normals), default=0) // 3))
    piece = int(np.clip(steps // MOST_PIECES, shortest, LONGEST_PIECE * length))
    edges = [np.linspace(0, len(one), max(1, len(one) // piece) + 1).astype(int) for one in normals]
    offsets = np.cumsum([0, *(len(one) for one in normals)])
    pieces = [
        (offset + start, offset + stop)
        for offset, inner in zip(offsets, edges, strict=False)
        for start, stop in pairwise(inner)
    ]
    first = int(np.random.default_rng(seed).integers(min(EVERY, max(len(pieces), 1))))
    held = [span for span in pieces[first::EVERY] if span[1] - span[0] >= length]
    free = np.ones(steps, bool)
    for start, stop in held:
        free[start:stop] = False
    learn = [
        np.arange(offset + run[0], offset + run[1] - length + 1)
        for offset, one in zip(offsets, normals, strict=False)
        for run in _runs(free[offset : offset + len(one)])
    ]
    starts = np.concatenate([*learn, np.empty(0, np.int64)]).astype(np.int64)
    if not held or not len(starts):
        raise UserError(
            f"{steps} normal steps are too few for windows of {length} steps",
            "some are held out to see when to stop learning",
            f"Give at least {3 * length} steps in a row, or choose a shorter window",
        )
    joined = np.concatenate(normals)
    known = np.isfinite(joined)
    filled = np.concatenate([Fill(one.shape[1], length).push(one)[0] for one in normals])
    check = np.concatenate([np.arange(start, stop - length + 1) for start, stop in held])
    return Samples(
        filled,
        None if known.all() else known,
        length,
        starts,
        check,
        tuple(joined[start:stop] for start, stop in held),
    )


def _runs(free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(k, 2) first and last-plus-one steps of the true runs."""
    return np.flatnonzero(np.diff(free.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
