"""The VAE with its default settings beside the plain difference to the mean normal image.

    python -m tests.benchmarks.image_vae --data DIR [--set key=value …] [--threads 2]

Prints seconds of training, wall and processor, and pixel AUROC and AUPRO of both. The mean is taken over every training
image, the VAE's calibration images included, and its map gets the same smoothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.images import load_mask, load_rgb
from core.datasets.readers import read
from core.datasets.types import ImageItem, ImageSet
from core.detectors.image_vae.model import SIZE
from core.detectors.maps import REFERENCE_SIZE
from core.detectors.registry import parameters
from core.detectors.training import train
from core.metrics.pixels import pixel_metrics
from core.metrics.ranking import auroc
from core.progress import Progress

Map = NDArray[np.float32]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--threads", type=int, default=2)
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    data = read(asked.data)
    params = parameters("image-vae", dict(pair.split("=", 1) for pair in asked.set))

    processor = time.process_time()
    fitted = train("image-vae", params, asked.seed, data.normals(), Progress(_told, log=print))
    processor = time.process_time() - processor
    print(
        f"trained in {fitted.fit_seconds:.0f} s ({processor:.0f} s of processor), {fitted.peak_rss_mib:.0f} MiB at most"
    )
    print(fitted.detector.provenance())

    started = time.perf_counter()
    scores = list(fitted.detector.score(data.test(), Progress()))
    print(f"scored in {(time.perf_counter() - started) / len(scores) * 1e3:.0f} ms an image")
    bad = [item.label == "bad" for item in data.test().items]
    image_auroc = auroc([score.score for score in scores], bad)
    smoothing = params.model_dump()["smoothing"] * SIZE / REFERENCE_SIZE
    print(f"VAE: image AUROC {image_auroc:.4f}, {_pixels(data, {score.name: score.map for score in scores})}")
    print(f"difference to the mean normal image: {_pixels(data, mean_difference(data, smoothing))}")


def mean_difference(data: ImageSet, smoothing: float) -> dict[str, Map]:
    """|x - mean| of every test image, mean over the channels, smoothed."""
    normals = data.normals().items
    mean = sum(_pixels_of(item) for item in normals) / len(normals)
    return {
        item.name: cv2.GaussianBlur(
            np.abs(_pixels_of(item) - mean).mean(axis=2).astype(np.float32),
            (0, 0),
            smoothing,
            borderType=cv2.BORDER_REFLECT,
        )
        for item in data.test().items
    }


def _pixels(data: ImageSet, maps: dict[str, Map]) -> str:
    class Pairs:
        """Maps with masks, iterated twice by ``pixel_metrics``."""

        def __iter__(self) -> Iterator[tuple[Map, NDArray[np.bool_] | None]]:
            for item in data.test().items:
                mask = load_mask(item.mask, (SIZE, SIZE)) if item.mask is not None else None
                yield maps[item.name], mask

    found = pixel_metrics(Pairs())
    return f"pixel AUROC {found.auroc:.4f}, AUPRO {found.aupro:.4f}"


def _pixels_of(item: ImageItem) -> NDArray[np.float64]:
    return load_rgb(item.path, (SIZE, SIZE)).astype(np.float64)


def _told(fraction: float, stage: str, metrics: dict[str, float]) -> None:
    if "val_loss" in metrics:
        print(f"{fraction:6.1%}", {name: round(value, 3) for name, value in metrics.items()}, flush=True)


if __name__ == "__main__":
    main()
