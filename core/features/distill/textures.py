"""Procedural textures: surfaces that photographs of daily life rarely show, drawn from a generator of random numbers.

Networks learn transferable features from drawn images alone (Baradad et al., Learning to See by Looking at Noise,
NeurIPS 2021, arXiv:2106.05963), here they add what industry looks at. Five kinds of fields: grain with a power
spectrum 1 / f^a, stretched as in brushed metal; ruled gratings; plain weave; cells around random points (Worley,
SIGGRAPH 1996); dead leaves, discs that cover each other (Lee, Mumford & Huang, IJCV 2001). Two are mixed, bent, tinted,
lit from one side, and sometimes marked with a few strokes and spots, so that the network also sees what a flaw on such
a surface looks like.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def texture(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """One picture, RGB (size, size, 3)."""
    kinds = (_grain, _grating, _weave, _cells, _leaves)
    first, second = (kinds[i](rng, size) for i in rng.integers(len(kinds), size=2))
    share = rng.uniform(0.0, 0.6)
    field = (1 - share) * first + share * second
    if rng.random() < 0.5:
        field = _bent(field, rng)
    if rng.random() < 0.5:
        field = field + _marks(rng, size)
    field = _standard(field) + _light(rng, size)
    # Faint surfaces are as common as strong ones: the contrast is even in its logarithm.
    base, tint = rng.uniform(40, 215, 3), np.exp(rng.uniform(np.log(4), np.log(60)))
    if rng.random() < 0.6:
        base[:] = base[0]  # metals and cast surfaces are grey
    colour = base + tint * field[:, :, None] * rng.uniform(0.7, 1.0, 3)
    colour += rng.standard_normal((size, size, 1)) * rng.uniform(0, 4)  # of the sensor
    return np.asarray(np.clip(colour, 0, 255), np.uint8)


def _grain(rng: np.random.Generator, size: int) -> Field:
    """Noise with spectrum 1 / f^a, stretched along a random direction as brushed or rolled metal is."""
    frequency_x, frequency_y = np.fft.rfftfreq(size)[None, :], np.fft.fftfreq(size)[:, None]
    turn, stretch = rng.uniform(0, np.pi), np.exp(rng.uniform(0, 3))
    along = frequency_x * np.cos(turn) + frequency_y * np.sin(turn)
    across = frequency_y * np.cos(turn) - frequency_x * np.sin(turn)
    radius = np.hypot(along * stretch, across) + 1 / size
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * radius ** -rng.uniform(0.4, 2.0)
    return _standard(np.fft.irfft2(spectrum, (size, size)))


def _grating(rng: np.random.Generator, size: int) -> Field:
    """One ruling, or two crossing ones as in a grid."""
    field = np.zeros((size, size), np.float32)
    for along in _axes(rng, size)[: int(rng.integers(1, 3))]:
        field += np.tanh(np.sin(2 * np.pi * along / rng.uniform(4, 40)) * rng.uniform(0.5, 4)).astype(np.float32)
    return _standard(field)


def _weave(rng: np.random.Generator, size: int) -> Field:
    """Two sets of threads that pass over and under each other; each thread has a thickness of its own."""
    warp, weft = (one / rng.uniform(5, 24) for one in _axes(rng, size))
    numbers = [np.floor(one).astype(np.int64) for one in (warp, weft)]
    rounded = [np.sin(np.pi * (one - number)) for one, number in zip((warp, weft), numbers, strict=True)]
    own = rng.uniform(0.7, 1.0, (2, 1024))
    heights = [one * own[i, number % 1024] for i, (one, number) in enumerate(zip(rounded, numbers, strict=True))]
    over = (numbers[0] + numbers[1]) % 2 == 0
    return _standard(np.where(over, heights[0] * rounded[1], -rng.uniform(0.2, 1.0) * heights[1] * rounded[0]))


def _cells(rng: np.random.Generator, size: int) -> Field:
    """Distance to the nearest of random points, as in leather, castings and foams."""
    seeds = np.full((size, size), 255, np.uint8)
    rows, columns = rng.integers(size, size=(2, int(np.exp(rng.uniform(3, 7)))))
    seeds[rows, columns] = 0
    distance = cv2.distanceTransform(seeds, cv2.DIST_L2, 3)
    return _standard(np.minimum(distance, rng.uniform(4, 40)))


def _leaves(rng: np.random.Generator, size: int) -> Field:
    """Discs that cover each other, most of them small: the density of their radii falls as r^-3."""
    field, count = np.zeros((size, size), np.float32), int(rng.integers(100, 600))
    smallest, largest = rng.uniform(2, 6), size / 4
    # The inverse of the distribution function of r^-3 between the two.
    radii = (smallest**-2 - rng.random(count) * (smallest**-2 - largest**-2)) ** -0.5
    places, levels = rng.integers(size, size=(count, 2)), rng.standard_normal(count)
    for (x, y), radius, level in zip(places.tolist(), radii, levels, strict=True):
        cv2.circle(field, (x, y), round(float(radius)), float(level), -1, cv2.LINE_AA)
    return _standard(field)


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


def _bent(field: Field, rng: np.random.Generator) -> Field:
    """Every point moved a little by slow noise, as cloth and leather lie."""
    size = len(field)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    moved = [_slow(rng, size) * np.float32(rng.uniform(0.01, 0.06) * size) for _ in range(2)]
    return np.asarray(
        cv2.remap(field, x + moved[0], y + moved[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.float32
    )


def _light(rng: np.random.Generator, size: int) -> Field:
    """Slowly falling light, from nothing to twice the texture's own deviation."""
    return _slow(rng, size) * np.float32(rng.uniform(0, 2))


def _slow(rng: np.random.Generator, size: int) -> Field:
    """Smooth noise of about unit size."""
    coarse = rng.standard_normal((4, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def _axes(rng: np.random.Generator, size: int) -> tuple[Field, Field]:
    """Distances in pixels along two directions at right angles, turned at random."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    turn = np.float32(rng.uniform(0, np.pi))
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def _standard(field: NDArray[np.floating]) -> Field:
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)
