"""Blame read off the scores themselves: the detector's own parts, and how far the readings are from usual."""

from __future__ import annotations

import time

import numpy as np

from core.explain.ranking import Ranking
from core.explain.stretch import Stretch

LIMIT = 1e6  # usual spreads: a reading beyond is as bad as one there


def largest(stretch: Stretch) -> Ranking:
    """Each sensor's largest part in the score of any step of the stretch (event-max): finds whoever flared up once."""
    started = time.perf_counter()
    blame = stretch.scores.parts.max(axis=0).astype(np.float64)
    return Ranking("contribution", blame, "largest part in a step's score", time.perf_counter() - started)


def average(stretch: Stretch) -> Ranking:
    """Each sensor's mean part over the stretch (event-mean): steadier, finds whoever was off all the time."""
    started = time.perf_counter()
    blame = stretch.scores.parts.mean(axis=0, dtype=np.float64)
    return Ranking("contribution (mean)", blame, "mean part in the steps' scores", time.perf_counter() - started)


def distance(stretch: Stretch) -> Ranking:
    """The plain baseline: each sensor's largest distance from its usual value, in usual spreads. Knows no model; a
    sensor without a reading in the stretch gets 0."""
    started = time.perf_counter()
    size = np.minimum(np.abs(np.nan_to_num(stretch.inside, nan=0.0)), LIMIT)
    return Ranking("|z|", size.max(axis=0).astype(np.float64), "usual spreads", time.perf_counter() - started)
