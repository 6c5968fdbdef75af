"""Drifts of event logs, on windows (b, E, 2) of events (state, seconds spent in it) with amounts (b,)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.drift.scenarios.surroundings import Surroundings

Events = NDArray[np.float32]
Amount = NDArray[np.float64]

NEW_SHARE = 0.25  # of the events, at magnitude 1
RENAMED = 1  # the state whose template changes: 0 is the most frequent one, which would leave little


def rate(values: Events, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Events:
    """Everything happens 2^a times as fast."""
    changed = values.copy()
    changed[..., 1] /= np.exp2(amount)[:, None]
    return changed


def new(values: Events, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Events:
    """Events of a kind never seen take the place of others, each with a chance of 0.25 a."""
    hit = generator.random(values.shape[:2]) < NEW_SHARE * np.abs(amount)[:, None]
    return _unknown(values, hit, surroundings)


def renamed(values: Events, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Events:
    """A software update rewords one template: each of its events is no longer recognised with chance a."""
    hit = (values[..., 0] == RENAMED) & (generator.random(values.shape[:2]) < np.abs(amount)[:, None])
    return _unknown(values, hit, surroundings)


def _unknown(values: Events, hit: NDArray[np.bool_], surroundings: Surroundings) -> Events:
    if surroundings.states is None:
        raise ValueError("the number of states is needed")
    changed = values.copy()
    changed[..., 0][hit] = surroundings.states - 1
    return changed
