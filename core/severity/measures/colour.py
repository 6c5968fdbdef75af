"""Red rust by its colour, in CIELAB.

Iron oxides and oxide hydroxides are yellow-orange to red-brown: hue angles of about 30 to 80 degrees (Cornell &
Schwertmann, The Iron Oxides, 2003, chapter on colour). How much of that hue there is, is read as saturation
C / sqrt(C^2 + L^2) (Lübbe, Colours in the Mind, 2010): an exposure that is off leaves it as it is, where chroma grows
with the light.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.severity.measures.base import Measure, MeasureInfo, Reading, View

Plane = NDArray[np.float32]

HUES = (20.0, 32.0, 76.0, 92.0)  # degrees: rises between the first two, falls between the last two
SATURATION = 0.21  # at which metal becomes rust; bare and coated metal stays well below
SOFT = 0.06  # of saturation: how far the evidence takes to come up
LEAST_CHROMA = 7.0  # steps: a hue below it is noise
BLUR = 1.0  # pixels: JPEG stores colour at half the resolution, with blocks
OWN_QUANTILE = 0.999  # of a part's first time: colours of its own that reach so far are not rust
HIGHEST = 0.32  # of saturation: a part that is rusty at its first time does not lift the threshold beyond
RED, RED_SHARE = (-40.0, 45.0), 0.01  # hues of red paint or threadlocker, and the share of the part that makes it one
SMALLEST = 3  # pixels: anything finer is grain


class Colour(Measure):
    """The share of orange to red-brown pixels. What the part's own metal reaches at its first time does not count."""

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="colour",
        title="Rust colour",
        sentence="The share of the part that has the orange to red-brown colour of iron rust.",
        is_area=True,
    )

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._threshold, self._lowest_hue = SATURATION, HUES[0]

    def fit(self, first: Sequence[View]) -> None:
        """Learn how far the part's own colours reach into those of rust, and whether it is painted red."""
        self._threshold, self._lowest_hue = SATURATION, HUES[0]
        if not first:
            return
        hue, saturation, chroma = (
            np.concatenate([plane[view.part.mask] for plane, view in zip(planes, first, strict=True)])
            for planes in zip(*(_planes(view.lab) for view in first), strict=True)
        )
        red = (hue > RED[0]) & (hue < RED[1]) & (saturation > SATURATION) & (chroma > LEAST_CHROMA)
        if red.mean() > RED_SHARE and float(np.median(hue[red])) < HUES[1]:
            self._lowest_hue = max(HUES[0], float(np.quantile(hue[red], 0.98)))
        own = saturation * _member(hue, self._lowest_hue) * (chroma > LEAST_CHROMA)
        self._threshold = float(np.clip(np.quantile(own, OWN_QUANTILE), SATURATION, HIGHEST))

    def read(self, view: View) -> Reading:
        hue, saturation, chroma = _planes(view.lab)
        strength = saturation * _member(hue, self._lowest_hue) * (chroma > LEAST_CHROMA)
        heat = np.clip(0.5 + (strength - self._threshold) / (2 * SOFT), 0.0, 1.0).astype(np.float32)
        heat[~view.part.mask] = 0.0
        mask = heat > 0.5
        grains = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
        mask &= grains[2][grains[1], cv2.CC_STAT_AREA] >= SMALLEST
        value = float(mask.sum() / view.part.mask.sum()) if view.part.found else float("nan")
        return Reading(value, heat, mask)


def _planes(lab: Plane) -> tuple[Plane, Plane, Plane]:
    """Hue in degrees (-180 to 180), saturation 0 to 1 and chroma of CIELAB (h, w, 3)."""
    lightness = lab[..., 0]
    a, b = (cv2.GaussianBlur(np.ascontiguousarray(lab[..., axis]), (0, 0), BLUR) for axis in (1, 2))
    chroma = cv2.magnitude(a, b)
    hue = np.degrees(np.arctan2(b, a))
    saturation = chroma / np.maximum(cv2.magnitude(chroma, np.ascontiguousarray(lightness)), 1.0)
    return hue.astype(np.float32), saturation.astype(np.float32), np.asarray(chroma, np.float32)


def _member(hue: Plane, lowest: float) -> Plane:
    """How much a hue is one of rust, 0 to 1."""
    rise = np.clip((hue - lowest) / (HUES[1] - HUES[0]), 0.0, 1.0)
    fall = np.clip((HUES[3] - hue) / (HUES[3] - HUES[2]), 0.0, 1.0)
    return np.asarray(rise * fall, np.float32)
