"""Pictures to take along: many as one sheet, a sequence as a film that every slide and mail shows."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
GAP = 8  # white pixels between the pictures of a sheet


def decoded(encoded: bytes) -> Rgb:
    """(h, w, 3) of a JPEG or PNG that the app made itself."""
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))


def to_gif(shown: Sequence[Rgb], seconds: float, hold_s: float) -> bytes:
    """Pictures of one size as a GIF that repeats for ever: each for so many ``seconds``, the last for ``hold_s``. Each
    has a palette of its own."""
    pictures = [Image.fromarray(frame).quantize(160, dither=Image.Dither.FLOYDSTEINBERG) for frame in shown]
    times = [round(1000 * seconds)] * (len(pictures) - 1) + [round(1000 * hold_s)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=times, loop=0)
    return out.getvalue()


def sheet(pictures: Sequence[Rgb], columns: int) -> Rgb:
    """Pictures of one size (h, w, 3) on white, so many in a row."""
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    whole = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        whole[top : top + height, left : left + width] = picture
    return whole
