"""Small changes that leave a good part good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHIFT = 6  # pixels, each way
BRIGHTNESS = 0.08  # share, each way


def augment(pixels: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Images (b, h, w, 3) shifted by up to ``SHIFT`` pixels (borders repeated) and up to 8 % brighter or darker.

    No mirror images or turns: where a part's place or handedness is wrong, that may be the defect.
    """
    height, width = pixels.shape[1:3]
    changed = np.empty_like(pixels)
    for index, image in enumerate(pixels):
        top, left = generator.integers(0, 2 * SHIFT + 1, 2)
        gain = generator.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS)
        padded = np.pad(image, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
        shifted = padded[top : top + height, left : left + width]
        changed[index] = np.clip(shifted * np.float32(gain) + np.float32(0.5), 0, 255).astype(np.uint8)
    return changed
