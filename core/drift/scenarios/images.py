"""Drifts of camera and light, on images (b, h, w, 3), uint8 or float in 0 to 255, with amounts (b,)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.drift.scenarios.surroundings import Surroundings

Images = NDArray[Any]
Amount = NDArray[np.float64]

BRIGHTER = 0.5
BLUR_SHARE = 0.02  # sigma, of the shorter side
CAST = np.array([0.25, 0.0, -0.25])  # red, green, blue
CORNER_LOSS = 0.7
WORST_QUALITY, BEST_QUALITY = 25, 95
TURN_DEGREES, NEARER = 5.0, 0.02


def brightness(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """Another exposure: times 1 + 0.5 a, clipped at white."""
    return _fitted(values * np.maximum(1 + BRIGHTER * amount, 0.05)[:, None, None, None], values)


def blur(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """Out of focus: Gaussian."""
    side = min(values.shape[1:3])

    def one(image: NDArray[np.float32], size: float, _: int) -> NDArray[Any]:
        return cv2.GaussianBlur(image, (0, 0), BLUR_SHARE * side * abs(size), borderType=cv2.BORDER_REFLECT)

    return _each(values, amount, one)


def white_balance(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """Warmer light (colder where negative)."""
    return _fitted(values * np.maximum(1 + amount[:, None] * CAST, 0.05)[:, None, None, :], values)


def vignette(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """A dirty or wrong lens: light falls off with the fourth power of the distance from the centre."""
    height, width = values.shape[1:3]
    y = np.linspace(-1, 1, height)[:, None]
    x = np.linspace(-1, 1, width)[None, :]
    fall = ((x * x + y * y) / 2) ** 2
    left = np.maximum(1 - np.abs(amount)[:, None, None] * CORNER_LOSS * fall, 0.0)
    return _fitted(values * left[..., None], values)


def jpeg(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """Stronger compression."""

    def one(image: NDArray[np.float32], size: float, _: int) -> NDArray[Any]:
        quality = round(max(BEST_QUALITY - (BEST_QUALITY - WORST_QUALITY) * abs(size), 1))
        pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
        _, packed = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))[..., ::-1]

    return _each(values, amount, one)


def pose(values: Images, amount: Amount, generator: np.random.Generator, surroundings: Surroundings) -> Images:
    """A part that lies otherwise: turned by up to 5 a degrees either way and up to 2 a % nearer."""
    height, width = values.shape[1:3]
    centre = ((width - 1) / 2, (height - 1) / 2)
    places = generator.uniform((-1, 0), (1, 1), (len(values), 2))  # drawn for all, so that no sample moves another's

    def one(image: NDArray[np.float32], size: float, index: int) -> NDArray[Any]:
        turn, near = places[index]
        matrix = cv2.getRotationMatrix2D(centre, TURN_DEGREES * size * turn, 1 + NEARER * abs(size) * near)
        return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)

    return _each(values, amount, one)


def _each(values: Images, amount: Amount, one: Callable[[NDArray[np.float32], float, int], NDArray[Any]]) -> Images:
    """``one(image, amount, place)`` on every image that drifts."""
    changed = values.copy()
    for index in np.flatnonzero(amount):
        image = np.ascontiguousarray(values[index], np.float32)
        changed[index] = _fitted(one(image, float(amount[index]), int(index)), values)
    return changed


def _fitted(found: NDArray[Any], like: Images) -> Images:
    """In the type of the input: a camera clips at black and white; whole numbers are rounded."""
    clipped = np.clip(found, 0, 255)
    return np.asarray(np.rint(clipped) if like.dtype == np.uint8 else clipped, like.dtype)
