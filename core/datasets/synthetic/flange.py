"""A picture of a turned steel flange, computed from its geometry: what the synthetic parts dataset is made of.

A part is a height field in polar coordinates: chamfered rim, face with bolt holes, groove, hub, bore with keyway. The
lathe leaves concentric marks, so light is reflected as from brushed metal: a highlight wherever the half vector between
light and camera lies across the marks (Ward, Measuring and Modeling Anisotropic Reflection, SIGGRAPH 1992). That gives
the bow tie of turned faces, and it makes dents and scratches show as they do on real parts.

``Surface`` is the part before light falls on it; defects (``flaws.py``) change it, ``photograph`` turns it into pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

# Radii as shares of the rim's radius.
BORE, HUB, BOLT_CIRCLE, BOLT_HOLE = 0.21, 0.43, 0.71, 0.072
N_BOLTS = 6


@dataclass(frozen=True)
class Pose:
    """Where the part lies and how it is lit: what varies from photograph to photograph. Lengths are pixels."""

    size: int
    x: float
    y: float
    rim: float  # radius
    turn: float  # radians
    light: float  # azimuth of the main light, radians
    exposure: float
    warmth: float  # colour of the light, 0 is neutral

    @classmethod
    def draw(cls, rng: np.random.Generator, size: int) -> Pose:
        """A part put down by a careful hand, under a lamp that is never quite the same."""
        middle = (size - 1) / 2
        return cls(
            size=size,
            x=middle + size * rng.uniform(-0.018, 0.018),
            y=middle + size * rng.uniform(-0.018, 0.018),
            rim=size * 0.425 * rng.uniform(0.985, 1.015),
            turn=math.radians(rng.uniform(-5, 5)),
            light=math.radians(-128 + rng.uniform(-9, 9)),
            exposure=rng.uniform(0.93, 1.07),
            warmth=rng.uniform(-0.015, 0.02),
        )

    def at(self, radius: float, angle: float) -> tuple[float, float]:
        """Pixel (x, y) of a point on the part; ``radius`` in rims, ``angle`` turns with the part."""
        return (
            self.x + radius * self.rim * math.cos(angle + self.turn),
            self.y + radius * self.rim * math.sin(angle + self.turn),
        )


@dataclass
class Surface:
    """The part as fields over the image, each float32 (size, size).

    ``rise`` and ``drift`` are the slopes of the surface along and across the radius; ``solid`` is the share of a pixel
    that metal covers; ``gloss`` and ``tint`` (size, size, 3) multiply what the metal reflects.
    """

    pose: Pose
    cos: Field
    sin: Field
    radius: Field  # in rims
    rise: Field
    drift: Field
    solid: Field
    gloss: Field
    tint: Field

    def tilt(self, gx: Field, gy: Field) -> None:
        """Add a height field's gradient along x and y (height over length, no unit)."""
        self.rise += gx * self.cos + gy * self.sin
        self.drift += gy * self.cos - gx * self.sin


def surface(pose: Pose, rng: np.random.Generator, *, undrilled: int | None = None) -> Surface:
    """A faultless part; ``undrilled`` leaves out the bolt hole of that number."""
    ys, xs = np.mgrid[0 : pose.size, 0 : pose.size].astype(np.float32)
    r, angle = cv2.cartToPolar(xs - np.float32(pose.x), ys - np.float32(pose.y))
    cos, sin = (xs - np.float32(pose.x)) / (r + 1e-3), (ys - np.float32(pose.y)) / (r + 1e-3)
    radius = r / np.float32(pose.rim)

    rise = _profile(radius)
    marks, streaks = _lathe_marks(rng, radius, angle)
    rise += 0.03 * marks
    gloss = 1 + 0.05 * marks + 0.11 * streaks
    solid = _inside(pose, 1 - radius) * _inside(pose, radius - BORE)
    part = Surface(
        pose, cos, sin, radius, rise, np.zeros_like(rise), solid, gloss, np.ones((pose.size, pose.size, 3), np.float32)
    )
    _drill(part, angle, undrilled)
    _cut_keyway(part)
    return part


def _profile(radius: Field) -> Field:
    """Slope of the turned profile: height over radius, from the bore's chamfer to the rim's."""
    rho = np.linspace(0, 1.2, 4096, dtype=np.float32)
    slope = np.zeros_like(rho)
    for start, stop, steepness in (
        (BORE, BORE + 0.022, 0.75),  # chamfer of the bore, up
        (HUB - 0.012, HUB + 0.03, -0.85),  # from the hub down to the face
        (0.515, 0.53, -0.5),  # groove: down and up again
        (0.545, 0.56, 0.5),
        (0.955, 1.0, -0.7),  # chamfer of the rim
    ):
        slope[(rho >= start) & (rho < stop)] = steepness
    slope = cv2.GaussianBlur(slope[None, :], (31, 1), 8)[0]  # no edge is sharp
    return np.asarray(slope[np.minimum((radius * (4095 / 1.2)).astype(np.int32), 4095)], np.float32)


def _lathe_marks(rng: np.random.Generator, radius: Field, angle: Field) -> tuple[Field, Field]:
    """(concentric marks, streaks that fade along the circle), both about standard normal."""
    fine = rng.standard_normal((1, 768), np.float32)
    rings = fine + 1.2 * cv2.GaussianBlur(fine, (0, 0), 3)
    rings = rings / rings.std()
    marks = cv2.remap(rings, radius * (767 / 1.2), np.zeros_like(radius), cv2.INTER_LINEAR)
    noise = rng.standard_normal((320, 96), np.float32)
    around = np.hstack([noise[:, -24:], noise, noise[:, :25]])  # the circle closes
    polar = cv2.GaussianBlur(around, (0, 0), sigmaX=7, sigmaY=0.7)[:, 24:-24]
    streaks = cv2.remap(polar / polar.std(), angle * (96 / (2 * math.pi)), radius * (319 / 1.2), cv2.INTER_LINEAR)
    return np.asarray(marks, np.float32), np.asarray(streaks, np.float32)


def _drill(part: Surface, angle: Field, undrilled: int | None) -> None:
    """Cut the bolt holes and their chamfers. All holes at once: the plane is folded onto one sector."""
    sector = 2 * math.pi / N_BOLTS
    turned = angle - np.float32(part.pose.turn) + np.float32(sector / 2)
    number = np.floor(turned / sector)
    folded = turned - number * sector - sector / 2
    across, along = cv2.polarToCart(part.radius, folded)
    across -= BOLT_CIRCLE
    distance = cv2.magnitude(across, along) + np.float32(1e-4)
    chamfer = _band(part.pose, distance, BOLT_HOLE, BOLT_HOLE + 0.02)
    hole = _inside(part.pose, BOLT_HOLE - distance)
    if undrilled is not None:
        kept = number % N_BOLTS != undrilled
        chamfer, hole = chamfer * kept, hole * kept
    part.rise += 0.8 * chamfer * across / distance
    part.drift += 0.8 * chamfer * along / distance
    part.solid *= 1 - hole


def _cut_keyway(part: Surface) -> None:
    """A slot in the bore."""
    pose = part.pose
    c, s = math.cos(pose.turn + 0.9), math.sin(pose.turn + 0.9)
    u = part.radius * (part.cos * np.float32(c) + part.sin * np.float32(s))
    v = part.radius * (part.sin * np.float32(c) - part.cos * np.float32(s))
    half, depth = np.float32(0.045), np.float32(BORE + 0.06)
    slot = _inside(pose, half - np.abs(v)) * _inside(pose, depth - u) * (u > 0).astype(np.float32)
    part.solid *= 1 - slot


def _inside(pose: Pose, depth: Field) -> Field:
    """Share of a pixel inside a shape, from the depth below its edge in rims: an edge one pixel wide."""
    return np.asarray(np.clip(depth * np.float32(pose.rim) + np.float32(0.5), 0, 1))


def _band(pose: Pose, distance: Field, start: float, stop: float) -> Field:
    return _inside(pose, distance - start) * _inside(pose, stop - distance)
