"""From a coarse grid of patch distances to an anomaly map."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

REFERENCE_SIZE = 256  # the size for which a smoothing in pixels is stated


def smooth_map(grid: NDArray[np.float32], size: int, smoothing: float) -> NDArray[np.float32]:
    """(g, g) -> (size, size): bilinear, then a Gaussian of ``smoothing`` pixels at size 256, scaled with the size."""
    enlarged = cv2.resize(np.ascontiguousarray(grid, np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
    sigma = smoothing * size / REFERENCE_SIZE
    if sigma > 0:
        enlarged = cv2.GaussianBlur(enlarged, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(enlarged, np.float32)
