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
ANYWHERE = 0.25  # weight of the whole picture's usual error beside the place's own: no place is infinitely calm

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
            kinds.append(dssim(image, redrawn))
    return np.stack(kinds)


def usual_error(samples: Iterable[Map]) -> Map:
    """What to expect of a normal image: (k, h, w) from the errors (k, h, w) of held-out normals, taken one by one."""
    total, count = np.zeros(1), 0
    for sample in samples:
        total = total + sample
        count += 1
    places = np.stack([_blur(kind.astype(np.float32), PLACE) for kind in total / count])
    everywhere = places.mean(axis=(1, 2), keepdims=True)
    # 1e-4 is far below a grey level: where images are flat and redrawn perfectly, rounding is no defect.
    return np.asarray((1 - ANYWHERE) * places + ANYWHERE * everywhere + 1e-4, np.float32)


def anomaly_map(found: Map, usual: Map, smoothing: float) -> Map:
    """(h, w): errors (k, h, w) in units of the usual ones, root mean square over the kinds, then smoothed (pixels)."""
    return _blur(np.sqrt(np.square(found / usual).mean(axis=0)), smoothing)


def _blur(values: Map, sigma: float) -> Map:
    if sigma <= 0:
        return values
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
