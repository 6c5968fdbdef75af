"""Outlines as pictures of true and false: pieces, gaps, hulls, and the completion of round parts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.severity.background import Plane
from core.severity.types import Mask

APART = 0.2  # of the largest piece: smaller pieces are crumbs
FIT = 0.015  # of the radius: a rim this near to its ellipse lies on it
COVERED = 0.6  # of all directions in which the rim must lie on its ellipse
PROTRUDING = 0.05  # of the outline's points that may lie outside it
FAINT = 0.5  # of the rim's usual steepness: a boundary below it is where light and background happen to match
SHOWS = 1.5  # times the background's steepness that a faint rim has
SECTORS = 72

# Centre (x, y), full axes and turn in degrees, as OpenCV has it.
Ellipse = tuple[Sequence[float], Sequence[float], float]


def slope(lab: Plane) -> Plane:
    """Gradient magnitude of lightness and colour together, steps a pixel."""
    x, y = (cv2.Sobel(lab, cv2.CV_32F, dx, dy, ksize=3) / 8 for dx, dy in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt((x * x + y * y).sum(axis=2)))


def pieces(mask: Mask, share: float = APART) -> Mask:
    """Connected pieces at least ``share`` as large as the largest, thin bridges cut first."""
    opened = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, disc(3))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return np.zeros(mask.shape, np.bool_)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.asarray(np.isin(labels, 1 + np.flatnonzero(areas >= share * areas.max())))


def filled(mask: Mask) -> Mask:
    """Without its inner gaps."""
    padded = np.pad(mask.view(np.uint8), 1)
    outside = padded.copy()
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.asarray(outside[1:-1, 1:-1] != 2)


def smoothed(mask: Mask) -> Mask:
    """Without the hairs and nicks that a flood leaves where the outline is soft."""
    return np.asarray(cv2.medianBlur(mask.view(np.uint8) * 255, 7) > 127)


def hull(mask: Mask) -> Mask:
    """The convex hull of a connected region."""
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    canvas = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(canvas, cv2.convexHull(points), 1)
    return canvas.view(np.bool_)


def disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def completed(outline: Mask, steepness: Plane) -> Mask:
    """A round part whose rim is missing where it is as bright as the background: the missing piece added.

    Only if the rest of the rim lies on one ellipse, nothing stands out of it, and what bounds the gap is no real edge.
    """
    contours, _ = cv2.findContours(outline.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return outline
    rim = max(contours, key=len)[:, 0].astype(np.float32)
    fitted = _ellipse(rim)
    if fitted is None:
        return outline
    centre, axes, turn = fitted
    distance, angle = _from_ellipse(rim, fitted)
    covered = np.unique(((angle / (2 * np.pi) + 0.5) * SECTORS).astype(int)[np.abs(distance) < FIT])
    if len(covered) < COVERED * SECTORS or (distance > FIT).mean() > PROTRUDING:
        return outline
    ring, whole = np.zeros(outline.shape, np.uint8), np.zeros(outline.shape, np.uint8)
    cv2.ellipse(ring, (centre, axes, turn), 1, 1)
    cv2.ellipse(whole, (centre, axes, turn), 1, -1)
    steepest = cv2.dilate(steepness, disc(5))
    usual = float(np.median(steepest[_along(rim[np.abs(distance) < FIT])]))
    gap = rim[distance < -2 * FIT]
    missing = ring.view(np.bool_) & (cv2.dilate(outline.view(np.uint8), disc(9)) == 0)
    outside = (whole == 0) & ~outline
    if len(gap) and missing.any() and outside.any():
        real_edge = float(np.median(steepest[_along(gap)])) > FAINT * usual
        # Rust that ends at the gap is a real edge, too: then the missing rim itself must show, however faintly.
        rim_shows = float(np.median(steepest[missing])) > SHOWS * float(np.median(steepest[outside]))
        if real_edge and not rim_shows:
            return outline
    return np.asarray(outline | whole.view(np.bool_))


def _ellipse(rim: NDArray[np.float32]) -> Ellipse | None:
    """The ellipse on which most of an outline's points (n, 2) lie, by Fitzgibbon's direct method (IEEE TPAMI 1999).

    The better of two robust fits: to the outline's hull, inside which a gap lies, and to what is near its enclosing
    circle.
    """
    (x, y), radius = cv2.minEnclosingCircle(rim)
    round_ones = rim[np.abs(np.hypot(rim[:, 0] - x, rim[:, 1] - y) / radius - 1) < 2 * FIT]
    best, most = None, 0
    for points in (cv2.convexHull(rim)[:, 0], round_ones):
        for _ in range(5):
            if len(points) < 12:
                break
            fitted = cv2.fitEllipseDirect(points)
            if not np.isfinite(fitted[1]).all() or min(fitted[1]) < 2:
                break
            points = rim[np.abs(_from_ellipse(rim, fitted)[0]) < FIT]
            if len(points) > most:
                best, most = fitted, len(points)
    return best


def _from_ellipse(points: NDArray[np.float32], ellipse: Ellipse) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance of points (n, 2) beyond an ellipse, in radii, and their direction from its centre."""
    centre, axes, turn = ellipse
    x, y = (points - np.array(centre)).T
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    along, across = (c * x + s * y) / (axes[0] / 2), (c * y - s * x) / (axes[1] / 2)
    return np.hypot(along, across) - 1, np.arctan2(across, along)


def _along(points: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    x, y = points.astype(np.int64).T
    return y, x
