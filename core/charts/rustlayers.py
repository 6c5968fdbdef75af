"""What lies over a photograph of a rusting part: see-through pictures whose strength the page sets by itself.

Rust is brown and vermillion would vanish on it, so the page takes the colour out of the photograph beneath a layer, and
the pixels called rust carry a second sign: a hatching and an outline. The colours of a heatmap follow ``full`` alone,
which is the same for every time of a part, so that two times can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.charts.palette import ANOMALOUS

Rgb = NDArray[np.uint8]
Rgba = NDArray[np.uint8]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

SIDE = 960  # pixels of the longer side, as the stage shows a photograph
HEAT_SIDE = 480  # a heatmap is smooth: the browser enlarges it
FILL, STRIPE, EDGE = 120, 235, 255  # opacity of what is called rust, of its hatching and of its outline
_HUE = tuple(int(ANOMALOUS[i : i + 2], 16) for i in (1, 3, 5))
_BRIGHT = (255, 196, 140)

# share of ``full``, red, green, blue, opacity; nothing where there is no evidence, brighter where there is more
_STOPS = np.array(
    [
        (0.00, 120, 52, 0, 0),
        (0.10, 120, 52, 0, 0),
        (0.35, 170, 70, 0, 120),
        (0.70, *_HUE, 205),
        (1.00, 255, 190, 90, 240),
    ],
    float,
)


def fitted(width: int, height: int, side: int = SIDE) -> tuple[int, int]:
    """(width, height) scaled down to ``side`` at most; never enlarged."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def heat_layer(heat: Map, full: float) -> Rgba:
    """The evidence (h, w) as a see-through picture, at most ``HEAT_SIDE`` large; ``full`` is where colours end."""
    small = cv2.resize(heat, fitted(heat.shape[1], heat.shape[0], HEAT_SIDE), interpolation=cv2.INTER_AREA)
    levels = np.clip(np.nan_to_num(small) / max(full, 1e-12), 0, 1)
    table = np.stack([np.interp(np.linspace(0, 1, 256), _STOPS[:, 0], _STOPS[:, k]) for k in range(1, 5)], axis=1)
    painted: Rgba = np.round(table).astype(np.uint8)[np.round(levels * 255).astype(np.uint8)]
    return painted


def rust_layer(mask: Mask, side: int = SIDE) -> Rgba:
    """The pixels called rust (h, w): vermillion with a hatching and an outline, at most ``side`` large."""
    size = fitted(mask.shape[1], mask.shape[0], side)
    called = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
    height, width = called.shape
    layer = np.zeros((height, width, 4), np.uint8)
    layer[called] = (*_HUE, FILL)
    period = max(8, max(size) // 80)
    rows, columns = np.ogrid[:height, :width]
    layer[called & ((rows + columns) % period < max(2, period // 4))] = (*_HUE, STRIPE)
    borders, _ = cv2.findContours(called.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(layer, borders, -1, (*_BRIGHT, EDGE), max(1, round(max(size) / 640)))
    return layer


def part_layer(part: Mask, side: int = SIDE) -> Rgba:
    """The border of the part (h, w), and a veil over everything that does not count as the part."""
    size = fitted(part.shape[1], part.shape[0], side)
    inside = cv2.resize(part.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
    layer = np.zeros((*inside.shape, 4), np.uint8)
    layer[~inside] = (16, 23, 29, 150)
    borders, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    thickness = max(2, round(max(size) / 400))
    cv2.drawContours(layer, borders, -1, (24, 24, 24, 255), thickness + 2, cv2.LINE_AA)
    cv2.drawContours(layer, borders, -1, (255, 255, 255, 255), thickness, cv2.LINE_AA)
    return layer


def full_scale(maps: Iterable[Map]) -> float:
    """Where the colours of a part's heatmaps end: what one pixel in two hundred exceeds at the worst of its times."""
    return max((float(np.quantile(found, 0.995)) for found in maps), default=0.0)


def flattened(photo: Rgb, layer: Rgba | None, opacity: float = 1.0) -> Rgb:
    """The photograph (h, w, 3) under a layer of any size, as the stage shows it: grey beneath, colours above."""
    if layer is None:
        return photo
    height, width = photo.shape[:2]
    over = cv2.resize(layer, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.float32)
    alpha = over[..., 3:] / 255 * opacity
    blended: Rgb = np.round(grey * (1 - alpha) + over[..., :3] * alpha).astype(np.uint8)
    return blended


def encode_layer(layer: Rgba) -> bytes:
    """A see-through picture (h, w, 4) as PNG."""
    _, data = cv2.imencode(".png", cv2.cvtColor(layer, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 4])
    return data.tobytes()


def decode_layer(png: bytes) -> Rgba:
    """A see-through picture back from its PNG."""
    found = np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA), np.uint8)
