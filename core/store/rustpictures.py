"""Pictures of an analysis as a page shows them, drawn once: what is called rust, and the heat, over each photograph.

looks/<n>.<measure>.rust.png   what the measure calls rust, see-through, hatched and outlined
looks/<n>.<measure>.heat.png   its heat, see-through, on one scale for all times of a part
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.charts.rustlayers import encode_layer, full_scale, heat_layer, rust_layer
from core.progress import Progress

STAGE = "Drawing pictures"


def write_pictures(looks: Path, parts: Sequence[str], measures: Sequence[str], progress: Progress) -> None:
    """Draw the layers of all photographs in a folder of looks; ``parts[n]`` is what photograph n shows."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        members[part].append(number)
    done, total = 0, len(parts) * len(measures)
    for numbers in members.values():
        for measure in measures:
            heats = {number: _heat(looks / f"{number:04d}.{measure}.npy") for number in numbers}
            full = full_scale(heat for heat in heats.values() if heat is not None)
            for number, heat in heats.items():
                _draw(looks / f"{number:04d}.{measure}", heat, full)
                done += 1
                progress.report(done, total, STAGE)


def _draw(stem: Path, heat: NDArray[np.float32] | None, full: float) -> None:
    if heat is not None:
        stem.with_name(f"{stem.name}.heat.png").write_bytes(encode_layer(heat_layer(heat, full)))
    called = stem.with_name(f"{stem.name}.png")
    if called.is_file():
        mask = np.asarray(cv2.imread(str(called), cv2.IMREAD_GRAYSCALE)) > 0
        stem.with_name(f"{stem.name}.rust.png").write_bytes(encode_layer(rust_layer(mask)))


def _heat(path: Path) -> NDArray[np.float32] | None:
    return np.load(path, allow_pickle=False).astype(np.float32) if path.is_file() else None
