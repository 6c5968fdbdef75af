"""Anomaly maps over photographs, in colours that are fixed for a model.

A level is ``(value - median) / (limit - median)``: 0 is the usual pixel of a good part, 1 the limit that the
calibration promises good parts to stay under. Colours follow the level alone, never the range of one picture, so that
a good part looks calm and two pictures can be compared. Below the limit there is at most a faint grey; from the limit
on, vermillion that becomes brighter and more opaque up to level 3 (twice the way from median to limit, beyond it).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.charts.palette import ANOMALOUS

Image = NDArray[np.uint8]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

SATURATED = 3.0  # the level at which the colour stops changing
OPACITY = 1.0

# level, red, green, blue, opacity; lightness rises with the level, also for colour-blind eyes
_STOPS = np.array(
    [
        (0.00, 96, 108, 120, 0.00),
        (0.50, 96, 108, 120, 0.00),
        (0.999, 120, 120, 120, 0.14),
        (1.00, 170, 66, 0, 0.30),
        (1.75, 213, 94, 0, 0.50),
        (SATURATED, 255, 138, 38, 0.70),
    ]
)
_ANOMALY = tuple(int(ANOMALOUS[i : i + 2], 16) for i in (1, 3, 5))
_DARK, _WHITE = (24, 24, 24), (255, 255, 255)


def overlay(
    image: Image,
    found: Map,
    *,
    median: float,
    limit: float,
    opacity: float = OPACITY,
    mask: Mask | None = None,
    outline: bool = True,
) -> Image:
    """The picture (h, w, 3) RGB with its anomaly map (any size) in the model's fixed colours.

    ``median`` and ``limit`` are ``Calibration.map_median`` and ``map_threshold(rate)``; ``opacity`` 0 to 1 scales the
    colours. ``outline`` draws the border of what exceeds the limit in vermillion; ``mask`` (h, w), if given, is
    outlined in dashed white. The input is not changed.
    """
    height, width = image.shape[:2]
    values = _enlarged(found, (width, height))
    steps = _steps(values, median, limit)
    paint, keep = _tables(round(opacity, 3))
    # applyColorMap is OpenCV's fast table look-up with three channels; it does not care what they mean.
    kept = cv2.multiply(image, cv2.applyColorMap(steps, keep), scale=1 / 255)
    result: Image = np.asarray(cv2.add(kept, cv2.applyColorMap(steps, paint)), np.uint8)
    if outline:
        _outline(result, values > limit)
    if mask is not None:
        _dashed(result, mask)
    return result


def outlines(image: Image, mask: Mask) -> Image:
    """The picture with the outline of a mask (h, w) in dashed white with a dark edge."""
    result = image.copy()
    _dashed(result, mask)
    return result


def encode_jpeg(rgb: Image, quality: int = 88) -> bytes:
    """The picture (h, w, 3) RGB as JPEG."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def encode_png(rgb: Image) -> bytes:
    """The picture (h, w, 3) RGB as PNG, lossless."""
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def scale_css() -> str:
    """The colours as a CSS gradient from level 0 to saturation, for a legend beside the picture."""
    stops = [f"rgba({r:g},{g:g},{b:g},{a:g}) {level / SATURATED:.1%}" for level, r, g, b, a in _STOPS]
    return f"linear-gradient(to right, {', '.join(stops)})"


@lru_cache(maxsize=1)
def _table() -> NDArray[np.float64]:
    """(256, 4) red, green, blue of 0 to 255 and opacity of 0 to 1, for levels 0 to ``SATURATED``."""
    levels = np.linspace(0, SATURATED, 256)
    return np.stack([np.interp(levels, _STOPS[:, 0], _STOPS[:, k]) for k in range(1, 5)], axis=1)


@lru_cache(maxsize=32)
def _tables(opacity: float) -> tuple[Image, Image]:
    """Look-up tables (256, 1, 3): the colour times its opacity, and the share of the picture that stays."""
    alpha = _table()[:, 3:] * min(max(opacity, 0.0), 1.0)
    paint = np.round(_table()[:, :3] * alpha).astype(np.uint8)
    keep = np.round(255 * (1 - alpha)).astype(np.uint8).repeat(3, axis=1)
    return paint[:, None, :], keep[:, None, :]


def _enlarged(found: Map, size: tuple[int, int]) -> Map:
    values = np.ascontiguousarray(found, np.float32)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))


def _steps(values: Map, median: float, limit: float) -> Image:
    """Levels as indices into the table; where the limit is not above the median, a level is all or nothing."""
    width = max(limit - median, 1e-12)
    scaled = values * np.float32(255 / SATURATED / width)
    scaled += np.float32(-median * 255 / SATURATED / width)
    np.clip(scaled, 0, 255, out=scaled)
    return scaled.astype(np.uint8)


def _thickness(image: Image) -> int:
    height, width = image.shape[:2]
    return int(max(1, round(max(height, width) / 500)))


def _outline(image: Image, above: Mask) -> None:
    if not above.any():
        return
    borders, _ = cv2.findContours(above.view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(image, borders, -1, _ANOMALY, _thickness(image), cv2.LINE_AA)


def _dashed(image: Image, mask: Mask) -> None:
    if not mask.any():
        return
    borders, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thickness = _thickness(image)
    dash = 5 * thickness + 3
    cv2.drawContours(image, borders, -1, _DARK, thickness + 2, cv2.LINE_AA)
    pieces = [
        border[start : start + dash]
        for border in borders
        for start in range(0, max(len(border) - dash // 2, 1), 2 * dash)
    ]
    cv2.polylines(image, pieces, False, _WHITE, thickness, cv2.LINE_8)  # smoothing would make thin white grey
