"""Raw data with prescribed descriptors: waves from band levels, pictures from covariances, events from rates.

``band_levels(wave(v))`` is v and ``pair_covariance(picture(C))`` is C, to rounding; what is random (phases, texture) is
what the descriptor does not hold.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.continual.descriptors import band_edges

GREY = 128.0


def waves(levels: NDArray[np.float64], length: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """(n, 1 + bands) of one signal to (n, length, 1): within a band, power is even and phases are random."""
    n, bands = len(levels), levels.shape[1] - 1
    edges = band_edges(length, bands)
    band = np.repeat(np.arange(bands), np.diff(edges))
    power = np.exp(levels[:, 1:])[:, band] / np.diff(edges)[band]
    turns = np.exp(2j * np.pi * generator.random((n, len(band))))
    spectrum = np.zeros((n, length // 2 + 1), np.complex128)
    spectrum[:, 0] = levels[:, 0] * length
    spectrum[:, edges[0] : edges[-1]] = np.sqrt(power / 2) * length * turns
    return np.fft.irfft(spectrum, length, axis=1)[..., None].astype(np.float32)


def pictures(
    covariances: NDArray[np.float64], side: int, scratched: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.float32]:
    """(n, 6, 6) to (n, side, side, 3) around mid grey: a soft texture, a bright line across those ``scratched``, mixed
    so that the covariance of neighbouring pixels is exactly the one asked for."""
    n = len(covariances)
    texture = generator.standard_normal((n, side, side, 3))
    for index in range(n):
        texture[index] = cv2.GaussianBlur(texture[index], (0, 0), 0.8)
        if scratched[index]:
            ends = generator.integers(0, side, 4)
            line = cv2.line(np.zeros((side, side)), ends[:2].tolist(), ends[2:].tolist(), 1.0, 1)
            texture[index] += 2.0 * line[..., None]
    pairs = texture.reshape(n, side * side // 2, 6)
    pairs = pairs - pairs.mean(axis=1, keepdims=True)
    now = pairs.transpose(0, 2, 1) @ pairs / (pairs.shape[1] - 1)
    white = np.linalg.inv(np.linalg.cholesky(now)).transpose(0, 2, 1)
    mixed = pairs @ white @ _root(covariances)
    return np.asarray((GREY + 16 * mixed).reshape(n, side, side, 3), np.float32)


def paths(
    generators: NDArray[np.float64], pace: NDArray[np.float64], events: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Jump paths (n, events, 2) of (state, seconds in it) of n processes with generators (n, K, K), their rates times
    ``pace`` (n,). They begin anywhere among the states that are visited (those that can be left)."""
    n, states = len(generators), generators.shape[1]
    exits = -np.einsum("nii->ni", generators)
    jumps = generators * (1 - np.eye(states))
    cumulative = np.cumsum(jumps / np.maximum(exits, 1e-300)[..., None], axis=2)
    live = np.cumsum(exits > 0, axis=1)
    found = np.empty((n, events, 2))
    state = np.argmax(live > (generator.random(n) * live[:, -1])[:, None], axis=1)
    rows = np.arange(n)
    holds = generator.exponential(size=(n, events))
    draws = generator.random((n, events))
    for step in range(events):
        found[:, step, 0] = state
        found[:, step, 1] = holds[:, step] / (exits[rows, state] * pace)
        state = np.argmax(cumulative[rows, state] > draws[:, step, None], axis=1)
    return found.astype(np.float32)


def _root(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root, so that a channel stays recognisable."""
    values, vectors = np.linalg.eigh(covariances)
    return np.asarray((vectors * np.sqrt(values)[:, None, :]) @ vectors.transpose(0, 2, 1))
