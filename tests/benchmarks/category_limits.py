"""False alarms of each category under one limit for all and under limits by category.

    python -m tests.benchmarks.category_limits [--detector patchcore] [--splits 3] [--tiles DIR]
    python -m tests.benchmarks.category_limits --simulate

Three kinds of product under one root and one model over all of them: flanges, flanges photographed from further off and
magnetic tiles. Each split trains on ``--train`` good parts a kind, of which training keeps its own share for the
calibration, and judges ``--judged`` others. «One limit» is the split-conformal limit of the same held-out images taken
together. ``--simulate`` draws skewed scores instead, to tell how many held-out images a category needs.
"""

from __future__ import annotations

import argparse
import os
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from core.allocator import keep_large_blocks
from core.datasets.readers import read
from core.datasets.synthetic.parts import write_parts
from core.datasets.types import ImageSet
from core.detectors import categories
from core.detectors.calibration import Calibration
from core.detectors.categories import CommonAxis
from core.detectors.registry import parameters
from core.detectors.training import train
from core.metrics.intervals import wilson
from core.metrics.ranking import auroc
from core.progress import Progress
from tests.benchmarks.inspect_parts import SHARED

RATES = (0.1, 0.05)
SIZE = 128  # pixels of a photograph
FAR = 96  # of the flange that is photographed from further off


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tiles", type=Path, default=SHARED / "datasets" / "magnetic_tile")
    options.add_argument("--detector", default="patchcore")
    options.add_argument("--set", nargs="*", default=[], metavar="NAME=NUMBER")
    options.add_argument("--splits", type=int, default=3)
    options.add_argument("--train", type=int, default=120)
    options.add_argument("--judged", type=int, default=150)
    options.add_argument("--simulate", action="store_true")
    asked = options.parse_args()
    if asked.simulate:
        simulate()
        return
    os.environ.setdefault("FAULTLINE_WEIGHTS_DIR", str(SHARED / "weights"))
    keep_large_blocks()
    with TemporaryDirectory() as folder:
        data = three_kinds(Path(folder) / "kinds", asked.tiles, asked.train + asked.judged)
        measure(asked, data)


def three_kinds(root: Path, tiles: Path, good: int) -> ImageSet:
    for name, seed, size in (("flange", 1, SIZE), ("flange far off", 2, FAR)):
        write_parts(root / name, seed=seed, train=good, test_good=0, per_defect=6, size=size)
    for item in read(tiles).items:
        if item.label is None:
            continue
        kind = "good" if item.label == "good" else "flawed"
        dest = root / "tile" / ("train" if kind == "good" else "test") / kind / item.path.name
        if kind == "good" and dest.parent.is_dir() and len(list(dest.parent.iterdir())) >= good:
            continue
        dest.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(item.path, dest)
    for path in (root / "flange far off").rglob("*.jpg"):
        picture = cv2.imread(str(path))
        around = (SIZE - FAR) // 2
        cv2.imwrite(str(path), cv2.copyMakeBorder(picture, *[around] * 4, cv2.BORDER_REFLECT))
    shutil.rmtree(root / "flange far off" / "ground_truth")
    shutil.rmtree(root / "flange" / "ground_truth")
    return read(root)


def measure(asked: argparse.Namespace, data: ImageSet) -> None:
    settings = {
        name: float(value) if "." in value else int(value) for name, value in (one.split("=") for one in asked.set)
    }
    kinds, bad = data.categories, data.where(lambda item: item.label == "bad")
    alarms = {(how, kind, rate): 0 for how in ("one limit", "by category") for kind in kinds for rate in RATES}
    judged, ranked = dict.fromkeys(kinds, 0), []
    for split in range(asked.splits):
        rng, learned = np.random.default_rng(split), set()
        for kind in kinds:
            own = [item.name for item in data.normals().items if item.category == kind]
            learned |= set(rng.permutation(own)[: asked.train].tolist())
        fitted = train(
            asked.detector, parameters(asked.detector, settings), split,
            data.where(lambda item, learned=learned: item.name in learned), Progress(),  # type: ignore[misc]
        )  # fmt: skip
        calibration = fitted.calibration
        assert calibration.categories is not None
        together = Calibration(calibration.categories.scores.raw, calibration.map_maxima, 0.0, calibration.scheme)
        kept = data.normals().where(lambda item, learned=learned: item.name not in learned)  # type: ignore[misc]
        both = replace(data, items=(*kept.items, *bad.items))
        raw = np.array([scored.score for scored in fitted.detector.score(both, Progress())])
        names = np.array([item.category for item in both.items], dtype=object)
        placed = np.empty(len(raw))
        for kind in kinds:
            placed[names == kind] = calibration.place(raw[names == kind], kind)
        for kind in kinds:
            own = (names == kind) & (np.arange(len(raw)) < len(kept))
            judged[kind] += int(own.sum())
            for rate in RATES:
                alarms["one limit", kind, rate] += int(np.sum(raw[own] > together.threshold(rate)))
                alarms["by category", kind, rate] += int(np.sum(placed[own] > calibration.threshold(rate)))
        truth = np.arange(len(raw)) >= len(kept)
        ranked.append((auroc(raw, truth), auroc(placed, truth)))
        n = {name: one.n for name, one in calibration.categories.scores.categories.items()}
        print(f"split {split}: {calibration.scheme}, held out {n}; AUROC over all kinds {ranked[-1]}", flush=True)
    print("\n| promised | kind | one limit | by category |\n|---|---|---|---|")
    for rate in RATES:
        for kind in kinds:
            cells = []
            for how in ("one limit", "by category"):
                low, high = wilson(alarms[how, kind, rate], judged[kind]) or (0.0, 1.0)
                cells.append(f"{alarms[how, kind, rate] / judged[kind]:.1%} ({low:.1%} to {high:.1%})")
            print(f"| {rate:.0%} | {kind} | {cells[0]} | {cells[1]} |")
    print("\nAUROC over all kinds, one limit and common axis:", np.mean(ranked, axis=0).round(3))


def simulate() -> None:
    """How far a category's share of false alarms at a promised 5 % lies from it, root mean square."""
    rng, categories.ENOUGH = np.random.default_rng(0), 4
    print("| categories | centres differ by | held out each | one limit | by category | its own limit alone |")
    print("|---|---|---|---|---|---|")
    for k in (2, 8):
        for apart in (0.0, 0.5, 2.0):
            for n in (5, 10, 20, 40):
                errors: list[tuple[float, float, float]] = []
                for _ in range(160 // k):
                    centre = 10 + apart * rng.normal(size=k)
                    spread = np.exp(0.4 * (apart > 0) * rng.normal(size=k))
                    errors += _drawn(rng, centre, spread, n)
                cells = " | ".join(f"{np.sqrt(np.mean(np.square(one))):.3f}" for one in np.transpose(errors))
                print(f"| {k} | {apart:g} spreads | {n} | {cells} |", flush=True)


def _drawn(
    rng: np.random.Generator, centre: np.ndarray, spread: np.ndarray, n: int, rate: float = 0.05
) -> list[tuple[float, float, float]]:
    """What each category's false alarms are off by, under the three limits; each at the lowest rate that its images can
    promise."""
    held, fresh = (
        [middle + width * (rng.gamma(4, size=size) - 4) / 2 for middle, width in zip(centre, spread, strict=True)]
        for size in (n, 4000)
    )
    names = [str(place) for place in range(len(held)) for _ in range(n)]
    axis = CommonAxis.fit(np.concatenate(held), names)
    assert axis is not None
    found = []
    all_of_them = np.sort(np.concatenate(held))
    for place, judged in enumerate(fresh):
        pairs = (
            (all_of_them, judged),
            (axis.scores, axis.place(judged, str(place))),
            (np.sort(held[place]), judged),
        )
        off = []
        for known, scores in pairs:
            calibration = Calibration(known, known, 0.0, "held-out")
            promised = calibration.reachable(rate)
            off.append(float(np.mean(scores > calibration.threshold(promised))) - promised)
        found.append((off[0], off[1], off[2]))
    return found


if __name__ == "__main__":
    main()
