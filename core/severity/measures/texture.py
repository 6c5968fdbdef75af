"""Change of texture: rust is rough, also where a dark coating hides its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from core.severity.measures.base import MeasureInfo, Reading, View
from core.severity.measures.excess import Compared, Plane, above
from core.severity.outline import disc

FINE, COARSE = 1.0, 3.0  # pixels at the working side: grain is between
WINDOW = 6.0  # pixels: over which roughness is averaged
RIM = 9  # pixels at the working side: twice what is left out along outlines and holes
NOWHERE = -9.0
FLOOR = 8.0  # lightness steps added to the local mean: in the dark, noise is no roughness
SMOOTHEST = 0.25  # quantile of a part's roughness that stands for the contrast of the whole photograph
CHANCE = 0.1  # of the first time's area that is rougher than what its level is taken from
MARGIN = 0.2  # of the logarithm: a part put down anew is that much rougher in places
SPAN = 0.7  # of the logarithm of roughness: a factor of 2


class Texture(Compared):
    """Local contrast at the scale of grain, in relation to the local lightness, which an exposure leaves as it is."""

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="texture",
        title="Roughness",
        sentence="The share of the part that has become rougher than at its first time, next to its smoother places.",
        is_area=True,
    )

    def compare(self, view: View, own: Sequence[View]) -> Reading:
        found = np.concatenate([roughness(one)[one.part.mask] for one in own])
        level = float(np.quantile(found, 1 - CHANCE)) + MARGIN
        return above(roughness(view), level, SPAN, float((found > level).mean()), view)


def roughness(view: View) -> Plane:
    """Logarithm (h, w) of the local contrast, deviation from the local mean over that mean, relative to the part's
    smoother quarter: focus and exposure change the contrast of all of it alike. Very negative off the part.

    Means are taken over the inside of the part alone (normalised convolution: Knutsson & Westin, CVPR 1993), for an
    outline is no roughness.
    """
    inside = cv2.erode(view.part.mask.view(np.uint8), disc(RIM)).astype(np.float32)
    lightness = np.ascontiguousarray(view.lab[..., 0])

    def mean(values: Plane, sigma: float) -> Plane:
        weight = cv2.GaussianBlur(inside, (0, 0), sigma)
        return np.asarray(cv2.GaussianBlur(values * inside, (0, 0), sigma) / np.maximum(weight, 1e-3), np.float32)

    band = cv2.GaussianBlur(lightness, (0, 0), FINE) - mean(lightness, COARSE)
    rough = np.log(np.sqrt(mean(band * band, WINDOW)) / (mean(lightness, WINDOW) + FLOOR) + 1e-3)
    usual = np.quantile(rough[inside > 0], SMOOTHEST) if inside.any() else 0.0
    return np.where(inside > 0, rough - usual, NOWHERE).astype(np.float32)
