"""Runs written by hand for the tests of comparisons."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.compare.contestants import Contestant
from core.datasets.images import load_mask
from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import ImageScore
from core.detectors.calibration import Calibration
from core.store.runfolder import FORMAT, Run, RunInfo, RunWriter

CALIBRATION = Calibration(np.linspace(0, 1, 39), np.linspace(0, 1, 39), 0.1, "held-out")  # lowest rate 1 / 40
SHAPE = (16, 24)


def dataset(folder: Path, labels, *, name="parts", split="test", masks=True) -> ImageSet:
    """One picture per label; the bad ones have a mask, small for even and large for odd places."""
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for place, label in enumerate(labels):
        path = folder / f"{place:03}.png"
        cv2.imwrite(str(path), np.full((*SHAPE, 3), 90 + place, np.uint8))
        mask = None
        if label == "bad" and masks:
            mask = folder / f"{place:03}_mask.png"
            marked = np.zeros(SHAPE, np.uint8)
            marked[2 : 4 + 8 * (place % 2), 3:9] = 255
            cv2.imwrite(str(mask), marked)
        defect = ("dent", "<b>scratch</b>")[place % 2] if label == "bad" else None
        items.append(
            ImageItem(
                path.name, path, split, "part", label, defect, SHAPE[1], SHAPE[0], f"{place:064}", mask,
                None if mask is None else f"{place:064}",
            )
        )  # fmt: skip
    return ImageSet(name, folder, "mvtec", tuple(items))


def run(folder: Path, data: ImageSet, scores, model: str, *, roles=None, only=None, strength=1.0) -> Run:
    """A run whose maps are noise, raised by the score inside the mask times ``strength``."""
    rng, roles = np.random.default_rng(len(model)), roles or {}
    with RunWriter(folder) as writer:
        for item, score in zip(data.items, scores, strict=True):
            if only is not None and item.name not in only:
                continue
            found = rng.random(SHAPE, np.float32)
            if item.mask is not None:
                found += strength * float(score) * load_mask(item.mask, SHAPE[::-1])
            scored = ImageScore(item.name, float(score), found.astype(np.float32), None)
            p = float(CALIBRATION.p_value(score))
            writer.write(item, scored, p, roles.get(item.name, "unseen"))
        writer.finish(
            RunInfo(
                format=FORMAT, model_id=model, model_name=f"model {model}", detector="patchcore",
                dataset_id=data.content_id, dataset_name=data.name, n_images=len(scores), seconds=1.0,
                ms_per_image=10.0, fit_seconds=2.0, peak_rss_mib=100.0, created_at=0.0,
            )
        )  # fmt: skip
    return Run(folder)


def contestant(found: Run, **rest) -> Contestant[Run]:
    return Contestant(found, found.info.model_name, calibration=CALIBRATION, **rest)
