"""Drawn scenes: a grey disc on a lit table, whatever of rust, holes, shadow and cast a test asks for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.severity.measures.base import View
from core.severity.normalise import normalised_lab
from core.severity.part import find_part
from core.severity.types import Mask, Photo, Rgb

SIZE = (240, 320)
CENTRE, RADIUS = (160, 120), 80
RUST = (150, 82, 40)


def disc(radius: float, centre: tuple[int, int] = CENTRE) -> Mask:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.asarray(np.hypot(x - centre[0], y - centre[1]) <= radius)


def scene(
    *,
    rust: Mask | None = None,
    hole: float = 0,
    shadow: bool = False,
    metal: int = 120,
    grain: float = 40,
    table: int = 225,
    gain: tuple[float, float, float] = (1, 1, 1),
    pale: Mask | None = None,
    seed: int = 0,
) -> Rgb:
    """A brushed disc of grey ``metal``, with rust and pale deposits where asked, under light of channel gains."""
    rng = np.random.default_rng(seed)
    ground = np.full((*SIZE, 3), float(table))
    if shadow:
        soft = cv2.GaussianBlur(disc(RADIUS, (CENTRE[0] + 14, CENTRE[1] + 10)).astype(np.float32), (0, 0), 12)
        ground *= 1 - 0.35 * soft[..., None]
    part = disc(RADIUS) & ~disc(hole)
    brushed = metal + cv2.GaussianBlur(rng.normal(0, grain, SIZE), (0, 0), 1.0)
    picture = np.where(part[..., None], brushed[..., None], ground)
    if rust is not None:
        picture[rust & part] = np.array(RUST) + rng.normal(0, 6, (int((rust & part).sum()), 3))
    if pale is not None:
        crust = 200 + cv2.GaussianBlur(rng.normal(0, 60, SIZE), (0, 0), 1.5)
        picture[pale & part] = crust[pale & part, None]
    picture = cv2.GaussianBlur(picture, (0, 0), 0.7) * np.array(gain) + rng.normal(0, 1, (*SIZE, 3))
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def view(rgb: Rgb, hours: float = 0, name: str = "main") -> View:
    part = find_part(rgb)
    return View(Photo("disc", hours, name, Path(f"disc-T{hours:g}.png")), rgb, normalised_lab(rgb, part), part)


def save(rgb: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(rgb).save(path)
