"""What lies over a photograph of a rusting part: see-through pictures whose strength the page sets by itself.

Rust is brown and vermillion would vanish on it, so the page takes the colour out of the photograph beneath a layer, and
the pixels called rust carry a second sign: a hatching and an outline. The colours of a heatmap follow the evidence
alone, never the range of one picture, so that a good part looks calm and two times can be compared.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.charts.palette import ANOMALOUS

Rgb = NDArray[np.uint8]
Rgba = NDArray[np.uint8]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Layer:
    """A see-through picture of few colours: ``index`` (h, w) into ``colours`` (k, 4), RGBA."""

    index: Rgb
    colours: Rgba

    @property
    def rgba(self) -> Rgba:
        """(h, w, 4)"""
        return np.asarray(self.colours[self.index])


SIDE = 960  # pixels of the longer side, as the stage shows a photograph
HEAT_SIDE = 480  # a heatmap is smooth: the browser enlarges it
_HUE = tuple(int(ANOMALOUS[i : i + 2], 16) for i in (1, 3, 5))

FILL, STRIPE, EDGE = 1, 2, 3  # places in the palette of what is called rust: its area, its hatching, its outline
_RUST = np.array([(0, 0, 0, 0), (*_HUE, 120), (*_HUE, 235), (255, 196, 140, 255)], np.uint8)

VEIL, DARK, LIGHT = 1, 2, 3  # outside the part; the two lines that mark its border on any ground
_PART = np.array([(0, 0, 0, 0), (16, 23, 29, 150), (24, 24, 24, 255), (255, 255, 255, 255)], np.uint8)

# evidence, red, green, blue, opacity; at most a faint grey below the level from which on a pixel is called rust
_STOPS = np.array(
    [
        (0.00, 96, 108, 120, 0),
        (0.25, 96, 108, 120, 0),
        (0.49, 120, 120, 120, 40),
        (0.50, 170, 66, 0, 110),
        (0.75, *_HUE, 190),
        (1.00, 255, 176, 80, 235),
    ],
    float,
)
_HEAT = np.round(
    np.stack([np.interp(np.linspace(0, 1, 64), _STOPS[:, 0], _STOPS[:, k]) for k in range(1, 5)], axis=1)
).astype(np.uint8)


def fitted(width: int, height: int, side: int = SIDE) -> tuple[int, int]:
    """(width, height) scaled down to ``side`` at most; never enlarged."""
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def heat_layer(heat: Map) -> Layer:
    """The evidence (h, w) in [0, 1], 0.5 where a pixel begins to be called rust; at most ``HEAT_SIDE`` large."""
    small = cv2.resize(heat, fitted(heat.shape[1], heat.shape[0], HEAT_SIDE), interpolation=cv2.INTER_AREA)
    levels = np.clip(np.nan_to_num(small), 0, 1)
    return Layer(np.round(levels * (len(_HEAT) - 1)).astype(np.uint8), _HEAT)


def rust_layer(mask: Mask, side: int = SIDE) -> Layer:
    """The pixels called rust (h, w): vermillion with a hatching and an outline, at most ``side`` large."""
    called = _shrunk(mask, side)
    height, width = called.shape
    period = max(8, max(called.shape) // 80)
    rows, columns = np.arange(height, dtype=np.int32)[:, None], np.arange(width, dtype=np.int32)
    striped = (rows + columns) % period < max(2, period // 4)
    index = np.asarray(called * (FILL + striped * np.uint8(STRIPE - FILL)), np.uint8)
    borders, _ = cv2.findContours(called, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(index, borders, -1, EDGE, 1)
    return Layer(index, _RUST)


def part_layer(part: Mask, side: int = SIDE) -> Layer:
    """The border of the part (h, w), and a veil over everything that does not count as the part."""
    inside = _shrunk(part, side)
    index = np.asarray((1 - inside) * VEIL, np.uint8)
    borders, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thickness = max(2, round(max(inside.shape) / 400))
    cv2.drawContours(index, borders, -1, DARK, thickness + 2)
    cv2.drawContours(index, borders, -1, LIGHT, thickness)
    return Layer(index, _PART)


def _shrunk(mask: Mask, side: int) -> Rgb:
    """The mask at most ``side`` large, (h, w) of 0 and 1."""
    size = fitted(mask.shape[1], mask.shape[0], side)
    half = cv2.resize(mask.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return np.asarray(half > 127).view(np.uint8)


def flattened(photo: Rgb, layer: Layer | None) -> Rgb:
    """The photograph (h, w, 3) under a layer of any size, as the stage shows it: grey beneath, colours above."""
    if layer is None:
        return photo
    grey = cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return covered(np.asarray(grey, np.uint8), layer)


def covered(photo: Rgb, layer: Layer) -> Rgb:
    """The photograph (h, w, 3) in its own colours under a layer of any size."""
    height, width = photo.shape[:2]
    over = cv2.resize(layer.rgba, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    alpha = over[..., 3:] / 255
    blended: Rgb = np.round(photo * (1 - alpha) + over[..., :3] * alpha).astype(np.uint8)
    return blended


def encode_layer(layer: Layer) -> bytes:
    """A layer as PNG with a palette: a tenth of the time and of the size of one with four channels."""
    picture = Image.fromarray(layer.index, "P")
    picture.putpalette(layer.colours[:, :3].tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=layer.colours[:, 3].tobytes(), compress_level=2)
    return out.getvalue()


def decode_layer(png: bytes) -> Layer:
    """A layer back from its PNG."""
    picture = Image.open(io.BytesIO(png))
    alpha = np.frombuffer(picture.info["transparency"], np.uint8)
    colours = np.array(picture.getpalette(), np.uint8).reshape(-1, 3)[: len(alpha)]
    return Layer(np.asarray(picture), np.column_stack([colours, alpha]))
