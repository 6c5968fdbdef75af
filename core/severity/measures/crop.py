"""The part cut out square, evenly lit and on grey: what networks are shown, so that only the part can differ."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.severity.measures.base import View
from core.severity.normalise import to_rgb
from core.severity.types import Mask, Rgb

MARGIN = 0.04  # of the part's longer side, around it
MIDDLE, SPREAD = 50.0, 14.0  # lightness steps: median and robust deviation that every part is given
MOST_STRETCH = 3.0  # times the contrast: more would only show the grain of an even part
GROUND = 50.0  # lightness of what is not part

Plane = NDArray[np.float32]


def square(view: View, side: int) -> tuple[Rgb, Mask, NDArray[np.float32]]:
    """Pixels (side, side, 3), the part's mask (side, side), and the affine map (2, 3) from picture to square."""
    lab = view.lab.copy()
    metal = lab[..., 0][view.part.mask]
    low, middle, high = np.percentile(metal, [16, 50, 84])
    stretch = min(2 * SPREAD / max(float(high - low), 1.0), MOST_STRETCH)
    lab[..., 0] = np.clip((lab[..., 0] - middle) * stretch + MIDDLE, 0.0, 100.0)
    lab[~view.part.outline] = (GROUND, 0.0, 0.0)
    x, y, width, height = cv2.boundingRect(view.part.outline.view(np.uint8))
    extent = max(width, height) * (1 + 2 * MARGIN)
    scale = side / extent
    centre = (x + width / 2, y + height / 2)
    matrix = np.array([[scale, 0, side / 2 - scale * centre[0]], [0, scale, side / 2 - scale * centre[1]]], np.float32)
    if scale < 1:  # warping does not average: small pictures would sparkle
        lab = np.asarray(cv2.GaussianBlur(lab, (0, 0), 0.4 / scale), np.float32)
    cut = cv2.warpAffine(lab, matrix, (side, side), borderMode=cv2.BORDER_CONSTANT, borderValue=(GROUND, 0, 0))
    mask = cv2.warpAffine(view.part.mask.view(np.uint8), matrix, (side, side), flags=cv2.INTER_NEAREST)
    return to_rgb(np.asarray(cut, np.float32)), mask.view(np.bool_), matrix


def back(plane: Plane, matrix: NDArray[np.float32], size: tuple[int, int]) -> Plane:
    """A plane over the square, drawn over the picture of ``size`` (h, w); 0 outside the square."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, matrix, size[::-1], flags=flags), np.float32)


def variants(picture: Rgb, seed: int, count: int) -> list[Rgb]:
    """The same part as it might have been put down and lit another time: turned, shifted, sized, lit, focused."""
    rng = np.random.default_rng(seed)
    side = picture.shape[0]
    changed = []
    for _ in range(count):
        turn, size = rng.uniform(-8, 8), rng.uniform(0.94, 1.06)
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), turn, size)
        matrix[:, 2] += rng.uniform(-0.02, 0.02, 2) * side
        moved = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE).astype(np.float32) / 255
        lit = moved ** rng.uniform(0.75, 1.3) * rng.uniform(0.9, 1.1)
        focused = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, 1.3))
        changed.append(np.clip(np.round(focused * 255), 0, 255).astype(np.uint8))
    return changed
