"""What raises PatchCore's scores, one change at a time, on development sets that take part in no other figure.

    python -m tests.benchmarks.patchcore_ablation --cache DIR [--sets bolts …] [--backbones compact …] [--trials …]

Each trial is fitted once on a set (``patchcore_sets.py``); what it found is kept in ``--cache``, so that a later call
measures only what is missing. Beside each figure stands the difference to the first trial on the same images, with
a 95 % interval by DeLong's method. READINGS are other ways to read the image's score off the distances of the last
trial, beside the maximum of its map.
"""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.datasets.images import load_mask
from core.datasets.types import ImageSet
from core.detectors.maps import smooth_map
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.metrics.delong import delong
from core.metrics.pixels import pixel_metrics
from core.metrics.ranking import auroc
from core.progress import Progress
from tests.benchmarks.patchcore_sets import NAMES, development_set

SHARED = Path(__file__).parents[3] / "shared"
MAP = 256
LEARNED = 24  # training images whose maps, each without its own patches, teach the readings that learn
BASE: dict[str, Any] = {"bank_size": 8000, "image_size": 256, "centre": 0.0}
TRIALS: dict[str, dict[str, Any]] = {
    "256 px": {},
    "384 px": {"image_size": 384},
    "512 px": {"image_size": 512},
    "stage 2": {"layers": "2"},
    "stage 3": {"layers": "3"},
    "neighbourhood 1": {"neighbourhood": 1},
    "neighbourhood 5": {"neighbourhood": 5},
    "centre 0.33": {"centre": 0.33},
    "centre 0.5": {"centre": 0.5},
    "centre 0.7": {"centre": 0.7},
    "centre 1": {"centre": 1.0},
    "512 px, centre 0.33": {"image_size": 512, "centre": 0.33},
    "512 px, centre 0.5": {"image_size": 512, "centre": 0.5},
    "512 px, centre 0.7": {"image_size": 512, "centre": 0.7},
    "512 px, centre 1": {"image_size": 512, "centre": 1.0},
    "512 px, neighbourhood 1": {"image_size": 512, "neighbourhood": 1},
    "all dimensions": {"dimensions": 0},
    "96 dimensions": {"dimensions": 96},
    "bank 4,000": {"bank_size": 4000},
    "K 3": {"neighbours": 3},
    "L2-normalised": {"normalise": True},
    "12,000 rows": {"image_size": 0, "bank_size": 12_000, "centre": 0.33},
    "20,000 rows": {"image_size": 0, "bank_size": 20_000, "centre": 0.33},
    "40,000 rows": {"image_size": 0, "bank_size": 40_000, "centre": 0.33},
    "defaults": {"image_size": 0, "bank_size": 0, "centre": 0.33},
}

Grids = NDArray[np.float32]  # (n, g, g) standardised distances
Reading = Callable[[Grids, Grids], NDArray[np.float64]]  # scores of the first, learned from the second


def highest(smoothing: float) -> Reading:
    """The map's maximum after a Gaussian of so many pixels at size 256."""
    return lambda z, normal: maps(z, smoothing).max((1, 2)).astype(float)


def top(k: int) -> Reading:
    """Mean of the k highest patches."""
    return lambda z, normal: np.sort(z.reshape(len(z), -1), 1)[:, -k:].mean(1).astype(float)


def placed(z: Grids, normal: Grids) -> NDArray[np.float64]:
    """The maximum of z standardised anew at each place, by the training maps there and around it."""
    mean, spread = (maps(one[None], 8.0)[0] for one in (normal.mean(0), normal.std(0)))
    return np.asarray(((maps(z, 4.0) - mean) / (spread + 0.3)).max((1, 2)), float)


def structural(z: Grids, normal: Grids) -> NDArray[np.float64]:
    """StructCore's idea (arXiv:2602.17048): a diagonal Mahalanobis distance of a few statistics of the map."""

    def described(grids: Grids) -> NDArray[np.float64]:
        found = maps(grids, 4.0)
        pixels = np.sort(found.reshape(len(found), -1), 1)
        rows, columns = np.gradient(found, axis=(1, 2))
        highest_share = pixels[:, -pixels.shape[1] // 100 :].mean(1)
        rough = np.log(np.hypot(rows, columns).mean((1, 2)) + 1e-9)
        return np.stack([pixels[:, -1], highest_share, pixels.mean(1), pixels.std(1), rough], 1).astype(float)

    usual = described(normal)
    return np.asarray((((described(z) - usual.mean(0)) / (usual.std(0) + 1e-6)) ** 2).sum(1))


READINGS: dict[str, Reading] = {
    "maximum, smoothing 4": highest(4.0),
    "maximum, smoothing 3": highest(3.0),
    "maximum, smoothing 2": highest(2.0),
    "maximum, unsmoothed": highest(0.0),
    "maximum, smoothing 6": highest(6.0),
    "top 3 patches": top(3),
    "top 10 patches": top(10),
    "top 100 patches": top(100),
    "less the image's median": lambda z, normal: highest(4.0)(z, normal) - np.median(z, (1, 2)),
    "standardised by place": placed,
    "StructCore's distance": structural,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--shared", type=Path, default=SHARED)
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--sets", nargs="*", default=list(NAMES))
    options.add_argument("--backbones", nargs="*", default=["resnet18", "compact"])
    options.add_argument("--trials", nargs="*", default=list(TRIALS))
    asked = options.parse_args()
    os.environ.setdefault("FAULTLINE_WEIGHTS_DIR", str(asked.shared / "weights"))
    torch.set_num_threads(1)
    for name in asked.sets:
        data = development_set(name, asked.shared / "datasets", asked.cache / "sets")
        for backbone in asked.backbones:
            print(f"\n{name}, {backbone}: {len(data.normals())} to learn from, {len(data.test())} to judge", flush=True)
            for line in table(data, name, backbone, asked.trials, asked.cache / "runs"):
                print(line, flush=True)


def table(data: ImageSet, name: str, backbone: str, trials: Sequence[str], cache: Path) -> Iterator[str]:
    bad = np.array([item.label == "bad" for item in data.test().items])
    masks = [load_mask(item.mask, (MAP, MAP)) if item.mask else None for item in data.test().items]
    found = {}
    for trial in trials:
        found[trial] = judged(data, backbone, trial, cache / f"{name}-{backbone}-{trial}.npz".replace(" ", "_"))
        yield row(trial, found[trial], found[trials[0]], highest(4.0), 4.0, bad, masks)
    for reading, read in READINGS.items():
        smoothing = float(reading.split()[-1]) if reading.startswith("maximum, smoothing") else None
        yield row(f"{reading}, {trials[-1]}", found[trials[-1]], found[trials[-1]], read, smoothing, bad, masks)


def judged(data: ImageSet, backbone: str, trial: str, kept: Path) -> tuple[Grids, Grids]:
    """z (n, g, g) of the test images, and of some training images without their own patches."""
    if not kept.is_file():
        params = PatchCoreParams.model_validate({**BASE, **TRIALS[trial], "backbone": backbone})
        detector, normals = PatchCore(params), data.normals()
        detector.fit(normals, Progress())
        z = np.stack([grid.copy() for _, grid in detector._judged(data.test(), Progress(), "")])
        seed = zlib.crc32(data.name.encode())
        chosen = np.sort(np.random.default_rng(seed).permutation(len(normals))[:LEARNED])
        some = normals.where(lambda item: item in [normals.items[i] for i in chosen])
        own = [grid.copy() for _, grid in detector._judged(some, Progress(), "", chosen.tolist())]
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, z=z, normal=np.stack(own))
    with np.load(kept) as stored:
        return stored["z"], stored["normal"]


def row(
    name: str, found: tuple[Grids, Grids], base: tuple[Grids, Grids], read: Reading, smoothing: float | None,
    bad: NDArray[np.bool_], masks: list[NDArray[np.bool_] | None],
) -> str:  # fmt: skip
    """A line of the table: image AUROC, its difference to the base's with an interval, pixel AUROC."""
    scores, usual = read(*found), highest(4.0)(*base)
    compared = delong(np.stack([scores, usual]), bad)
    assert compared is not None
    difference = compared.difference(0, 1)
    low, high = difference.ci95
    cells = [name, f"{auroc(scores, bad):.3f}", f"{difference.value:+.3f} ({low:+.3f} to {high:+.3f})"]
    cells.append(f"{pixel_auroc(maps(found[0], smoothing), bad, masks):.3f}" if smoothing is not None else "")
    return "| " + " | ".join(cells) + " |"


def pixel_auroc(found: Grids, bad: NDArray[np.bool_], masks: list[NDArray[np.bool_] | None]) -> float:
    """As in our own evaluation, an anomalous image without a mask takes no part."""
    pairs = zip(found, bad, masks, strict=True)
    shown = [(one, mask if is_bad else None) for one, is_bad, mask in pairs if not is_bad or _marked(mask)]
    value = pixel_metrics(shown).auroc
    assert value is not None
    return value


def _marked(mask: NDArray[np.bool_] | None) -> bool:
    return mask is not None and bool(mask.any())


def maps(z: Grids, smoothing: float) -> Grids:
    return np.stack([smooth_map(grid, MAP, smoothing) for grid in z])


if __name__ == "__main__":
    main()
