"""From a coarse grid of patch distances to an anomaly map."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

REFERENCE_SIZE = 256  # the size for which a smoothing in pixels is stated


def smooth_map(grid: NDArray[np.float32], size: int, smoothing: float) -> NDArray[np.float32]:
    """(g, g) -> (size, size): bilinear, then a Gaussian of ``smoothing`` pixels at size 256, scaled with the size."""
    return enlarged_map(grid, (size, size), smoothing * size / REFERENCE_SIZE)


def enlarged_map(grid: NDArray[np.float32], shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    """(g, h) -> ``shape`` = (width, height) pixels: bilinear, then a Gaussian of ``sigma`` of these pixels."""
    enlarged = cv2.resize(np.ascontiguousarray(grid, np.float32), shape, interpolation=cv2.INTER_LINEAR)
    if sigma > 0:
        enlarged = cv2.GaussianBlur(enlarged, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(enlarged, np.float32)
