"""From an image and its reconstruction to an anomaly map.

A good autoencoder still errs: at every edge, in every grain of the texture. So an error counts in units of what is
usual: the mean error at that place over held-out normal images.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.detectors.image_vae.info import Measure
from core.detectors.image_vae.ssim import dssim

SCALES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)  # sigma of the blurs, pixels at size 224
PLACE = 8.0  # sigma, pixels: the usual error of a place is that of its surroundings, for few images tell it
FLOOR = 0.1  # of the mean usual error: a place that never varies must not make noise infinitely surprising

Map = NDArray[np.float32]
Image = NDArray[np.float32]


def errors(image: Image, redrawn: Image, measure: Measure) -> Map:
    """Kinds of error of every pixel, (k, h, w), of two images (h, w, 3) with values from 0 to 1.

    ``l1``: |x - x̂|, mean over the channels. ``multi-scale``: the same after blurs of growing width. Grain cancels
    itself in a blur, a stain or a shadow does not: errors that hang together count, however faint.
    ``ssim``: structural dissimilarity, which sees texture that is missing where the mean brightness is right.
    """
    difference = image - redrawn
    if measure == "l1":
        kinds = [np.abs(difference).mean(axis=2)]
    elif measure == "ssim":
        kinds = [dssim(image, redrawn)]
    else:
        kinds = [np.abs(_blur(difference, scale)).mean(axis=2) for scale in SCALES]
        if measure == "multi-scale+ssim":
            kinds += [dssim(image, redrawn)] * len(SCALES)  # as much weight as the differences have together
    return np.stack(kinds)


def usual_error(samples: Iterable[Map]) -> Map:
    """What to expect of a normal image: (k, h, w) from the errors of at least one held-out normal, taken one by one."""
    total: NDArray[np.float64] | float = 0.0
    count = 0
    for sample in samples:
        total = total + sample.astype(np.float64)
        count += 1
    usual = np.stack([_blur(kind.astype(np.float32), PLACE) for kind in np.asarray(total) / count])
    floor = usual.mean(axis=(1, 2), keepdims=True) * FLOOR
    return np.asarray(np.maximum(usual, np.maximum(floor, 1e-6)), np.float32)


def anomaly_map(found: Map, usual: Map, smoothing: float) -> Map:
    """(h, w): errors (k, h, w) in units of the usual ones, averaged over the kinds, then smoothed (sigma, pixels)."""
    return _blur((found / usual).mean(axis=0), smoothing)


def _blur(values: Map, sigma: float) -> Map:
    if sigma <= 0:
        return values
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
