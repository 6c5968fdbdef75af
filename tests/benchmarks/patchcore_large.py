"""Memory and time of PatchCore on photographs of 4,096 pixels a side, whole and in tiles.

    python -m tests.benchmarks.patchcore_large [--side 4096] [--images 4 8]

Rendered flanges enlarged to the side. Each configuration learns from so many of them and judges two in a process of
its own; the memory is that process's peak, Python and torch included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from core.datasets.readers import read
from core.datasets.synthetic.parts import render
from core.detectors.patchcore.detector import PatchCore
from core.detectors.patchcore.info import PatchCoreParams
from core.detectors.training import peak_rss_mib
from core.progress import Progress

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "whole": {},
    "tiles of 1,024 px seen at 256": {"tile": 1024, "image_size": 256},
    "tiles of 512 px": {"tile": 512},
}
JUDGED = 2


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--side", type=int, default=4096)
    options.add_argument("--images", type=int, nargs="*", default=[4, 8])
    options.add_argument("--one", nargs=2, metavar=("DATA", "NAME"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.one:
        measure(Path(asked.one[0]), asked.one[1])
        return
    with tempfile.TemporaryDirectory() as scratch:
        for count in asked.images:
            data = Path(scratch) / str(count)
            draw(data, asked.side, count)
            for name in CONFIGURATIONS:
                command = [sys.executable, "-m", "tests.benchmarks.patchcore_large", "--one", str(data), name]
                subprocess.run(command, check=True)


def measure(folder: Path, name: str) -> None:
    """Print a line: images, configuration, peak MiB, seconds to fit, seconds per image judged, the map's shape."""
    data = read(folder)
    detector = PatchCore(PatchCoreParams.model_validate(CONFIGURATIONS[name]))
    started = time.perf_counter()
    detector.fit(data.normals(), Progress())
    fitted = time.perf_counter()
    shape = [found.map.shape for found in detector.score(data.test(), Progress())].pop()
    judged = (time.perf_counter() - fitted) / JUDGED
    cells = [len(data.normals()), name, f"{peak_rss_mib():.0f}", f"{fitted - started:.0f}", f"{judged:.1f}", shape]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def draw(folder: Path, side: int, count: int) -> None:
    """``count`` good photographs to learn from and two to judge."""
    for number in range(count + JUDGED):
        place = folder / ("train" if number < count else "test") / "good"
        place.mkdir(parents=True, exist_ok=True)
        pixels = cv2.resize(render((5, number), size=512).image, (side, side), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(place / f"{number}.jpg"), pixels[:, :, ::-1])


if __name__ == "__main__":
    main()
