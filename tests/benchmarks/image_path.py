"""Where the time of one image goes, from file to verdict, beside the bare forward pass of the backbone.

    python -m tests.benchmarks.image_path [--data DIR] [--images N] [--bank ROWS …] [--json]

All steps take turns in one process, so that a busy machine slows all alike; a figure is the mean over the images of a
round, and every round gives one. The bare forward pass is the plain network under autocast, in torch, on batches that
are ready in memory: what no detector with this backbone can be quicker than without another engine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.allocator import keep_large_blocks
from core.datasets.images import load_rgb
from core.datasets.readers import read
from core.datasets.types import ImageSet
from core.detectors.registry import parameters
from core.detectors.training import Fitted, train
from core.features.patches import BATCH, PatchExtractor, each_batch
from core.progress import Progress
from core.store.modelfolder import write_model
from core.store.scoring import score_folder
from tests.benchmarks.inspect_parts import SHARED, SIZE

ROUNDS, ROUNDS_OF_FITS = 5, 3  # after one that only warms up
BANKS = (2_048, 12_000)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED / "datasets" / "magnetic_tile")
    options.add_argument("--weights", type=Path, default=SHARED / "weights")
    options.add_argument("--backbone", default="resnet18")
    options.add_argument("--images", type=int, default=200)
    options.add_argument("--bank", type=int, nargs="*", default=BANKS)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    os.environ["FAULTLINE_WEIGHTS_DIR"] = str(asked.weights)
    keep_large_blocks()
    found = measured(asked.data, asked.backbone, asked.images, asked.bank)
    if asked.json:
        json.dump(found, sys.stdout)
        return
    bare = np.median(found["steps"]["bare forward pass"])
    for step, values in found["steps"].items():
        print(f"{step}: {np.median(values):.2f} ms, {np.median(values) / bare:.2f} times the bare forward pass")
    for name, value in found["fit"].items():
        print(f"{name}: {value:.2f}")


def measured(folder: Path, backbone: str, count: int, banks: list[int]) -> dict[str, Any]:
    """``steps``: ms an image of each round; ``fit``: seconds, and times the extraction."""
    data = read(folder)
    normals = data.normals()
    learned = replace(normals, items=normals.items[:count])
    judged = replace(data.test(), items=data.test().items[:: max(1, len(data.test()) // (count // 2))][: count // 2])
    fitted, fit = _fits(learned, backbone, banks)
    with tempfile.TemporaryDirectory() as scratch:
        models = {bank: Path(scratch) / f"model-{bank}" for bank in banks}
        for bank, path in models.items():
            write_model(path, fitted[bank], name=str(bank), dataset=data)
        steps = _steps(judged, backbone, fitted) | {
            f"file to verdict, maps written, bank {bank}": lambda n, p=path: score_folder(
                p, judged, Path(scratch) / f"run-{p.name}-{n}", Progress(), everything=True
            )
            for bank, path in models.items()
        }
        times: dict[str, list[float]] = {name: [] for name in steps}
        for number in range(-1, ROUNDS):
            for name, step in steps.items():
                started = time.perf_counter()
                step(number)
                if number >= 0:
                    times[name].append(1000 * (time.perf_counter() - started) / len(judged))
    return {"steps": times, "fit": fit, "images": len(judged)}


def _fits(learned: ImageSet, backbone: str, banks: list[int]) -> tuple[dict[int, Fitted], dict[str, float]]:
    """A model for each size of bank, and what its fit took beside bare feature extraction of the same images."""
    extractor = PatchExtractor(_params(backbone, BANKS[0]).backbone, SIZE)
    fitted, seconds = {}, dict[str, list[float]]()
    for number in range(-1, ROUNDS_OF_FITS):
        started = time.perf_counter()
        for _, pixels in each_batch(learned.items, SIZE, np.asarray):
            extractor.patches(pixels)
        if number >= 0:
            seconds.setdefault(f"extraction of {len(learned)} images, s", []).append(time.perf_counter() - started)
        for bank in banks:
            fitted[bank] = train("patchcore", _params(backbone, bank), 0, learned, Progress())
            if number >= 0:
                seconds.setdefault(f"fit with bank {bank}, s", []).append(fitted[bank].fit_seconds)
    fit = {name: float(np.median(values)) for name, values in seconds.items()}
    bare, *rest = seconds.values()
    for bank, values in zip(banks, rest, strict=True):
        fit[f"fit with bank {bank}, times the extraction"] = float(np.median(np.divide(values, bare)))
    return fitted, fit


def _params(backbone: str, bank: int) -> Any:
    return parameters("patchcore", {"backbone": backbone, "image_size": SIZE, "bank_size": bank})


def _steps(judged: ImageSet, backbone: str, fitted: dict[int, Fitted]) -> dict[str, Callable[[int], Any]]:
    """What a round does with all images, by name."""
    extractor = PatchExtractor(_params(backbone, BANKS[0]).backbone, SIZE)
    pixels = [pixels for _, pixels in each_batch(judged.items, SIZE, np.asarray)]
    ready = [torch.from_numpy(part).permute(0, 3, 1, 2).float() for part in pixels]

    @torch.inference_mode()
    def forward(_: int) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=extractor.precision == "bfloat16"):
            for batch in ready:
                extractor.backbone.stages(batch)

    def decode(_: int) -> None:
        for item in judged.items:
            load_rgb(item.path, (SIZE, SIZE))

    def features(_: int) -> None:
        for part in pixels:
            extractor.patches(part)

    assert all(len(part) <= BATCH for part in pixels)
    steps: dict[str, Callable[[int], Any]] = {
        "bare forward pass": forward,
        "decoding": decode,
        "patch features of pixels": features,
    }
    for bank, one in fitted.items():
        steps[f"file to verdict, bank {bank}"] = lambda _, d=one.detector: list(d.score(judged, Progress()))
    return steps


if __name__ == "__main__":
    main()
