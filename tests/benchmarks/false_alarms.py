"""Promised against measured false-alarm rates, on good images that took no part in training or calibration.

    python -m tests.benchmarks.false_alarms --data DIR [--detector patchcore] [--splits 5]

All good images of the set are shuffled anew for each split: two thirds to train on (of which training holds its own
calibration part out), one third to judge. The pooled rate over the splits is compared with the promise.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.allocator import keep_large_blocks
from core.datasets.readers import read
from core.detectors.registry import parameters
from core.detectors.training import train
from core.metrics.intervals import wilson
from core.progress import Progress
from tests.benchmarks.inspect_parts import SHARED


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED / "datasets" / "magnetic_tile")
    options.add_argument("--detector", default="patchcore")
    options.add_argument("--splits", type=int, default=5)
    options.add_argument("--rates", type=float, nargs="*", default=[0.10, 0.05, 0.02, 0.01])
    asked = options.parse_args()
    os.environ.setdefault("FAULTLINE_WEIGHTS_DIR", str(SHARED / "weights"))
    keep_large_blocks()
    data = read(asked.data)
    good = data.where(lambda item: item.label == "good")
    alarms, judged = dict.fromkeys(asked.rates, 0), 0
    promised: dict[float, list[float]] = {rate: [] for rate in asked.rates}
    for split in range(asked.splits):
        order = np.random.default_rng(split).permutation(len(good))
        learned = {good.items[i].name for i in order[: 2 * len(good) // 3]}
        fit = replace(good, items=tuple(replace(i, split="train") for i in good.items if i.name in learned))
        kept = good.where(lambda item, learned=learned: item.name not in learned)  # type: ignore[misc]
        fitted = train(asked.detector, parameters(asked.detector, {}), split, fit, Progress())
        scores = np.array([scored.score for scored in fitted.detector.score(kept, Progress())])
        judged += len(scores)
        for rate in asked.rates:
            threshold = fitted.calibration.threshold(fitted.calibration.reachable(rate))
            promised[rate].append(fitted.calibration.promised_rate(threshold))
            alarms[rate] += int((scores > threshold).sum())
    for rate in asked.rates:
        low, high = wilson(alarms[rate], judged) or (float("nan"), float("nan"))
        mean, found = float(np.mean(promised[rate])), alarms[rate] / judged
        interval = f"{low:.2%} to {high:.2%}"
        print(f"asked {rate:.1%}: promised {mean:.2%}, measured {found:.2%} ({interval}) = {found / mean:.2f}")


if __name__ == "__main__":
    main()
