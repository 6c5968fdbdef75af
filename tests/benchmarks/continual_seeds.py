"""Paired seeds of the continual methods, and the acceptance figures: who is better than whom, by how much, how surely.

python -m tests.benchmarks.continual_seeds run plant-report --seeds 20 --checkpoint DIR     # resumable, one core
python -m tests.benchmarks.continual_seeds run cwru --data DATASETS --seeds 10 --checkpoint DIR
python -m tests.benchmarks.continual_seeds banks --data DATASETS                             # continual PatchCore

A run that was interrupted goes on where it stood; processes may share a checkpoint folder if their seeds differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.continual.config import shipped
from core.continual.loop import run
from core.continual.methods.names import BANKS
from core.continual.metrics import Report, report
from core.continual.metrics.detection import figure
from core.continual.metrics.latency import recovery
from core.continual.types import MethodRun, Records
from core.progress import Progress

SHOWN = ("caf1", "critical_recall", "critical_loss", "acc", "fm", "dal", "area_lost", "memory_bytes", "seconds")
VECTORS = 10_000  # of a memory bank


def paired_run(
    name: str, data: Path | None, methods: Sequence[str], seeds: Sequence[int], checkpoint: Path | None, **stream: float
) -> Records:
    """A shipped configuration with its data below ``data``, and settings of its stream changed."""
    config = shipped(name, data).model_copy(update={"methods": tuple(methods), "seeds": tuple(seeds)})
    config = config.model_copy(update={"stream": config.stream.model_copy(update=stream)})
    return run(config, Progress(_printed()), checkpoint)


def levels(records: Records) -> None:
    """DAL where all methods have to get back to the same: nine tenths of what one of them had before the onset."""
    seeds, names = sorted({one.seed for one in records.runs}), list(dict.fromkeys(one.method for one in records.runs))
    looks = {(one.method, one.seed): _looks(one) for one in records.runs}
    print("\n| level of | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for level in names:
        rows = []
        for seed in seeds:
            own = [recovery(*looks[level, seed], onset) for onset in records.onsets]
            for onset, before in zip(records.onsets, own, strict=True):
                if before is not None:
                    found = [recovery(*looks[name, seed], onset, before.before) for name in names]
                    rows.append([one.steps for one in found if one is not None])
        if rows:
            print(f"| {level} (n {len(rows)}) | " + " | ".join(f"{mean:.1f}" for mean in np.mean(rows, axis=0)) + " |")


def _looks(one: MethodRun) -> tuple[list[int], list[float]]:
    valued = [(step.step, figure(step, "caf1")) for step in one.steps if step.kind == "drifted"]
    return [step for step, value in valued if value is not None], [value for _, value in valued if value is not None]


def show(found: Report) -> None:
    """Means with their intervals, then ratios to the baselines: bootstrap of paired seeds."""
    columns = [name for name in SHOWN if any(name in one for one in found.intervals.values())]
    print("| method | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
    for method, intervals in found.intervals.items():
        cells = [f"{intervals[name].mean:.3f}{_ends(intervals[name])}" if name in intervals else "" for name in columns]
        print(f"| {method} | " + " | ".join(cells) + " |")
    print("\n| method | against | figure | change | 95 % interval |\n|---|---|---|---|---|")
    for method in found.figures:
        for baseline in ("er", "scmt-like"):
            if method == baseline or baseline not in found.figures:
                continue
            for name in ("caf1", "critical_loss", "acc", "fm", "dal"):
                print(_change(found, method, baseline, name), end="")


def _ends(interval: object) -> str:
    low, high = getattr(interval, "low", None), getattr(interval, "high", None)
    return "" if low is None or high is None else f" ({low:.3f} to {high:.3f})"


def _change(found: Report, method: str, baseline: str, name: str) -> str:
    pairs = zip(found.figures[method][name], found.figures[baseline][name], strict=True)
    both = np.array([pair for pair in pairs if None not in pair], np.float64)
    if not len(both):
        return ""
    draws = np.random.default_rng(0).integers(len(both), size=(4000, len(both)))
    relative = name in ("caf1", "critical_loss")  # a DAL is often 0, of which nothing is a share

    def change(values: np.ndarray) -> np.ndarray:
        ours, theirs = values.mean(axis=-2)[..., 0], values.mean(axis=-2)[..., 1]
        return ours / np.maximum(theirs, 1e-9) - 1 if relative else ours - theirs

    low, high = np.quantile(change(both[draws]), [0.025, 0.975])
    form = "+.1%" if relative else "+.4f"
    return f"| {method} | {baseline} | {name} | {change(both):{form}} | {low:{form}} to {high:{form}} |\n"


def banks(data: Path, seeds: Sequence[int], checkpoint: Path | None) -> None:
    """Continual PatchCore at a budget of ``VECTORS`` patches, over the image domains of the shipped configuration."""
    config = shipped("images", data)
    depth = 128  # channels of the compact backbone's stage in use
    learner = config.learner.model_copy(update={"memory_bytes": VECTORS * depth * 4})
    smaller = {"steps": 12, "probe_normal": 60, "probe_anomalous": 60, "calibration": 40}
    config = config.model_copy(update={"stream": config.stream.model_copy(update=smaller), "methods": BANKS})
    found = report(
        run(config.model_copy(update={"learner": learner, "seeds": tuple(seeds)}), Progress(_printed()), checkpoint)
    )
    for method, figures in found.figures.items():
        print(method, {name: np.round(np.array(figures[name], float), 4).tolist() for name in ("acc", "fm", "bwt")})
        print(np.round(found.matrix(method), 3))


def _printed() -> object:
    shown = {"stage": ""}

    def sink(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if stage != shown["stage"]:
            shown["stage"] = stage
            print(f"{fraction:5.1%} {stage}", flush=True)

    return sink


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run")
    one.add_argument("config")
    one.add_argument("--methods", nargs="+", default=["finetune", "joint", "er", "scmt-like", "er-utility", "dynamad"])
    one.add_argument("--steps", type=int, help="of each task")
    one.add_argument("--difficulty", type=float, help="of the plant: effects of faults are divided by it")
    two = verbs.add_parser("banks")
    for verb in (one, two):
        verb.add_argument("--data", type=Path)
        verb.add_argument("--seeds", type=int, default=10)
        verb.add_argument("--first", type=int, default=0)
        verb.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    if options.verb == "run":
        stream = {name: value for name in ("steps", "difficulty") if (value := getattr(options, name)) is not None}
        records = paired_run(options.config, options.data, options.methods, seeds, options.checkpoint, **stream)
        show(report(records))
        levels(records)
    else:
        banks(options.data, seeds, options.checkpoint)


if __name__ == "__main__":
    main()
