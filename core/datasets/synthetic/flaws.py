"""What goes wrong with a flange. Each flaw changes a ``Surface`` in place and returns its exact mask.

``strength`` runs from 0, which a tired inspector misses, to 1, which nobody misses: it sets size, depth and contrast.
A mask holds every pixel that the flaw changes by more than a trace.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.synthetic.flange import BOLT_CIRCLE, BOLT_HOLE, BORE, N_BOLTS, Field, Surface

Mask = NDArray[np.bool_]
_FACE = (0.30, 0.92)  # radii between which flaws of the face begin
_SUBPIXEL = 4  # binary digits behind the point in OpenCV's line coordinates
_STAINS = ((0.80, 0.52, 0.30), (0.45, 0.56, 0.98), (0.48, 0.45, 0.41))  # rust, heat, oil


def scratch(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """A long shallow groove with a gentle bend, darker than the face or shining, depending on the light."""
    length = (0.22 + 0.5 * strength * rng.uniform(0.6, 1.0)) * part.pose.rim
    points = _wander(part, rng, *_on_face(part, rng), rng.uniform(0, 2 * math.pi), length, bend=0.05)
    line = _stroke(part, points, width=1 if strength < 0.6 else 2)
    _indent(part, line, depth=0.25 + 0.75 * strength)
    part.gloss *= 1 - np.float32(0.25 + 0.35 * strength) * line
    return _on_metal(part, line > 0.15)


def dent(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """A smooth hollow: no colour of its own, only the reflection bends."""
    x, y = _on_face(part, rng)
    width = part.pose.rim * (0.085 + 0.14 * strength) * rng.uniform(0.85, 1.15)
    u, v = _local(part, x, y, rng.uniform(0, math.pi))
    bowl = np.clip(1 - (u / width) ** 2 - (v / (width * rng.uniform(0.6, 1.0))) ** 2, 0, None) ** 2
    _indent(part, bowl, depth=(0.09 + 0.21 * strength) * width)
    return _on_metal(part, bowl > 0.01)


def stain(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """Rust, heat tint or oil in a cloud with a ragged edge."""
    x, y = _on_face(part, rng)
    u, v = _local(part, x, y, rng.uniform(0, math.pi))
    extent = part.pose.rim * (0.10 + 0.16 * strength)
    ragged = _cloud(part, rng, 0.05) * 0.35 + _cloud(part, rng, 0.015) * 0.12
    cover = _ramp(1 - np.hypot(u / extent, v / (extent * rng.uniform(0.55, 1.0))) + ragged, 0.5) * part.solid
    colour = np.array(_STAINS[rng.integers(len(_STAINS))], np.float32)
    part.tint *= 1 - np.float32(0.30 + 0.65 * strength) * cover[:, :, None] * (1 - colour)
    return _on_metal(part, cover > 0.05)


def crack(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """A dark jagged line that starts at a bolt hole, as cracks do, and forks when it is long."""
    hole = 2 * math.pi * rng.integers(N_BOLTS) / N_BOLTS
    heading = rng.uniform(0, 2 * math.pi)
    centre = part.pose.at(BOLT_CIRCLE, hole)
    reach = part.pose.rim * (BOLT_HOLE + 0.004)
    start = (centre[0] + reach * math.cos(heading), centre[1] + reach * math.sin(heading))
    length = (0.16 + 0.34 * strength) * part.pose.rim
    trunk = _wander(part, rng, *start, heading, length, bend=0.42)
    line = _stroke(part, trunk, width=1)
    if strength > 0.4:
        fork = trunk[len(trunk) // 2]
        branch = _wander(part, rng, fork[0], fork[1], heading + rng.choice([-0.8, 0.8]), 0.45 * length, bend=0.42)
        line = np.maximum(line, _stroke(part, branch, width=1))
    part.gloss *= 1 - np.float32(0.55 + 0.37 * strength) * line
    return _on_metal(part, line > 0.15)


def chip(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """A piece broken out of the rim, with a rough, dull fracture around it."""
    x, y = part.pose.at(rng.uniform(0.99, 1.02), rng.uniform(0, 2 * math.pi))
    u, v = _local(part, x, y, rng.uniform(0, math.pi))
    size = part.pose.rim * (0.04 + 0.09 * strength)
    inside = size - np.hypot(u, v * rng.uniform(0.75, 1.0)) + _cloud(part, rng, 0.03) * size * 0.22
    gap = np.clip(inside + 0.5, 0, 1)
    fracture = np.clip(inside + 0.5 + size * 0.4, 0, 1)
    mask = _on_metal(part, fracture > 0.15)
    rough = _cloud(part, rng, 0.008)
    part.gloss *= 1 - fracture * (0.45 + 0.2 * rough)
    part.rise += fracture * np.float32(0.35)
    part.solid *= 1 - gap
    return mask


def burr(part: Surface, rng: np.random.Generator, strength: float) -> Mask:
    """A ragged lip of bright metal that the tool left on the edge of the bore or of a bolt hole."""
    at_bore = rng.random() < 0.4
    radius = (BORE if at_bore else BOLT_HOLE) * part.pose.rim
    x, y = part.pose.at(0.0 if at_bore else BOLT_CIRCLE, 2 * math.pi * rng.integers(N_BOLTS) / N_BOLTS)
    u, v = _local(part, x, y, rng.uniform(0, 2 * math.pi))
    span = (0.35 + 0.55 * strength) if at_bore else (0.8 + 0.9 * strength)  # radians to either side
    away = np.abs(np.arctan2(v, u)) / np.float32(span)
    thickness = (0.018 + 0.03 * strength) * part.pose.rim * np.clip(1 - away**2, 0, 1)
    thickness *= 1 + 0.5 * _cloud(part, rng, 0.02)
    inner, outer = np.clip(thickness, 0, None), np.clip(0.45 * thickness, 0, None)
    distance = np.hypot(u, v)
    lip = np.clip(distance - (radius - inner) + 0.5, 0, 1) * np.clip(radius + outer - distance + 0.5, 0, 1)
    lip *= thickness > 0.4
    part.solid = np.maximum(part.solid, lip)
    part.gloss *= 1 + lip * (0.25 + 0.45 * _cloud(part, rng, 0.01))
    part.rise += lip * np.float32(rng.choice([-0.45, 0.35]))
    part.drift *= 1 - lip
    return lip > 0.15


def missing_hole(part: Surface, number: int) -> Mask:
    """Where bolt hole ``number``, left undrilled in ``part``, and its chamfer should be."""
    x, y = part.pose.at(BOLT_CIRCLE, 2 * math.pi * number / N_BOLTS)
    u, v = _local(part, x, y, 0.0)
    return np.asarray(np.hypot(u, v) <= (BOLT_HOLE + 0.022) * part.pose.rim)


FLAWS: dict[str, Callable[[Surface, np.random.Generator, float], Mask]] = {
    "burr": burr,
    "chip": chip,
    "crack": crack,
    "dent": dent,
    "scratch": scratch,
    "stain": stain,
}


def _on_face(part: Surface, rng: np.random.Generator) -> tuple[float, float]:
    """A pixel (x, y) of the face or hub that is metal."""
    for _ in range(100):
        x, y = part.pose.at(math.sqrt(rng.uniform(_FACE[0] ** 2, _FACE[1] ** 2)), rng.uniform(0, 2 * math.pi))
        if part.solid[round(y), round(x)] == 1:
            break
    return x, y


def _local(part: Surface, x: float, y: float, turn: float) -> tuple[Field, Field]:
    """Coordinates around (x, y), turned, in pixels."""
    axis = np.arange(part.pose.size, dtype=np.float32)
    dx, dy = (axis - np.float32(x))[None, :], (axis - np.float32(y))[:, None]
    c, s = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    return c * dx + s * dy, c * dy - s * dx


def _wander(
    part: Surface, rng: np.random.Generator, x: float, y: float, heading: float, length: float, *, bend: float
) -> NDArray[np.float64]:
    """A path (n, 2) that starts at (x, y) and changes its heading by about ``bend`` radians at each step."""
    step = 0.03 * part.pose.rim
    n = max(3, round(length / step))
    headings = heading + np.cumsum(rng.normal(0, bend, n)) + rng.normal(0, bend, n)
    steps = step * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    return np.cumsum(np.vstack([[x, y], steps]), axis=0)


def _stroke(part: Surface, points: NDArray[np.float64], width: int) -> Field:
    """A line along the path, 0 to 1, that tapers to its end."""
    canvas = np.zeros((part.pose.size, part.pose.size), np.uint8)
    fixed = np.round(points * 2**_SUBPIXEL).astype(np.int32)
    scale = max(1, round(width * part.pose.size / 256))
    for i, (a, b) in enumerate(pairwise(fixed)):
        fade = round(255 * min(1.0, 2.5 * (1 - i / len(fixed))))
        cv2.line(canvas, a.tolist(), b.tolist(), fade, scale, cv2.LINE_AA, _SUBPIXEL)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.5).astype(np.float32) / 255)


def _indent(part: Surface, shape: Field, depth: float) -> None:
    """Press ``shape`` (0 to 1) into the surface, ``depth`` pixels deep."""
    gx = cv2.Sobel(shape, cv2.CV_32F, 1, 0, scale=-depth / 8)
    gy = cv2.Sobel(shape, cv2.CV_32F, 0, 1, scale=-depth / 8)
    part.tilt(np.asarray(gx, np.float32), np.asarray(gy, np.float32))


def _cloud(part: Surface, rng: np.random.Generator, grain: float) -> Field:
    """Smooth noise, about standard normal, with lumps of ``grain`` image sides."""
    n = part.pose.size
    cells = max(4, round(0.6 / grain))
    return np.asarray(
        cv2.resize(rng.standard_normal((cells, cells), np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
    )


def _ramp(level: Field, width: float) -> Field:
    """0 below zero, 1 above ``width``, smooth between."""
    t = np.clip(level / np.float32(width), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _on_metal(part: Surface, changed: NDArray[np.bool_]) -> Mask:
    return np.asarray(changed & (part.solid > 0.3))
