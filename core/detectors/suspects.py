"""Which of the "good" training images look wrong? Asked before training: a few defects in the bank hide their kind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.datasets.types import ImageSet
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.errors import UserError
from core.features.backbones_info import Backbone
from core.progress import Progress

OUTLYING = 3.5  # robust z beyond which Iglewicz & Hoaglin (1993) call a value an outlier


def leave_one_out(data: ImageSet, backbone: Backbone, progress: Progress, seed: int = 0) -> dict[str, float]:
    """Score of each image against all the others, by item name; higher looks less like the rest."""
    if len(data) < 3:
        raise UserError(f"«{data.name}» has {len(data)} good training images", "", "At least 3 can be compared")
    detector = PatchCore(PatchCoreParams(backbone=backbone), seed)
    detector.fit(data, progress.part(0.0, 0.5))
    return dict(detector.leave_one_out(data, progress.part(0.5, 1.0)))


def suspicious(scores: Mapping[str, float]) -> list[str]:
    """The names whose score stands far above the others', most suspicious first; often none."""
    values = np.array(list(scores.values()))
    median = np.median(values)
    spread = np.median(np.abs(values - median)) / 0.6745
    if spread == 0:
        return []
    names = [name for name, score in scores.items() if (score - median) / spread > OUTLYING]
    return sorted(names, key=lambda name: -scores[name])
