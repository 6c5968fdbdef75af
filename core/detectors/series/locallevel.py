"""The local level model of a sensor: a level that wanders, seen through noise (Harvey 1989), and its moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.detectors.series.statespace import Array, Systems

LEAST_SHARE = 1e-3  # of the differences' variance: neither noise nor level is taken for less
UNKNOWN = 1e6  # variance of the level before the first reading


def level_moments(stretches: Sequence[Array]) -> Array:
    """Variances of the noise and of the level's steps, from the differences of stretches (n,), n >= 3, that move:
    var = 2 noise + level, first autocovariance = -noise. Neither below a thousandth of the differences' variance."""
    steps = [np.diff(one) for one in stretches]
    variance = float(np.mean(np.concatenate(steps) ** 2))
    noise = -float(np.mean(np.concatenate([one[1:] * one[:-1] for one in steps])))
    noise = min(max(noise, LEAST_SHARE * variance), (1 - LEAST_SHARE) / 2 * variance)
    return np.array([noise, variance - 2 * noise])


def level_systems(noise: Array, level: Array) -> Systems:
    """One local level model for each entry of ``noise`` and ``level`` (s,), nothing known of where it begins."""
    ones, zeros = np.ones((len(noise), 1)), np.zeros((len(noise), 1))
    return Systems(
        z=ones,
        t=ones[:, :, None],
        q=level[:, None, None],
        h=noise,
        offset=np.zeros(len(noise)),
        a0=zeros,
        p0=UNKNOWN * ones[:, :, None],
    )
