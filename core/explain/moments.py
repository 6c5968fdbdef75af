"""Which moments: how much of the score comes from each step, and from each sensor at each step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

PIECES = 16  # that a window is cut into, at most


@dataclass(frozen=True, eq=False)
class Moments:
    """``edges`` (p + 1,) are steps of the unit; ``fall`` (p,) is by how much the score of the highest window falls
    when all sensors read as expected in the piece between two of them."""

    edges: NDArray[np.int64]
    fall: NDArray[np.float64]


def moments(stretch: Stretch, reference: Reference) -> Moments:
    """Of the window that ends in the highest step: replace one piece of its time after the other by what is usual."""
    window = filled(stretch.windows[stretch.peak : stretch.peak + 1])[0]
    t = len(window)
    edges = np.unique(np.linspace(0, t, min(PIECES, t) + 1).round().astype(np.int64))
    usual = np.broadcast_to(reference.mean, window.shape).astype(np.float32)
    copies = np.repeat(window[None], len(edges) - 1, axis=0)
    for index, (a, b) in enumerate(pairwise(edges)):
        copies[index, a:b] = usual[a:b]
    scores = stretch.member.detector.score_windows(np.concatenate([window[None], copies]))
    last = stretch.start + int(stretch.probed[stretch.peak])
    return Moments(edges + last - t + 1, np.asarray(scores[0] - scores[1:], np.float64))
