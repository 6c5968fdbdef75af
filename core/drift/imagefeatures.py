"""What a photograph says apart from any detector's score: its light and focus, and a network's code of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.drift.blocks import Floats
from core.progress import Progress

LIGHT = ("brightness", "contrast", "warmth", "sharpness", "fall-off", "blocks")
CODE_SIDE = 128  # pixels at which the network sees a photograph
COMPONENTS = 8  # of the code that are watched
_LEAST = 1e-3  # so that what is quite dark or quite flat has a logarithm
_GRID = 8  # pixels of a JPEG block

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Looks:
    """Of n photographs: ``light`` (n, 6), see ``LIGHT``; ``code`` (n, c), the mean patch feature of the compact
    backbone."""

    light: Floats
    code: Floats


def looks(pictures: Sequence[Pixels], progress: Progress) -> Looks:
    """Of RGB photographs (h, w, 3) of any size."""
    from core.features.patches import BATCH, PatchExtractor

    extractor, codes = PatchExtractor("compact", CODE_SIDE, "3"), []
    for start in range(0, len(pictures), BATCH):
        part = pictures[start : start + BATCH]
        small = np.stack([cv2.resize(one, (CODE_SIDE, CODE_SIDE), interpolation=cv2.INTER_AREA) for one in part])
        codes.append(extractor.patches(small.astype(np.uint8)).mean(1).numpy())
        progress.report(start + len(part), len(pictures), "Looking at light and code")
    return Looks(np.array([light(one) for one in pictures]), np.concatenate(codes).astype(np.float64))


def light(picture: Pixels) -> Floats:
    """(6,) of a photograph (h, w, 3): mean grey; its standard deviation; red less blue, each 0 to 1; natural logarithm
    of the Laplacian's variance; of the light in the corners over that in the middle; and of the steps across the
    borders of 8-pixel blocks over those within."""
    values = picture.astype(np.float32) / 255
    grey = values.mean(axis=2)
    height, width = grey.shape
    y, x = height // 4, width // 4
    corners = np.mean([grey[:y, :x].mean(), grey[:y, -x:].mean(), grey[-y:, :x].mean(), grey[-y:, -x:].mean()])
    middle = grey[y : height - y, x : width - x].mean()
    laplacian = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    border = np.arange(1, width) % _GRID == 0
    return np.array(
        [
            grey.mean(),
            grey.std(),
            values[..., 0].mean() - values[..., 2].mean(),
            np.log(laplacian + _LEAST**2),
            np.log((corners + _LEAST) / (middle + _LEAST)),
            np.log((steps[border].mean() + _LEAST) / (steps[~border].mean() + _LEAST)),
        ],
        np.float64,
    )


def components(reference: Floats, count: int = COMPONENTS) -> tuple[Floats, Floats]:
    """Mean (c,) and the leading principal directions (c, k) of codes (r, c), k at most ``count`` and r - 1."""
    centre = reference.mean(axis=0)
    _, _, directions = np.linalg.svd(reference - centre, full_matrices=False)
    return centre, directions[: min(count, len(reference) - 1)].T
