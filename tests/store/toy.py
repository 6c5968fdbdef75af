"""A detector light enough for tests of everything around detectors: the score is the mean grey of the file's bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from safetensors.numpy import load_file, save_file

from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.calibration import Calibration
from core.detectors.training import Fitted
from core.progress import Progress


class ToyParams(Params):
    gain: float = 1.0


INFO = DetectorInfo(
    name="toy",
    title="Toy",
    modality="image",
    summary="For tests.",
    paper="none",
    params=ToyParams,
    implementation="tests.store.toy:Toy",
)


class Toy(ImageDetector):
    info: ClassVar[DetectorInfo] = INFO

    def fit(self, data: ImageSet, progress: Progress) -> None:
        self.mean = float(np.mean([_value(item) for item in data.items]))

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        for done, item in enumerate(data.items):
            progress.report(done, len(data), "Scoring")
            value = abs(_value(item) - self.mean)
            picture = np.full((6, 8, 3), int(value) % 256, np.uint8)
            yield ImageScore(item.name, value, np.full((3, 4), value, np.float32), picture)

    def save(self, folder: Path) -> None:
        save_file({"mean": np.array([self.mean])}, folder / "toy.safetensors")
        (folder / "toy.json").write_text(json.dumps({"kept": True}))

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Toy:
        detector = cls(params, seed)
        detector.mean = float(load_file(folder / "toy.safetensors")["mean"][0])
        return detector

    def provenance(self) -> dict[str, Any]:
        return {"backbone": "none"}


def _value(item: ImageItem) -> float:
    return float(np.mean(np.frombuffer(item.path.read_bytes(), np.uint8)))


def fitted(data: ImageSet, gain: float = 1.0) -> Fitted:
    """A toy fitted to the normals of ``data``, half of them held out."""
    normals = data.normals()
    detector = Toy(ToyParams(gain=gain), 3)
    detector.fit(normals, Progress())
    scores = np.sort([scored.score for scored in detector.score(normals, Progress())])
    half = len(normals) // 2
    roles = {item.sha256: "fit" if place < half else "calibration" for place, item in enumerate(normals.items)}
    calibration = Calibration(scores, scores, 0.0, "held-out")
    return Fitted("toy", detector, detector.params, 3, calibration, roles, 0.25, 64.0)
