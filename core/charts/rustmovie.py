"""A part's story to take along: one time as a PNG, all of them as an animated GIF, which every slide and mail shows.

A frame is the photograph with its layer, beneath it the time, the rusted share and the curve as far as it has got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.charts.palette import ANOMALOUS, GOOD, NEUTRAL
from core.charts.shares import surface
from core.errors import UserError

Rgb = NDArray[np.uint8]

WIDTH, BAND = 800, 150  # pixels: of a frame, and of the band beneath the photograph
INK, PAPER, SOFT = "#17222B", "#FFFFFF", "#5F6F7B"
SECONDS, HOLD_S = 1.2, 3.0  # a frame is shown so long, the last one longer


@dataclass(frozen=True)
class Scene:
    """One time of a part: the photograph (h, w, 3) as it shall be seen, ``when`` and ``told`` in words, and the
    rusted share as a fraction."""

    picture: Rgb
    when: str
    told: str
    share: float


def frames(title: str, scenes: Sequence[Scene], limit: float) -> list[Rgb]:
    """All frames of a story, of one size, the curve growing from one to the next."""
    if not scenes:
        raise UserError("There is no photograph to show", title, "Analyse the part again")
    height = max(round(WIDTH * scene.picture.shape[0] / scene.picture.shape[1]) for scene in scenes)
    height = min(height, WIDTH)
    return [_frame(title, scenes, at, limit, height) for at in range(len(scenes))]


def _frame(title: str, scenes: Sequence[Scene], at: int, limit: float, height: int) -> Rgb:
    frame = Image.new("RGB", (WIDTH, height + BAND), PAPER)
    picture = Image.fromarray(scenes[at].picture)
    scale = min(WIDTH / picture.width, height / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    frame.paste(picture, ((WIDTH - picture.width) // 2, (height - picture.height) // 2))
    draw, scene = ImageDraw.Draw(frame), scenes[at]
    over = scene.share >= limit
    told = f"{scene.told} · over the limit" if over else scene.told
    for down, size, ink, text in (
        (14, 20, SOFT, f"{title} · {scene.when}"),
        (40, 40, ANOMALOUS if over else INK, f"{surface(scene.share)} rusted"),
        (100, 18, SOFT, told),
    ):
        # The font has no sign for a space that does not break, and no line breaks here.
        draw.text((24, height + down), text.replace("\u00a0", " "), fill=ink, font=_font(size))
    _curve(draw, [one.share for one in scenes], at, limit, (WIDTH // 2 + 100, height + 24, WIDTH - 28, height + 122))
    return np.asarray(frame)


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _curve(
    draw: ImageDraw.ImageDraw, shares: Sequence[float], at: int, limit: float, box: tuple[int, int, int, int]
) -> None:
    """The curve up to ``at`` within ``box`` (left, top, right, bottom), and the limit where it is near enough."""
    left, top, right, bottom = box
    highest = max(max(shares), 1e-4)
    highest = 1.1 * max(highest, limit if limit < 3 * highest else 0.0)
    points = [
        (left + (right - left) * k / max(len(shares) - 1, 1), bottom - (bottom - top) * share / highest)
        for k, share in enumerate(shares[: at + 1])
    ]
    draw.line((left, bottom, right, bottom), fill=NEUTRAL, width=1)
    if limit <= highest:
        level = bottom - (bottom - top) * limit / highest
        for start in range(left, right, 14):
            draw.line((start, level, start + 8, level), fill=ANOMALOUS, width=2)
    if len(points) > 1:
        draw.line(points, fill=GOOD, width=4, joint="curve")
    for k, (x, y) in enumerate(points):
        size, colour = (8 if k == at else 5), ANOMALOUS if shares[k] >= limit else GOOD
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
