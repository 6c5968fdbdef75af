"""Openings in a part, which are no surface: holes through which one sees the table, bores that end in the dark."""

from __future__ import annotations

import cv2
import numpy as np

from core.severity.background import Plane
from core.severity.outline import disc, hull, slope
from core.severity.types import Mask

# Lightness steps a pixel that an opening's inside stays below, and the width in pixels of what joins two places to
# one: where an opening's edge is faint, only the stricter look tells it apart.
LOOKS = ((1.3, 3), (0.7, 9), (1.0, 25))
DARK_ROOM, TABLE_ROOM = 25, 9  # pixels at the searching side: twice the metal around an opening
GREY = 14.0  # steps of chroma: what is more colourful is a surface
EDGE = 2.0  # lightness steps a pixel: steeper is an edge
DARKER = 2.0  # lightness steps above the part's median that a dark opening stays below
LIT = (86.0, 15.0)  # lightness of the table in a hole, and how far it may be off: shaded, never brighter than the open
DARK_OPENING, TABLE_OPENING, LARGEST_OPENING = 0.02, 0.002, 0.4  # of the outline's area
ROUND = 0.85  # of an opening's convex hull that is calm
ELLIPTIC = 0.08  # by which its area may differ from an ellipse's
ENCLOSED, SECTORS = 0.9, 24  # of the directions in which an opening ends at an edge


def openings(lab: Plane, outline: Mask) -> Mask:
    """Through holes and bores: calm, grey, round, with an edge all around; darker than the part, or like the table."""
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.5), np.float32)
    steepness = slope(smooth)
    usual = float(np.median(lab[outline][:, 0]))
    grey = cv2.blur(np.hypot(smooth[..., 1], smooth[..., 2]), (5, 5)) < GREY
    # A highlight is brighter than the table, or as bright as white can be; the table in a hole lies in some shade.
    dark, table = smooth[..., 0] < usual + DARKER, np.abs(smooth[..., 0] - LIT[0]) < LIT[1]
    found = np.zeros(outline.shape, np.bool_)
    for like, smallest, room in ((dark, DARK_OPENING, DARK_ROOM), (table, TABLE_OPENING, TABLE_ROOM)):
        for calm, way in LOOKS:
            candidates = (outline & ~found & grey & like & (steepness < calm)).view(np.uint8)
            opened = cv2.morphologyEx(candidates, cv2.MORPH_OPEN, disc(way))
            count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
            for number in range(1, count):
                if smallest <= stats[number, cv2.CC_STAT_AREA] / outline.sum() <= LARGEST_OPENING:
                    piece = cv2.morphologyEx((labels == number).view(np.uint8), cv2.MORPH_CLOSE, disc(9)).view(np.bool_)
                    whole = hull(piece)
                    room_there = bool(outline[cv2.dilate(whole.view(np.uint8), disc(room)) > 0].all())
                    if room_there and _is_opening(piece, whole, steepness):
                        found |= cv2.dilate(whole.view(np.uint8), disc(5)).view(np.bool_)
    return found & outline


def _is_opening(piece: Mask, whole: Mask, steepness: Plane) -> bool:
    """Whether a calm piece is round, and has an edge in nearly every direction."""
    if piece.sum() < ROUND * whole.sum():
        return False
    outer, inner = (cv2.dilate(whole.view(np.uint8), disc(11)) > 0), (cv2.erode(whole.view(np.uint8), disc(3)) > 0)
    rim = outer & ~inner
    y, x = np.nonzero(rim)
    centre_y, centre_x = (float(np.mean(axis)) for axis in np.nonzero(whole))
    sector = ((np.arctan2(y - centre_y, x - centre_x) / (2 * np.pi) + 0.5) * SECTORS).astype(int) % SECTORS
    steepest = np.zeros(SECTORS)
    np.maximum.at(steepest, sector, steepness[rim])
    moments = cv2.moments(whole.view(np.uint8), binaryImage=True)
    spread = np.sqrt(max(moments["mu20"] * moments["mu02"] - moments["mu11"] ** 2, 1e-9)) / moments["m00"]
    ellipse = 4 * np.pi * spread  # the area of the ellipse with the same second moments
    return bool((steepest > EDGE).mean() > ENCLOSED and abs(moments["m00"] / ellipse - 1) < ELLIPTIC)
