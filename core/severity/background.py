"""The table a part lies on: its colour, and what somebody printed over the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.severity.types import Mask, Rgb

Plane = NDArray[np.float32]

GAMMA = 2.2
RING = 0.025  # of the longest side: how much of the border is looked at
BRIGHTEST = 1.2  # times the background, linear: highlights keep a lightness that can be averaged
SAME = 45.0  # grey levels in the worst channel within which a border pixel is of the background
DARKEST = 1e-3
LINE = 40.0  # grey levels by which a printed line differs from what is around it
MARGIN = 0.1  # of the picture's height: scale bars lie so close to its lower or upper edge
BAR_WIDTH, BAR_HEIGHT = (0.03, 0.5), (0.006, 0.08)  # of the picture's width and height


@dataclass(frozen=True)
class Table:
    """What the part lies on. ``colour`` (3,) and ``field`` (h, w, 3) float32 are its linear RGB, as a whole and at
    every place; ``ring`` (h, w) is true where the picture's border shows it."""

    colour: NDArray[np.float64]
    field: Plane
    ring: Mask


def table(rgb: Rgb) -> Table:
    """The background of a picture (h, w, 3): the larger of two clusters of the border's colours.

    A quadratic through the logarithm of its brightness tells how the light falls off; it never goes beyond what the
    border shows, for what lies under the part is unseen.
    """
    height, width = rgb.shape[:2]
    band = max(2, round(RING * max(height, width)))
    ring = np.ones((height, width), np.bool_)
    ring[band:-band, band:-band] = False
    pixels = rgb[ring]
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)  # k-means++ draws its first centres: the same picture must give the same background
    _, labels, _ = cv2.kmeans(pixels.astype(np.float32), 2, np.empty(0), stop, 1, cv2.KMEANS_PP_CENTERS)
    of_larger = labels[:, 0] == int(labels.mean() > 0.5)
    centre = np.median(pixels[of_larger], axis=0)
    # Two clusters of one even background are halves of it: what is near the larger one belongs to it, too.
    own = np.abs(pixels.astype(np.float32) - centre).max(axis=1) < SAME
    ring[ring] = own
    colour = np.maximum((np.median(pixels[own], axis=0) / 255.0) ** GAMMA, DARKEST)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=2)
    values = np.log(np.maximum((pixels[own] / 255.0) ** GAMMA, DARKEST).mean(axis=1))
    weights, *_ = np.linalg.lstsq(terms[ring].astype(np.float64), values, rcond=None)
    low, high = np.percentile(values, [5, 95])
    falloff = np.exp(np.clip(terms @ weights.astype(np.float32), low, high) - np.median(values))
    return Table(colour, np.asarray(falloff[..., None] * colour, np.float32), ring)


def relative_lab(rgb: Rgb, white: NDArray[np.floating]) -> Plane:
    """CIELAB (h, w, 3) float32 of a picture as if ``white``, linear RGB (3,) or (h, w, 3), were its white."""
    scale = (1 / 255 / white ** (1 / GAMMA)).astype(np.float32)
    relative = np.minimum(rgb.astype(np.float32) * scale, np.float32(BRIGHTEST ** (1 / GAMMA)))
    return np.asarray(cv2.cvtColor(relative, cv2.COLOR_RGB2LAB), np.float32)


def overlay(rgb: Rgb) -> Mask:
    """Pixels (h, w) of a scale bar: a flat box of straight horizontal lines at the picture's lower or upper edge."""
    height, width = rgb.shape[:2]
    found = np.zeros((height, width), np.bool_)
    strip = max(8, round(MARGIN * height))
    for rows in (slice(0, strip), slice(height - strip, height)):
        grey = cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2GRAY).astype(np.float32)
        line = np.abs(grey - cv2.medianBlur(grey.astype(np.uint8), 9)) > LINE
        length = max(3, round(BAR_WIDTH[0] * width))
        line = cv2.morphologyEx(line.view(np.uint8), cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
        joined = cv2.dilate(line, np.ones((2 * round(0.01 * height) + 3, 3), np.uint8))
        count, labels, _, _ = cv2.connectedComponentsWithStats(joined)
        for number in range(1, count):
            x, y, w, h = cv2.boundingRect((line.view(np.bool_) & (labels == number)).view(np.uint8))
            wide = BAR_WIDTH[0] * width <= w <= BAR_WIDTH[1] * width
            if wide and BAR_HEIGHT[0] * height <= h <= BAR_HEIGHT[1] * height:
                found[rows][max(0, y - 3) : y + h + 3, max(0, x - 3) : x + w + 3] = True
    return found
