"""Pictures of an analysis as a page shows them, drawn once: what is called rust, and the heat, over each photograph.

looks/<n>.<measure>.rust.png   what the measure calls rust, see-through, hatched and outlined
looks/<n>.<measure>.heat.png   its heat, see-through, in colours that follow the evidence alone
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from core.charts.rustlayers import encode_layer, heat_layer, rust_layer
from core.progress import Progress

STAGE = "Drawing pictures"


def write_pictures(looks: Path, n: int, measures: Sequence[str], progress: Progress) -> None:
    """Draw the layers of all ``n`` photographs in a folder of looks."""
    for number in range(n):
        for measure in measures:
            _draw(looks / f"{number:04d}.{measure}")
        progress.report(number + 1, n, STAGE)


def _draw(stem: Path) -> None:
    heat, called = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("npy", "png"))
    if heat.is_file():
        layer = heat_layer(np.load(heat, allow_pickle=False).astype(np.float32))
        stem.with_name(f"{stem.name}.heat.png").write_bytes(encode_layer(layer))
    if called.is_file():
        mask = np.asarray(cv2.imread(str(called), cv2.IMREAD_GRAYSCALE)) > 0
        stem.with_name(f"{stem.name}.rust.png").write_bytes(encode_layer(rust_layer(mask)))
