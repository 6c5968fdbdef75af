"""Seeing the part: which pixels are its surface, and whether the picture can be judged at all.

The background is what the frame's border mostly shows. Divided by it, a picture loses its exposure and its cast: the
background is 1, a shadow is a grey that fades slowly, the part ends at an edge. So the outline is found by flooding
the gradient from what is surely background and what is surely part (Meyer's watershed, 1994): a shadow is flooded from
outside, for it has no edge. Openings, in which one looks into the dark or onto the table, are no surface and left out;
so is what lies apart from the part: scale bar, logo, crumbs.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.severity.background import Plane, Table, overlay, relative_lab, table
from core.severity.openings import openings
from core.severity.outline import completed, disc, filled, pieces, slope, smoothed
from core.severity.types import Mask, Rgb

SIDE = 480  # longest side at which the outline is searched: fine noise is gone, a thread's flanks are not
SURE_DIFFERENCE = 22.0  # CIE lightness steps from the background at which only a deep shadow is no part
SURE_CHROMA = 14.0
EDGE = 4.0  # lightness steps a pixel: more is an edge, less a shading
GRAIN = (0.5, 1.5)  # lightness steps a pixel: the background is smoother than this, whatever its own grain
WAY = 13  # pixels at the searching side
SMALLEST, LARGEST = 0.01, 0.98  # of the picture: a part is between
TWO_PARTS = 0.5
CUT_OFF = 0.04  # of the frame's circumference that the part may cover before it counts as cut off


@dataclass(frozen=True)
class Part:
    """The part in a picture of (h, w) pixels: ``mask`` is its surface, ``outline`` the same with its openings filled.

    ``overlay`` is a printed scale bar, ``light`` (h, w, 3) the table's colour in linear light,
    RGB, as it is or would be there. ``remarks`` are sentences for a person.
    ``found`` is False where no part stands out: the masks are then empty.
    """

    mask: Mask
    outline: Mask
    overlay: Mask
    light: Plane
    found: bool
    cut_off: bool
    remarks: tuple[str, ...] = ()


def find_part(rgb: Rgb, shift: float = 0.0) -> Part:
    """The part in a picture (h, w, 3). ``shift`` in lightness steps raises (or lowers) what counts as different."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = np.asarray(
        cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA), np.uint8
    )
    ground, bar = table(small), overlay(rgb)
    lab = relative_lab(small, ground.field)
    lab[_resized(bar, small)] = (100.0, 0.0, 0.0)
    found = pieces(_flooded(lab, ground, shift))
    outline = completed(smoothed(filled(found)), slope(_smooth(lab)))
    light = np.asarray(cv2.resize(ground.field, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    if not SMALLEST <= outline.mean() <= LARGEST:
        empty = np.zeros((height, width), np.bool_)
        return Part(empty, empty, bar, light, False, False, ("No part stands out from the background.",))
    remarks = []
    if np.count_nonzero(pieces(found, TWO_PARTS)) > np.count_nonzero(pieces(found, 1.0)):
        remarks.append("More than one part seems to be in the picture; they are measured together.")
    cut_off = float(border(outline).mean()) > CUT_OFF
    if cut_off:
        remarks.append("The part is cut off by the frame: what lies outside is not counted.")
    mask = outline & ~openings(lab, outline)
    mask, outline = _resized(mask, rgb) & ~bar, _resized(outline, rgb)
    return Part(mask, outline, bar, light, True, cut_off, tuple(remarks))


def _flooded(lab: Plane, ground: Table, shift: float) -> Mask:
    """Pixels flooded from what is surely part before what is surely background reaches them."""
    smooth = _smooth(lab)
    difference = np.abs(smooth[..., 0] - 100.0)
    chroma = np.hypot(smooth[..., 1], smooth[..., 2])
    steepness = slope(smooth)
    texture = cv2.blur(steepness, (9, 9))
    grain = float(np.clip(2.5 * np.median(texture[ground.ring]), *GRAIN))
    sure = (difference > SURE_DIFFERENCE + shift) & ((texture > EDGE / 2) | (difference > 2 * SURE_DIFFERENCE))
    sure |= (chroma > SURE_CHROMA + shift) | (texture > EDGE)
    sure = cv2.morphologyEx(sure.view(np.uint8), cv2.MORPH_OPEN, disc(5))
    sure = cv2.erode(sure, disc(5))
    calm = (texture < grain) & (difference < SURE_DIFFERENCE + shift) & (chroma < SURE_CHROMA + shift)
    calm &= cv2.dilate(sure, disc(9)) == 0
    markers = np.zeros(calm.shape, np.int32)
    markers[_from_border(calm)] = 1
    markers[sure > 0] = 2
    levels = np.clip(steepness * 16, 0, 255).astype(np.uint8)
    flooded = cv2.watershed(cv2.merge([levels] * 3), markers)
    # The watershed leaves the frame's own pixels out, whether or not the part goes on beyond.
    return np.pad((flooded == 2)[1:-1, 1:-1], 1, mode="edge")


def _from_border(calm: Mask) -> Mask:
    """Calm pixels that hang together with the frame by a broad way: a gap in a faint outline lets nothing in."""
    padded = np.pad(calm.view(np.uint8), WAY, constant_values=1)
    wide = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc(WAY))
    _, labels = cv2.connectedComponents(wide)
    return np.asarray((labels == labels[0, 0])[WAY:-WAY, WAY:-WAY])


def _resized(mask: Mask, like: Rgb) -> Mask:
    size = (like.shape[1], like.shape[0])
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5)


def border(mask: Mask) -> Mask:
    """The mask along the frame (n,)."""
    return np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])


def _smooth(lab: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.2), np.float32)
