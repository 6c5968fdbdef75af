"""Laying one photograph of a part over another, or saying that it cannot be done.

Corners that look alike in both pictures (SIFT: Lowe, IJCV 2004) vote for one turn, scale and shift (RANSAC: Fischler &
Bolles, 1981). What many corners agree on and brings the two outlines to cover each other is believed, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.datasets.wording import percent
from core.severity.measures.base import View
from core.severity.types import Mask

SIDE = 480  # pixels of the longest side at which corners are compared
RATIO = 0.8  # Lowe's: the best match has to be so much nearer than the second
TOLERANCE = 4.0  # pixels at SIDE
LEAST_AGREEING = 12
LEAST_COVER = 0.85  # intersection over union of the outlines
SCALES = (0.7, 1.4)


@dataclass(frozen=True)
class Registration:
    """``matrix`` (2, 3) takes (x, y) of the moved picture to the fixed one; None where they are not registered, and
    ``sentence`` says why."""

    matrix: NDArray[np.float64] | None
    sentence: str

    @property
    def registered(self) -> bool:
        return self.matrix is not None


def register(moved: View, fixed: View) -> Registration:
    """Where the part of ``moved`` lies in ``fixed``."""
    if not moved.part.found or not fixed.part.found:
        return _apart("no part was found in one of the two")
    cv2.setRNGSeed(0)  # RANSAC draws at random: the same pictures must give the same answer
    (points, described), (others, there) = _corners(moved), _corners(fixed)
    if described is None or there is None or min(len(points), len(others)) < LEAST_AGREEING:
        return _apart("the part shows too few distinct points")
    pairs = cv2.BFMatcher().knnMatch(described, there, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < LEAST_AGREEING:
        return _apart("too few points of the two look alike; the pose differs")
    source = np.array([points[match.queryIdx].pt for match in good])
    target = np.array([others[match.trainIdx].pt for match in good])
    small, agreeing = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=TOLERANCE, maxIters=2000
    )
    if small is None or int(agreeing.sum()) < LEAST_AGREEING:
        return _apart("the points that look alike do not agree on one movement; the pose differs")
    matrix = _full(np.asarray(small, np.float64), _scale(moved), _scale(fixed))
    size = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    cover = _cover(moved.part.outline, fixed.part.outline, matrix)
    if not SCALES[0] < size < SCALES[1] or cover < LEAST_COVER:
        return _apart(f"the outlines would cover each other to {percent(cover, 0)} only")
    turn = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    points_agree = f"{int(agreeing.sum())} points agree"
    return Registration(matrix, f"Aligned with the first photograph: turned by {turn:.1f}°, {points_agree}.")


def _apart(why: str) -> Registration:
    return Registration(None, f"Not aligned with the first photograph, and measured by itself: {why}.")


def _scale(view: View) -> float:
    return float(min(1.0, SIDE / max(view.part.mask.shape)))


def _corners(view: View) -> tuple[tuple[cv2.KeyPoint, ...], NDArray[np.float32] | None]:
    scale = _scale(view)
    grey = cv2.cvtColor(view.rgb, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(view.part.outline.view(np.uint8), grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    points, described = cv2.SIFT.create(nfeatures=800).detectAndCompute(grey, mask)
    return tuple(points), None if described is None else np.asarray(described, np.float32)


def _full(small: NDArray[np.float64], source: float, target: float) -> NDArray[np.float64]:
    """The movement at the pictures' own resolutions."""
    matrix = small.copy()
    matrix[:, :2] *= source / target
    matrix[:, 2] /= target
    return matrix


def _cover(moved: Mask, fixed: Mask, matrix: NDArray[np.float64]) -> float:
    """Intersection over union of two outlines, one of them moved."""
    there = cv2.warpAffine(moved.view(np.uint8), matrix, fixed.shape[::-1], flags=cv2.INTER_NEAREST).view(np.bool_)
    union = int(np.count_nonzero(there | fixed))
    return float(np.count_nonzero(there & fixed) / union) if union else 0.0
