"""The bundled backbone: what its design space costs and gives, and the sets on which a candidate is judged.

    python -m tests.benchmarks.backbone sets OUT                         # labelled sets, drawn or arranged, into OUT
    python -m tests.benchmarks.backbone losses --images DIR [--steps N]  # equal short budgets from the bundled weights
    python -m tests.benchmarks.backbone shapes                           # time and size of other widths and depths
    python -m core features evaluate --candidate FILE --data OUT/* --cache OUT-scores

FAULTLINE_WEIGHTS_DIR names the folder with ResNet-18.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from core.allocator import keep_large_blocks
from core.compare.backbones.forward import time_ratios
from core.datasets.readers import read_images
from core.datasets.synthetic.parts import KINDS, render
from core.datasets.synthetic.rust import shoot, specimen
from core.features.backbones import LoadedBackbone, load_backbone, load_compact
from core.features.backbones_info import BUNDLED
from core.features.compact import Shape, to_weights
from core.features.distill.config import DistillConfig
from core.features.distill.crops import Photographs
from core.features.distill.training import FIGURES, distil
from core.progress import Progress
from tests.benchmarks.inspect_parts import SHARED

SETTINGS = [
    {"loss": loss, "norms": norms, "learning_rate": rate}
    for loss, norms, rate in (
        ("distance", "frozen", 2e-4),
        ("distance", "frozen", 5e-4),
        ("distance", "frozen", 1e-3),
        ("distance", "learnt", 5e-4),
        ("relative", "frozen", 5e-4),
        ("standardised", "frozen", 5e-4),
        ("cosine", "frozen", 5e-4),
        ("relational", "frozen", 5e-4),
    )
]
SHAPES = {
    "as bundled": Shape(32, (2, 2, 2), (32, 64, 128), (128, 256)),
    "narrow": Shape(24, (2, 2, 2), (24, 48, 96), (128, 256)),
    "wide": Shape(40, (2, 2, 2), (40, 80, 160), (128, 256)),
    "slim start": Shape(16, (1, 2, 2), (24, 64, 160), (128, 256)),
    "shallow": Shape(32, (1, 1, 1), (32, 64, 128), (128, 256)),
    "shallow and wide": Shape(32, (1, 1, 1), (48, 96, 192), (128, 256)),
    "deep": Shape(24, (2, 3, 4), (24, 48, 96), (128, 256)),
    "strided": Shape(32, (2, 2, 2), (32, 64, 128), (128, 256), strided=True),
    "heads of 64 and 128": Shape(32, (2, 2, 2), (32, 64, 128), (64, 128)),
}


def sets(out: Path, datasets: Path) -> None:
    """Six labelled sets: two as they are, one arranged, three drawn. None of them is ever learnt from."""
    out.mkdir(parents=True)
    for name in ("magnetic_tile", "mvtec_leather_mini"):
        (out / name).symlink_to(datasets / name)
    _thermal(out / "thermal_circuit", datasets / "thermal_circuit")
    _flanges(out / "flanges", seed=11, size=256)
    _flanges(out / "small_flanges", seed=12, size=96)
    _rust(out / "first_rust")


def _thermal(out: Path, source: Path) -> None:
    """A circuit with both resistors on is good, at every level of heat; with one dead it is bad."""
    with (source / "labels_inferred.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    seen = 0
    for row in rows:
        photograph = source / "images" / Path(row["image"]).name
        if row["load_state"] == "both":
            place = "test/good" if seen % 3 == 2 else "train/good"  # of each level a third is kept to test on
            seen += 1
        elif row["load_state"] in ("left_only", "right_only"):
            place = f"test/{row['load_state']}"
        else:
            continue
        (out / place).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photograph, out / place / photograph.name)


def _flanges(out: Path, seed: int, size: int) -> None:
    """Turned flanges, flaws from the faintest to half of the strongest."""
    plan = [("train/good", None, 0.0)] * 80 + [("test/good", None, 0.0)] * 60
    plan += [(f"test/{kind}", kind, 0.5 * (i + 0.5) / 12) for kind in KINDS for i in range(12)]
    for number, (place, kind, strength) in enumerate(plan):
        _write(out / place / f"{number:03d}.png", render((seed, number), size=size, kind=kind, strength=strength).image)


def _rust(out: Path) -> None:
    """Parts on the day they were made, and parts with the first rust after one week and two."""
    plan = [("train/good", 0.0)] * 60 + [("test/good", 0.0)] * 40 + [("test/week1", 168.0), ("test/week2", 336.0)] * 25
    for number, (place, hours) in enumerate(plan):
        shot = shoot(specimen(f"{number}", (13, number)), hours, 0, size=256)
        _write(out / place / f"{number:03d}.png", shot.image)


def _write(path: Path, image: np.ndarray) -> None:  # type: ignore[type-arg]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image[:, :, ::-1])


def losses(images: Path, steps: int) -> None:
    """What is left unexplained on held-out photographs and textures after the same short training with each setting."""
    photographs = Photographs(read_images(images, format="parts").items, 0)
    common = {"steps": steps, "batch_size": 16, "size": 128, "warm_up": 10, "averaging": 0.9}
    for setting in SETTINGS:
        found = distil(DistillConfig.model_validate(common | setting), photographs, Progress())
        last = found.curve[-1]
        figures = " | ".join(f"{last[name]:.4f}" for name in FIGURES[2:])
        print(
            " | ".join(str(value) for value in setting.values()),
            figures,
            f"{found.seconds:.0f} s",
            sep=" | ",
            flush=True,
        )


def shapes() -> None:
    """Time of one image as a share of ResNet-18's, all in turn in this process, and the file's size.

    Processor time of one thread: other programs disturb it less than they do the clock.
    """
    torch.set_num_threads(1)
    contenders: dict[str, LoadedBackbone] = {"resnet18": load_backbone("resnet18")}
    sizes: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, shape in SHAPES.items():
            file = Path(scratch) / "weights.safetensors"
            torch.manual_seed(0)
            save_file(to_weights(shape.network()), file)
            contenders[name], sizes[name] = load_compact(file), file.stat().st_size / 2**20
    contenders["bundled"], sizes["bundled"] = load_compact(BUNDLED), BUNDLED.stat().st_size / 2**20
    for name, ratio in time_ratios(contenders, clock=time.process_time).items():
        print(f"{name} | {ratio:.2f} | {sizes.get(name, 0.0):.2f} MiB")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = options.add_subparsers(dest="what", required=True)
    drawn = verbs.add_parser("sets")
    drawn.add_argument("out", type=Path)
    drawn.add_argument("--datasets", type=Path, default=SHARED / "datasets")
    short = verbs.add_parser("losses")
    short.add_argument("--images", type=Path, default=SHARED / "datasets" / "natural_images")
    short.add_argument("--steps", type=int, default=100)
    verbs.add_parser("shapes")
    asked = options.parse_args()
    os.environ.setdefault("FAULTLINE_WEIGHTS_DIR", str(SHARED / "weights"))
    keep_large_blocks()
    if asked.what == "sets":
        sets(asked.out, asked.datasets)
    elif asked.what == "losses":
        losses(asked.images, asked.steps)
    else:
        shapes()


if __name__ == "__main__":
    main()
