"""Faultline's image detectors on one dataset.

    python -m tests.benchmarks.inspect_parts --data DIR [--only NAME …] [--out FILE.json]

Each detector runs in a process of its own through the command line, so that its peak memory is its own. ``make bench``
measures PatchCore and PaDiM beside anomalib's (``beside/images.py``), with the functions below.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.images import load_mask
from core.datasets.readers import read
from core.datasets.types import ImageSet
from core.detectors.maps import smooth_map
from core.features.patches import each_batch
from core.metrics.intervals import pixel_intervals, ranking_intervals
from core.metrics.pixels import pixel_metrics
from core.metrics.ranking import auroc

SHARED = Path(__file__).parents[3] / "shared"
WEIGHTS = "resnet18_imagenet1k_v1_to_layer3.safetensors"
SIZE = 256
CONFIGURATIONS: dict[str, list[str]] = {
    "PatchCore, ResNet-18": ["patchcore", "--set", "backbone=resnet18"],
    "PatchCore, compact": ["patchcore"],
    "PatchCore, preset paper": ["patchcore", "--preset", "paper"],
    "PaDiM, ResNet-18": ["padim", "--set", "backbone=resnet18"],
    "PaDiM, compact": ["padim"],
    "SPADE, ResNet-18": ["spade", "--set", "backbone=resnet18"],
    "SPADE, compact": ["spade"],
    "VAE": ["image-vae"],
}
FIGURES = ("image_auroc", "pixel_auroc", "aupro", "fit_seconds", "score_ms_per_image", "peak_rss_mib")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED / "datasets" / "magnetic_tile")
    options.add_argument("--weights", type=Path, default=SHARED / "weights")
    options.add_argument("--only", nargs="*", default=list(CONFIGURATIONS), help="names of configurations")
    options.add_argument("--out", type=Path)
    asked = options.parse_args()
    os.environ["FAULTLINE_WEIGHTS_DIR"] = str(asked.weights)
    results: dict[str, dict[str, Any]] = {}
    for name in asked.only:
        results[name] = ours(asked.data, CONFIGURATIONS[name])
        print(line(name, results[name]), flush=True)
    data = read(asked.data)
    plain = mean_difference(data)
    print(f"plain difference to the mean good image: pixel AUROC {plain:.3f}", flush=True)
    if asked.out:
        asked.out.write_text(json.dumps(results, indent=2))


def ours(data: Path, arguments: list[str], excluded: set[str] | None = None) -> dict[str, Any]:
    """Train and evaluate through the command line; the memory is the larger of the two processes' peaks."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "excluded").write_text("\n".join(sorted(excluded or ())))
        command = [sys.executable, "-m", "core"]
        model, common = str(folder / "model"), ["--data", str(data), "--json", str(folder / "result.json")]
        train = [*command, "train", *arguments, "--out", model, "--exclude", str(folder / "excluded"), *common]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*command, "evaluate", model, *common], check=True, stdout=subprocess.DEVNULL)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        return result


def mean_difference(data: ImageSet, size: int = 224) -> float:
    """Pixel AUROC of |x - mean good training image|, smoothed as our maps are: what a VAE has to beat."""
    total, count = np.zeros((size, size, 3)), 0
    for _, pixels in each_batch(data.normals().items, size, np.asarray):
        total += pixels.sum(0, dtype=np.float64)
        count += len(pixels)
    mean = (total / count).astype(np.float32)
    test = [item for item in data.test().items if item.label == "good" or item.mask]

    class Pixels:
        def __iter__(self) -> Iterator[tuple[Any, Any]]:
            for batch, pixels in each_batch(test, size, np.asarray):
                for item, one in zip(batch, pixels, strict=True):
                    mask = load_mask(item.mask, (size, size)) if item.mask else None
                    yield smooth_map(np.abs(one - mean).mean(2), size, 4.0), mask

    found = pixel_metrics(Pixels()).auroc
    assert found is not None
    return found


def some_normals(data: ImageSet, count: int) -> list[Any]:
    items = data.normals().items
    chosen = np.random.default_rng(0).permutation(len(items))[:count]
    return [items[i] for i in sorted(chosen)]


def anomalib(data: ImageSet, train: list[str], python: Path, weights: Path, model: str, ratio: float) -> dict[str, Any]:
    """The peer in its own process, measured with our metrics; ``ratio`` is PatchCore's coreset."""
    test = [item for item in data.test().items if item.label]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        spec = {
            "train": train,
            "test": [str(i.path) for i in test],
            "weights": str(weights),
            "size": SIZE,
            "ratio": ratio,
            "model": model,
        }
        (folder / "spec.json").write_text(json.dumps(spec))
        script = Path(__file__).with_name("peer_anomalib.py")
        command = [str(python), str(script), str(folder / "spec.json"), str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        scores, maps = np.load(folder / "scores.npy"), np.load(folder / "maps.npy", mmap_mode="r")
        masks = [load_mask(item.mask, (SIZE, SIZE)) if item.mask else None for item in test]
        # As in our own evaluation: an anomalous image without a mask takes no part in pixel metrics.
        shown = [i for i, item in enumerate(test) if item.label == "good" or (masks[i] is not None and masks[i].any())]

        class Pixels:
            def __iter__(self) -> Iterator[tuple[Any, Any]]:
                return ((np.array(maps[i]), masks[i]) for i in shown)

        bad = np.array([item.label == "bad" for item in test])
        measured = pixel_metrics(Pixels(), histograms=True)
        result["image_auroc"] = auroc(scores, bad)
        result["pixel_auroc"], result["aupro"] = measured.auroc, measured.aupro
        pixels = pixel_intervals(measured, bad[shown])
        result["ci95"] = {
            "image_auroc": ranking_intervals(scores, bad, float(np.median(scores)))["auroc"],
            "pixel_auroc": pixels["auroc"],
            "aupro": pixels["aupro"],
        }
        return result


def line(name: str, result: dict[str, Any]) -> str:
    """A row of the table in README.md."""
    cells = [name]
    for figure in FIGURES:
        value = result[figure]
        interval = result["ci95"].get(figure)
        if figure.endswith(("auroc", "aupro")):
            cells.append(f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})" if interval else f"{value:.3f}")
        else:
            cells.append(f"{value:.1f}" if value < 100 else f"{value:.0f}")
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
