"""A small generated folder in VisA's published layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

ROWS = (
    ("candle", "train", "normal", "candle/Data/Images/Normal/0000.JPG", ""),
    ("candle", "test", "normal", "candle/Data/Images/Normal/0001.JPG", ""),
    ("candle", "test", "anomaly", "candle/Data/Images/Anomaly/000.JPG", "candle/Data/Masks/Anomaly/000.png"),
    ("pcb1", "train", "normal", "pcb1/Data/Images/Normal/0000.JPG", ""),
    ("pcb1", "test", "anomaly", "pcb1/Data/Images/Anomaly/000.JPG", "pcb1/Data/Masks/Anomaly/000.png"),
)


def write_visa(root: Path, *, rows: tuple[tuple[str, ...], ...] = ROWS) -> Path:
    """A folder in VisA's layout: defect classes are small numbers in the masks."""
    rng = np.random.default_rng(0)
    for _, _, _, image, mask in rows:
        path = root / image
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), rng.integers(0, 255, (32, 32, 3), dtype=np.uint8))
        if mask:
            marked = np.zeros((32, 32), np.uint8)
            marked[8:16, 8:16] = 3
            (root / mask).parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(root / mask), marked)
        (root / image.split("/")[0] / "image_anno.csv").write_text("image,label,mask\n")
    table = root / "split_csv" / "1cls.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("object,split,label,image,mask\n" + "".join(",".join(row) + "\n" for row in rows))
    return root
