"""Our metrics over time beside the reference implementations: differences and times, in one run.

    python -m tests.benchmarks.series_metrics [--oracle .venv/oracles/bin/python] [--steps 20000] [--window 100]

The oracles run in an environment of their own (``requirements-oracles.txt``) and get the same arrays. Exits with 1
where a figure differs by more than 1e-6 or VUS is not ten times faster.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core.metrics.ranking import auprc, auroc
from core.metrics.series.affiliation import affiliation
from core.metrics.series.alarms import count_overlaps, count_steps, event_f1, point_adjusted
from core.metrics.series.stretches import stretches
from core.metrics.series.vus import vus

TOLERANCE, FASTER = 1e-6, 10


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--oracle", type=Path, default=Path(".venv/oracles/bin/python"))
    options.add_argument("--steps", type=int, default=20_000)
    options.add_argument("--window", type=int, default=100)
    asked = options.parse_args()
    cases = [_case(seed, asked.steps if seed == 0 else 2000) for seed in range(6)]
    theirs = _oracle(asked.oracle, cases, asked.window)
    worst: dict[str, float] = {}
    for (scores, labels, flagged), expected in zip(cases, theirs["cases"], strict=True):
        for name, value in _ours(scores, labels, flagged, asked.window).items():
            worst[name] = max(worst.get(name, 0.0), abs(value - expected[name]))
    print(", ".join(f"{name} {number}" for name, number in theirs["versions"].items()))
    for name, difference in worst.items():
        print(f"{name}: largest difference {difference:.1e} over {len(cases)} series")
    scores, labels, flagged = cases[0]
    ratios = {}
    for name, seconds in (
        ("vus", _seconds(lambda: vus(scores, labels, window=asked.window))),
        ("affiliation", _seconds(lambda: affiliation(flagged, labels))),
    ):
        reference = theirs["cases"][0]["seconds"][name]
        ratios[name] = reference / seconds
        print(f"{name}, n = {asked.steps}: {seconds:.4f} s, reference {reference:.4f} s: {ratios[name]:.0f} times")
    sys.exit(int(max(worst.values()) > TOLERANCE or ratios["vus"] < FASTER))


def _case(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """About 5 % anomalous steps in eight events, none at a border (where references disagree among themselves), scores
    that rise late in them; every second series has few distinct scores."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(n, bool)
    for start in np.linspace(n // 20, n - n // 10, 8).astype(int):
        labels[start : start + int(rng.integers(n // 320, n // 80))] = True
    scores = rng.normal(size=n) + 1.5 * np.roll(labels, 5)
    if seed % 2:
        scores = np.round(scores, 1)
    flagged = scores > np.quantile(scores, 0.97)
    flagged[-1] = False
    return scores, labels, flagged


def _ours(scores: np.ndarray, labels: np.ndarray, flagged: np.ndarray, window: int) -> dict[str, float]:
    volume, near = vus(scores, labels, window=window), affiliation(flagged, labels)
    found = {
        "vus_pr": volume and volume.pr,
        "vus_roc": volume and volume.roc,
        "auc_pr": auprc(scores, labels),
        "auc_roc": auroc(scores, labels),
        "f1": count_steps(flagged, labels).f1,
        "event_f1": event_f1(flagged, labels),
        "pa_f1": point_adjusted(flagged, labels).f1,
        "affiliation_precision": near and near.precision,
        "affiliation_recall": near and near.recall,
        "overlap_f1": count_overlaps(stretches(flagged), stretches(labels)).f1,
    }
    return {name: np.nan if value is None else float(value) for name, value in found.items()}


def _oracle(python: Path, cases: list[tuple[np.ndarray, np.ndarray, np.ndarray]], window: int) -> dict:
    if not python.exists():
        sys.exit(f"There is no oracle environment at {python}: see tests/benchmarks/requirements-oracles.txt")
    arrays = {
        f"{name}_{index}": array
        for index, case in enumerate(cases)
        for name, array in zip(("scores", "labels", "flagged"), case, strict=True)
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.npz"
        np.savez(file, cases=len(cases), window=window, **arrays)
        script = Path(__file__).with_name("series_oracles.py")
        done = subprocess.run([python, "-I", script, file], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def _seconds(call, repeats: int = 5) -> float:  # type: ignore[no-untyped-def]
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


if __name__ == "__main__":
    main()
