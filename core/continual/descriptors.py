"""From raw windows to the descriptors that learners see.

Band levels and pair covariances have exact inverses (``rendering.py``), so that the plant's densities are known *and*
its raw data can be drifted and looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Describe = Callable[[NDArray[np.float32]], NDArray[np.float32]]

FLOOR = 1e-12  # power under which a band is silent
SHRINKAGE = 1e-3  # of a covariance towards a multiple of the identity


def band_edges(length: int, bands: int) -> NDArray[np.int64]:
    """(bands + 1,) rising bins of a real spectrum, from 1 (0 is the mean) to below the Nyquist bin, evenly spread in
    the logarithm. ValueError where there are fewer bins than bands."""
    top = length // 2
    if top - 1 < bands:
        raise ValueError(f"{length} samples have fewer than {bands} bands")
    edges = np.unique(np.round(np.geomspace(1, top, bands + 1)).astype(np.int64))
    while len(edges) < bands + 1:  # the lowest bands are a bin wide; what rounding merged is split off the widest
        widest = int(np.argmax(np.diff(edges)))
        edges = np.insert(edges, widest + 1, (edges[widest] + edges[widest + 1]) // 2)
    return edges


def band_levels(waves: Array, bands: int) -> Array:
    """(n, L, c) windows to (n, c (1 + bands)): each signal's mean, then the log of its mean square in each band."""
    length = waves.shape[1]
    spectrum = np.fft.rfft(waves.astype(np.float64), axis=1)
    power = 2 * np.square(np.abs(spectrum[:, : length // 2])) / length**2  # one sided; (n, bins, c)
    edges = band_edges(length, bands)
    summed = np.add.reduceat(power, edges[:-1], axis=1)
    levels = np.log(summed + FLOOR)
    found = np.concatenate([waves.mean(axis=1, dtype=np.float64)[:, None], levels], axis=1)  # (n, 1 + bands, c)
    return found.transpose(0, 2, 1).reshape(len(waves), -1).astype(np.float32)


def pair_covariance(images: Array) -> Array:
    """(n, h, w, 3) images in 0 to 255 to (n, 6, 6): covariance of the colours, in units of 1/16 of the range, of two
    pixels side by side. It holds contrast, colour and sharpness."""
    n, height, width, channels = images.shape
    pairs = images.reshape(n, height * (width // 2), 2 * channels).astype(np.float64) / 16
    centred = pairs - pairs.mean(axis=1, keepdims=True)
    covariance = centred.transpose(0, 2, 1) @ centred / (pairs.shape[1] - 1)
    return np.asarray(covariance + FLOOR * np.eye(2 * channels), np.float32)


def feature_covariance(features: NDArray[np.float32], projection: NDArray[np.float32]) -> Array:
    """(n, P, C) patch features through a fixed projection (C, d) to (n, d, d) shrunk covariances."""
    projected = (features @ projection).astype(np.float64)
    centred = projected - projected.mean(axis=1, keepdims=True)
    covariance = centred.transpose(0, 2, 1) @ centred / (projected.shape[1] - 1)
    d = covariance.shape[-1]
    trace = np.trace(covariance, axis1=1, axis2=2)[:, None, None]
    return np.asarray((1 - SHRINKAGE) * covariance + (SHRINKAGE * trace / d + FLOOR) * np.eye(d), np.float32)


def event_counts(events: Array, states: int) -> Array:
    """(n, E, 2) windows of events (state, seconds in it) to (n, K, K + 1): transitions between different states, and
    in the last column the seconds in each state: the sufficient statistics of a Markov jump process.

    An event that follows one of the same state prolongs it.
    """
    n = len(events)
    state = events[..., 0].astype(np.int64)
    found = np.zeros((n, states, states + 1))
    rows = np.arange(n)[:, None]
    before, after = state[:, :-1], state[:, 1:]
    np.add.at(found, (np.broadcast_to(rows, before.shape), before, after), before != after)
    np.add.at(found[..., states], (np.broadcast_to(rows, state.shape), state), events[..., 1])
    return found.astype(np.float32)
