"""Structural dissimilarity (Wang et al., Image Quality Assessment, IEEE TIP 2004)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 11
SIGMA = 1.5
C1, C2 = 0.01**2, 0.03**2  # for values from 0 to 1


def dssim(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1 - SSIM) / 2 of every pixel, (h, w) from 0 (alike) to 1, of two images (h, w, 3) with values from 0 to 1.

    Gaussian window of 11 pixels and sigma 1.5, mirrored at the border, as in the paper; mean over the channels.
    """
    mean_one, mean_other = _window(one), _window(other)
    product = mean_one * mean_other
    squares = mean_one**2 + mean_other**2
    covariance = _window(one * other) - product
    variances = _window(one * one) + _window(other * other) - squares
    ssim = ((2 * product + C1) * (2 * covariance + C2)) / ((squares + C1) * (variances + C2))
    return np.asarray((1 - ssim).mean(axis=2) / 2, np.float32)


def _window(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT), np.float32)
