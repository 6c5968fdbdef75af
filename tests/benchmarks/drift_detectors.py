"""Detectors of drift on a process with memory: false alarms while nothing changes, and how late a shift is found.

    python -m tests.benchmarks.drift_detectors [--seeds 100] [--shift 1.0] [--only ks-holm …]

An AR(1) with coefficient 0.9, like scores of overlapping windows. Each seed is a process of its own: 10,000 steps of
reference, from which the block length follows, then 40,000 stationary steps in which every alarm is false, and, begun
anew, 2,000 normal steps followed by a shift of so many standard deviations. A detector is reset after an alarm.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.datasets.synthetic.machines.latents import ar1
from core.drift.blocks import block_length, block_means, correlation_time
from core.drift.contract import DriftDetector
from core.drift.detectors import DETECTORS

TAU = -1 / np.log(0.9)
REFERENCE, STATIONARY, BEFORE, AFTER = 10_000, 40_000, 2_000, 6_000


@dataclass(frozen=True)
class Outcome:
    """``alarms``: false ones in ``STATIONARY`` steps; ``delay``: steps from the shift to the alarm, inf for never."""

    block: int
    alarms: int
    delay: float
    us_per_block: float


def outcome(name: str, seed: int, shift: float) -> Outcome:
    """One detector on one process."""
    rng = np.random.default_rng(seed)
    series = ar1(rng, REFERENCE + STATIONARY + BEFORE + AFTER, TAU)
    reference, stationary, shifted = np.split(series[:, None], [REFERENCE, REFERENCE + STATIONARY])
    shifted[BEFORE:] += shift
    length = block_length(correlation_time([reference]), 1, REFERENCE)
    detector = DETECTORS[name](block_means(reference, length))
    started = time.perf_counter()
    alarms = _alarms(detector, block_means(stationary, length))
    taken = time.perf_counter() - started
    detector.reset()
    found = _alarms(detector, block_means(shifted, length))
    late = (found + 1) * length - BEFORE
    late = late[late > 0]
    delay = float(late[0]) if len(late) else np.inf
    return Outcome(length, len(alarms), delay, 1e6 * taken / (STATIONARY // length))


def _alarms(detector: DriftDetector, blocks: NDArray[np.float64]) -> NDArray[np.int64]:
    found = []
    for index, block in enumerate(blocks):
        if detector.push(block).drift:
            found.append(index)
            detector.reset()
    return np.array(found, np.int64)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=100)
    options.add_argument("--shift", type=float, default=1.0, help="in standard deviations")
    options.add_argument("--only", nargs="*", default=list(DETECTORS))
    asked = options.parse_args()
    print("| detector | false alarms in 10,000 steps | found within 2,000 | delay, median | p90 | µs a block | block |")
    print("|---|---|---|---|---|---|---|")
    for name in asked.only:
        found = [outcome(name, seed, asked.shift) for seed in range(asked.seeds)]
        rate = np.mean([one.alarms for one in found]) / (STATIONARY / 10_000)
        delays = np.array([one.delay for one in found])
        print(
            f"| {name} | {rate:.3f} | {np.mean(delays <= 2000):.1%} | {np.median(delays):.0f} "
            f"| {np.quantile(delays, 0.9, method='higher'):.0f} | {np.mean([one.us_per_block for one in found]):.0f} "
            f"| {np.median([one.block for one in found]):.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
