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
from numpy.typing import NDArray

from core.severity.types import Mask, Rgb

GAMMA = 2.2
SIDE = 480  # longest side at which the outline is searched: fine noise is gone, a thread's flanks are not
RING = 0.025  # of the side: the border whose brighter or darker half is background
SURE_DIFFERENCE = 22.0  # CIE lightness steps from the background at which only a deep shadow is no part
SURE_CHROMA = 14.0
EDGE = 4.0  # lightness steps a pixel: more is an edge, less a shading
SMALLEST = 0.01  # of the picture: a part is larger
APART = 0.2  # of the largest piece: smaller pieces are crumbs
TWO_PARTS = 0.5
CUT_OFF = 0.04  # of the frame's circumference that the part may cover before it counts as cut off

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """The part in a picture of (h, w) pixels: ``mask`` is its surface, ``outline`` the same with its openings filled.

    ``background`` is the background's colour in linear light, RGB; ``remarks`` are sentences for a person.
    ``found`` is False where no part stands out: the masks are then empty.
    """

    mask: Mask
    outline: Mask
    background: NDArray[np.float64]
    found: bool
    cut_off: bool
    remarks: tuple[str, ...] = ()


def find_part(rgb: Rgb, shift: float = 0.0) -> Part:
    """The part in a picture (h, w, 3). ``shift`` in lightness steps raises (or lowers) what counts as different."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = cv2.resize(rgb, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    background = background_colour(small)
    lab = relative_lab(small, background)
    core = _flooded(lab, shift)
    outline = _pieces(core)
    remarks = []
    if np.count_nonzero(_pieces(core, TWO_PARTS) & ~_largest(outline)):
        remarks.append("More than one part seems to be in the picture; they are measured together.")
    outline = _filled(outline)
    if outline.mean() < SMALLEST or outline.mean() > 0.98:
        empty = np.zeros((height, width), np.bool_)
        return Part(empty, empty, background, False, False, ("No part stands out from the background.",))
    cut_off = _border_share(outline) > CUT_OFF
    if cut_off:
        remarks.append("The part is cut off by the frame: what lies outside is not counted.")
    mask = outline & ~_openings(lab, outline)
    return Part(_enlarged(mask, rgb), _enlarged(outline, rgb), background, True, cut_off, tuple(remarks))


def background_colour(rgb: Rgb) -> NDArray[np.float64]:
    """Linear RGB (3,) of the background: the median of the larger cluster of the border's colours."""
    height, width = rgb.shape[:2]
    band = max(2, round(RING * max(height, width)))
    ring = np.concatenate([side.reshape(-1, 3) for side in (rgb[:band], rgb[-band:], rgb[:, :band], rgb[:, -band:])])
    _, labels, _ = cv2.kmeans(
        ring.astype(np.float32),
        2,
        np.empty(0),
        (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5),
        1,
        cv2.KMEANS_PP_CENTERS,
    )
    larger = ring[labels[:, 0] == int(labels.mean() > 0.5)]
    return np.maximum(np.median(to_linear(larger), axis=0), 1e-3)


def to_linear(rgb: Rgb) -> NDArray[np.float64]:
    """Linear light, 0 to 1, of 8-bit pixels."""
    return np.asarray((rgb / 255.0) ** GAMMA)


def relative_lab(rgb: Rgb, white: NDArray[np.float64]) -> Plane:
    """CIELAB (h, w, 3) of a picture as if ``white`` (linear RGB) were its white; nothing is whiter than 1.2 times it."""
    relative = np.clip(to_linear(rgb) / white, 0.0, 1.2) ** (1 / GAMMA)
    return np.asarray(cv2.cvtColor(relative.astype(np.float32), cv2.COLOR_RGB2LAB), np.float32)


def _flooded(lab: Plane, shift: float) -> Mask:
    """Pixels flooded from what is surely part before what is surely background reaches them."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.2)
    difference = np.abs(smooth[..., 0] - 100.0)
    chroma = np.hypot(smooth[..., 1], smooth[..., 2])
    slope = _slope(smooth)
    texture = cv2.blur(slope, (9, 9))
    sure = (difference > SURE_DIFFERENCE + shift) & ((texture > EDGE / 2) | (difference > 2 * SURE_DIFFERENCE))
    sure |= (chroma > SURE_CHROMA + shift) | (texture > EDGE)
    sure = cv2.morphologyEx(sure.view(np.uint8), cv2.MORPH_OPEN, _disc(5))
    sure = cv2.erode(sure, _disc(5))
    reach = cv2.dilate(sure, _disc(9))
    calm = (slope < EDGE / 4) & (difference < SURE_DIFFERENCE + shift) & (reach == 0)
    markers = np.zeros(calm.shape, np.int32)
    markers[calm] = 1
    markers[sure > 0] = 2
    steepness = np.clip(slope * 16, 0, 255).astype(np.uint8)
    flooded = cv2.watershed(cv2.merge([steepness] * 3), markers)
    return np.asarray(flooded == 2)


def _slope(lab: Plane) -> Plane:
    """Gradient magnitude of lightness and colour together, steps a pixel."""
    x, y = (cv2.Sobel(lab, cv2.CV_32F, dx, dy, ksize=3) / 8 for dx, dy in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt((x * x + y * y).sum(axis=2)))


def _pieces(mask: Mask, share: float = APART) -> Mask:
    """Connected pieces at least ``share`` as large as the largest, thin bridges cut first."""
    opened = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, _disc(3))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return np.zeros(mask.shape, np.bool_)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.asarray(np.isin(labels, 1 + np.flatnonzero(areas >= share * areas.max())))


def _largest(mask: Mask) -> Mask:
    return _pieces(mask, 1.0)


def _filled(mask: Mask) -> Mask:
    """Without its inner gaps."""
    padded = np.pad(mask.view(np.uint8), 1)
    outside = padded.copy()
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2)


def _openings(lab: Plane, outline: Mask) -> Mask:
    """Through holes and dark bores: compact, darker than the part around, grey, and without any texture."""
    slope = _slope(cv2.GaussianBlur(lab, (0, 0), 1.2))
    calm = outline & (cv2.blur(slope, (5, 5)) < EDGE / 4)
    calm &= cv2.erode(outline.view(np.uint8), _disc(15)).view(np.bool_)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(calm.view(np.uint8))
    found = np.zeros(outline.shape, np.bool_)
    usual = np.median(lab[outline], axis=0)
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] < 0.01 * outline.sum():
            continue
        piece = _filled(cv2.morphologyEx((labels == number).view(np.uint8), cv2.MORPH_CLOSE, _disc(7)).view(np.bool_))
        contours, _ = cv2.findContours(piece.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        hull = cv2.contourArea(cv2.convexHull(max(contours, key=cv2.contourArea)))
        colour = np.median(lab[piece], axis=0)
        if piece.sum() > 0.85 * hull and colour[0] < usual[0] - 2 and np.hypot(colour[1], colour[2]) < SURE_CHROMA:
            found |= cv2.dilate(piece.view(np.uint8), _disc(5)).view(np.bool_)
    return found


def _border_share(mask: Mask) -> float:
    border = np.concatenate([mask[0], mask[-1], mask[1:-1, 0], mask[1:-1, -1]])
    return float(border.mean())


def _enlarged(mask: Mask, rgb: Rgb) -> Mask:
    size = (rgb.shape[1], rgb.shape[0])
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5)


def _disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
