"""Small generated folders in the layouts in which the benchmarks are published."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.datasets.synthetic.parts import write_parts

SKAB_SENSORS = (
    "Accelerometer1RMS", "Accelerometer2RMS", "Current", "Pressure", "Temperature", "Thermocouple", "Voltage",
    "Volume Flow RateRMS",
)  # fmt: skip


def write_mvtec(root: Path, *categories: str) -> Path:
    """Folders of drawn parts with train/good, test and ground_truth: 6 to learn from, 10 to judge."""
    for seed, category in enumerate(categories):
        write_parts(root / category, seed=seed, train=6, test_good=3, per_defect=1, size=96)
    return root


def write_skab(root: Path, *experiments: str, steps: int = 600, seed: int = 0) -> Path:
    """CSV files with semicolons; in the third quarter of what follows the training steps the pressure is too high."""
    rng = np.random.default_rng(seed)
    times = np.datetime64("2020-03-09T10:00:00") + np.arange(steps)
    start, stop = 400 + (steps - 400) // 2, 400 + 3 * (steps - 400) // 4
    for experiment in experiments:
        values = rng.normal(size=(steps, len(SKAB_SENSORS)))
        values[start:stop, 3] += 12
        path = root / f"{experiment}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [";".join(("datetime", *SKAB_SENSORS, "anomaly", "changepoint"))]
        for step in range(steps):
            cells = (f"{value:.6f}" for value in values[step])
            marks = f"{float(start <= step < stop)};{float(step == start)}"
            lines.append(f"{str(times[step]).replace('T', ' ')};{';'.join(cells)};{marks}")
        path.write_text("\n".join(lines) + "\n")
    return root
