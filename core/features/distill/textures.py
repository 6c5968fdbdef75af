"""Procedural textures: surfaces that photographs of daily life rarely show, drawn from a generator of random numbers.

Grain with a power spectrum 1 / f^a, brushed along one direction; woven or ruled gratings; cells around random points
(Worley, SIGGRAPH 1996). Two are mixed, tinted, and sometimes marked with a few strokes and spots, so that the network
also sees what a flaw on such a surface looks like.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def texture(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """One picture, RGB (size, size, 3)."""
    kinds = (_grain, _grating, _cells)
    first, second = (kinds[i](rng, size) for i in rng.integers(len(kinds), size=2))
    share = rng.uniform(0.0, 0.6)
    field = (1 - share) * first + share * second
    if rng.random() < 0.5:
        field = field + _marks(rng, size)
    field = (field - field.mean()) / (field.std() + 1e-6)
    base, tint = rng.uniform(50, 205, 3), rng.uniform(8, 50)
    if rng.random() < 0.5:
        base[:] = base[0]  # metals and cast surfaces are grey
    colour = base + tint * field[:, :, None] * rng.uniform(0.6, 1.0, 3)
    return np.asarray(np.clip(colour, 0, 255), np.uint8)


def _grain(rng: np.random.Generator, size: int) -> Field:
    """Noise with spectrum 1 / f^a, stretched along a random direction as brushed or rolled metal is."""
    frequency_x, frequency_y = np.fft.rfftfreq(size)[None, :], np.fft.fftfreq(size)[:, None]
    turn, stretch = rng.uniform(0, np.pi), np.exp(rng.uniform(0, 2.5))
    along = frequency_x * np.cos(turn) + frequency_y * np.sin(turn)
    across = frequency_y * np.cos(turn) - frequency_x * np.sin(turn)
    radius = np.hypot(along * stretch, across) + 1 / size
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * radius ** -rng.uniform(0.5, 2.0)
    return _standard(np.fft.irfft2(spectrum, (size, size)))


def _grating(rng: np.random.Generator, size: int) -> Field:
    """One ruling, or two crossing ones as in a weave, bent a little by slow noise."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    bend = cv2.resize(rng.standard_normal((4, 4)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    turn, field = rng.uniform(0, np.pi), np.zeros((size, size), np.float32)
    for quarter in range(int(rng.integers(1, 3))):
        period, angle = rng.uniform(4, 40), turn + quarter * np.pi / 2
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period + bend)
        field += np.tanh(wave * rng.uniform(0.5, 4)).astype(np.float32)
    return _standard(field)


def _cells(rng: np.random.Generator, size: int) -> Field:
    """Distance to the nearest of random points, as in leather, castings and foams."""
    seeds = np.full((size, size), 255, np.uint8)
    rows, columns = rng.integers(size, size=(2, int(rng.integers(20, 500))))
    seeds[rows, columns] = 0
    distance = cv2.distanceTransform(seeds, cv2.DIST_L2, 3)
    return _standard(np.minimum(distance, rng.uniform(4, 40)))


def _marks(rng: np.random.Generator, size: int) -> Field:
    """A few thin strokes and spots, light or dark."""
    field = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        (x, y), level = rng.integers(size, size=2).tolist(), float(rng.choice((-1, 1)) * rng.uniform(1, 4))
        if rng.random() < 0.5:
            angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.7) * size
            end = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
            cv2.line(field, (x, y), end, level, int(rng.integers(1, 4)), cv2.LINE_AA)
        else:
            cv2.circle(field, (x, y), int(rng.integers(1, max(2, size // 12))), level, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(field, (0, 0), float(rng.uniform(0.4, 2.0))).astype(np.float32)


def _standard(field: NDArray[np.floating]) -> Field:
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)
