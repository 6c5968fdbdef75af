"""Colour and exposure that can be compared between photographs.

Dividing by the background's colour removes the exposure and the lamp's tint, as long as the background is not burnt
out. Where it is, the tint still shows in the background's shadows: a shadow on a grey table is grey, so what colour it
has is the picture's cast. A cast is a gain of each channel: in CIELAB it grows with L + 16, and where all channels are
cut off it vanishes. Nothing is learnt from the part itself, whose colour is what is measured.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.severity.background import Plane, relative_lab
from core.severity.part import Part
from core.severity.types import Mask, Rgb

FADE = 14.0  # lightness steps below white over which a cast comes to its full colour
LEAST_STRENGTH = 0.6
BANDS = (50.0, 70.0, 80.0, 88.0, 95.0)  # lightness of the shadows that are looked at
LEAST_PIXELS = 50  # of a band; fewer tell nothing
BURNT = 250  # grey levels: a channel above it may be cut off
NEAR = 0.02  # of the longest side: so close to the part a shadow takes on its colour
MOST_CAST = 25.0  # steps in a* and b* that may be taken off; more is no cast but a coloured background


def normalised_lab(rgb: Rgb, part: Part) -> Plane:
    """CIELAB (h, w, 3) with the background as white and the cast of its shadows taken off."""
    lab = relative_lab(rgb, part.light)
    a, b = cast(rgb, lab, part)
    strength = _strength(lab[..., 0])
    lab[..., 1] -= a * strength
    lab[..., 2] -= b * strength
    return lab


def cast(rgb: Rgb, lab: Plane, part: Part) -> tuple[float, float]:
    """The picture's cast (a*, b*) as its background's shadows show it; (0, 0) where there are none to tell."""
    shadows = _background_away(part) & (rgb.max(axis=2) < BURNT)
    bands = []
    for low, high in zip(BANDS, (*BANDS[1:], 98.0), strict=True):
        band = shadows & (lab[..., 0] > low) & (lab[..., 0] <= high)
        if np.count_nonzero(band) >= LEAST_PIXELS:
            lightness, a, b = np.median(lab[band], axis=0)
            # Next to white a cast hardly shows: there a small tint, divided by little, would be anything.
            bands.append(np.array([a, b]) / max(float(_strength(lightness)), LEAST_STRENGTH))
    if not bands:
        return 0.0, 0.0
    a, b = np.clip(np.median(np.array(bands), axis=0), -MOST_CAST, MOST_CAST)
    return float(a), float(b)


def _strength(lightness: NDArray[np.floating]) -> NDArray[np.floating]:
    """How much of a cast shows at a lightness: in proportion to the cube root of the light, and not at all in white."""
    return np.asarray((lightness + 16.0) / 100.0 * np.clip((100.0 - lightness) / FADE, 0.0, 1.0))


def to_rgb(lab: Plane) -> Rgb:
    """8-bit RGB (h, w, 3) of CIELAB, for showing."""
    shown = np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0.0, 1.0)
    return np.asarray(np.round(shown * 255), np.uint8)


def _background_away(part: Part) -> Mask:
    """Background at a distance from the part, without the frame's corners of a scale bar."""
    near = 2 * round(NEAR * max(part.outline.shape) / 2) + 1
    away = cv2.dilate(part.outline.view(np.uint8), np.ones((near, near), np.uint8)) == 0
    return np.asarray(away & ~part.overlay)
