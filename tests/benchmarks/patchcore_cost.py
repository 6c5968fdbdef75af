"""What PatchCore's bank and calibration cost beside bare feature extraction, and whether memory grows with the images.

python -m tests.benchmarks.patchcore_cost extraction --data DIR      # time: extraction alone, then all of training
python -m tests.benchmarks.patchcore_cost memory --images 1000 10000 # peak memory of training, one process each
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.allocator import keep_large_blocks
from core.datasets.readers import read
from core.datasets.synthetic.parts import write_parts
from core.datasets.types import ImageSet
from core.detectors.registry import parameters
from core.detectors.training import peak_rss_mib, train
from core.features.patches import PatchExtractor, each_batch
from core.progress import Progress
from tests.benchmarks.inspect_parts import SHARED

DRAWN = 500  # different synthetic parts; a larger set repeats them under other names and other hashes


def extraction(folder: Path, backbone: str) -> None:
    """Seconds to decode and describe the training images, and seconds to train on them."""
    data = read(folder).normals()
    params = parameters("patchcore", {"backbone": backbone})
    extractor = PatchExtractor(params.backbone, params.image_size)  # type: ignore[attr-defined]
    started = time.perf_counter()
    for _, pixels in each_batch(data.items, extractor.size, np.asarray):
        extractor.patches(pixels)
    bare = time.perf_counter() - started
    total = train("patchcore", params, 0, data, Progress()).fit_seconds
    print(
        f"{backbone}: {len(data)} images, extraction {bare:.1f} s, training {total:.1f} s, "
        f"bank and calibration {(total - bare) / bare:.2f} times the extraction"
    )


def memory(counts: list[int], backbone: str) -> None:
    """Peak memory of training on so many images, each in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        write_parts(Path(scratch) / "parts", seed=0, train=DRAWN, test_good=0, per_defect=0)
        for count in counts:
            command = [sys.executable, "-m", "tests.benchmarks.patchcore_cost", "one", "--backbone", backbone]
            command += ["--data", str(Path(scratch) / "parts"), "--images", str(count)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(f"{count} images: {found['seconds']:.0f} s, peak {found['peak_rss_mib']:.0f} MiB", flush=True)


def one(folder: Path, count: int, backbone: str) -> None:
    """Train on ``count`` images; JSON on stdout."""
    drawn = read(folder).normals()
    fitted = train("patchcore", parameters("patchcore", {"backbone": backbone}), 0, repeated(drawn, count), Progress())
    print(json.dumps({"seconds": fitted.fit_seconds, "peak_rss_mib": peak_rss_mib()}))


def repeated(data: ImageSet, count: int) -> ImageSet:
    """``count`` items that all pass for different photographs."""
    items = []
    for number in range(count):
        item = data.items[number % len(data)]
        items.append(replace(item, name=f"{number:06d}", sha256=f"{number:064x}"))
    return replace(data, items=tuple(items))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("extraction", "memory", "one"))
    options.add_argument("--data", type=Path, default=SHARED / "datasets" / "magnetic_tile")
    options.add_argument("--images", type=int, nargs="*", default=[1000, 10_000])
    options.add_argument("--backbone", default="resnet18")
    asked = options.parse_args()
    os.environ.setdefault("FAULTLINE_WEIGHTS_DIR", str(SHARED / "weights"))
    keep_large_blocks()
    if asked.what == "extraction":
        extraction(asked.data, asked.backbone)
    elif asked.what == "memory":
        memory(asked.images, asked.backbone)
    else:
        one(asked.data, asked.images[0], asked.backbone)


if __name__ == "__main__":
    main()
