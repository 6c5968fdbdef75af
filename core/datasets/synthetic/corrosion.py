"""How rust spreads over a face: nuclei that appear at random, and grow until they meet.

The classical picture of nucleation and growth (Kolmogorov 1937; Johnson and Mehl 1939; Avrami, Kinetics of Phase
Change, J. Chem. Phys. 7, 1939), which gives the covered share 1 - exp(-k t^n) on an even face. Here the face is uneven:
nuclei prefer weak spots, they differ in vigour, fronts are ragged, and the weather quickens or slows all of them.

Everything follows from one field, the hour at which rust arrives at each point. A mask at any hour is exact, rust
never recedes, and when a share is reached is a quantile of the field.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.synthetic.flange import Field

HOURS_PER_WEEK = 168.0
GRID = 256  # points along each side of the field
REACH = 1.04  # half the side of the field, in radii of the part
_NUCLEI = (90, 260)
_HEAD_START = 0.85  # of the time to the first speck: inspection begins when the part is put into service
_POWER = 0.75  # radius ~ age^power: a front slows down as its own products hinder it
_WEATHER = 0.15  # standard deviation of the logarithm of the speed, drawn anew every week
_YEARS = 3  # of weather; after that it stays as it was on average


@dataclass(frozen=True)
class Corrosion:
    """``arrival`` float32 (GRID, GRID): hours until rust reaches a point of the face, infinite where it never does.

    The grid spans [-REACH, REACH] in radii of the part, and turns with it.
    """

    arrival: Field

    def at(self, x: Field, y: Field) -> Field:
        """Hours of arrival at points of the part (in radii, any shape)."""
        scale = np.float32((GRID - 1) / (2 * REACH))
        if not np.isfinite(self.arrival).any():
            return np.full_like(x, np.inf)
        u, v = (x + np.float32(REACH)) * scale, (y + np.float32(REACH)) * scale
        return np.asarray(cv2.remap(self.arrival, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def none() -> Corrosion:
    """A face that does not rust."""
    return Corrosion(np.full((GRID, GRID), np.inf, np.float32))


def spread(rng: np.random.Generator, *, share: float, hours: float) -> Corrosion:
    """A face of which ``share`` (above 0, below 1) would be covered after ``hours`` of average weather."""
    axis = np.linspace(-REACH, REACH, GRID, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    ragged_x = x + 0.022 * _noise(rng, 26) + 0.010 * _noise(rng, 80)
    ragged_y = y + 0.022 * _noise(rng, 26) + 0.010 * _noise(rng, 80)
    n = int(rng.integers(*_NUCLEI))
    # Births are unitless here; the time is scaled below. They spread over as long as the growth takes.
    births, speeds = rng.uniform(0.03, 0.8, n), rng.lognormal(-1.0, 0.5, n)
    arrival = np.full_like(x, np.inf)
    for (px, py), birth, speed in zip(_weak_spots(rng, n), births, speeds, strict=True):
        distance = np.hypot(ragged_x - np.float32(px), ragged_y - np.float32(py))
        np.minimum(arrival, birth + (distance / np.float32(speed)) ** np.float32(1 / _POWER), out=arrival)
    arrival *= np.exp(0.12 * _noise(rng, 60))  # pores and grains: specks run ahead of the front
    face = np.hypot(x, y) <= 1
    arrival -= np.float32(_HEAD_START) * arrival[face].min()
    arrival *= np.float32(hours / np.quantile(arrival[face], share))
    return Corrosion(_weathered(arrival, rng))


def _weak_spots(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """(n, 2) points of the unit disc, clustered: half of them around a few damaged places."""
    radius, angle = np.sqrt(rng.uniform(0.05, 1, n)), rng.uniform(0, 2 * np.pi, n)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    clustered = rng.random(n) < 0.5
    centres = points[rng.integers(n, size=4)]
    near = centres[rng.integers(len(centres), size=n)] + rng.normal(0, 0.16, (n, 2))
    return np.where(clustered[:, None] & (np.hypot(*near.T) < 1)[:, None], near, points)


def _weathered(average: Field, rng: np.random.Generator) -> Field:
    """Hours of average weather as hours of the calendar."""
    speeds = rng.lognormal(-(_WEATHER**2) / 2, _WEATHER, 52 * _YEARS)
    calendar = HOURS_PER_WEEK * np.arange(len(speeds) + 1)
    progress = np.concatenate([[0.0], np.cumsum(speeds) * HOURS_PER_WEEK])
    late = np.maximum(average - progress[-1], 0)
    return np.asarray(np.interp(average, progress, calendar) + late, np.float32)


def _noise(rng: np.random.Generator, cells: int) -> Field:
    """Smooth noise over the grid, about standard normal, with ``cells`` lumps along a side."""
    coarse = rng.standard_normal((cells, cells), np.float32)
    return np.asarray(cv2.resize(coarse, (GRID, GRID), interpolation=cv2.INTER_CUBIC), np.float32)
