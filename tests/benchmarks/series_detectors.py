"""Every detector over time on one dataset: accuracy, false alarms against the promise, and cost.

    python -m tests.benchmarks.series_detectors --data DIR [--only pca-t2q …] [--set pca-t2q.window=5 …] [--rate R]

Each detector runs with its default settings and seed 0, through the command line, one process each for training and for
evaluation. Nothing is chosen with the test labels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core.detectors import registry

FIGURES = (
    "vus_pr", "vus_roc", "auc_pr", "f1", "event_f1", "overlap_f1", "affiliation_f1", "far", "mar",
    "hitrate_100", "hitrate_150", "top1", "score_us_per_step",
)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--only", nargs="*", default=list(registry.of("series")), help="names of detectors")
    options.add_argument("--set", nargs="*", default=[], metavar="DETECTOR.KEY=VALUE")
    options.add_argument("--rate", default="0.001")
    options.add_argument("--mode", default="settled")
    options.add_argument("--scope", default="auto")
    options.add_argument("--out", type=Path)
    asked = options.parse_args()
    print("| | " + " | ".join(FIGURES) + " | fit s |")
    print("|---" * (len(FIGURES) + 2) + "|")
    found: dict[str, Any] = {}
    for name in asked.only:
        values = [one.partition(".")[2] for one in asked.set if one.startswith(f"{name}.")]
        with tempfile.TemporaryDirectory() as scratch:
            result = _measured(name, values, asked, Path(scratch))
        found[name] = result
        print(_row(name, result, result["fit_seconds"]), flush=True)
        if result.get("run_to_failure"):
            shown = {
                key: value for key, value in result["run_to_failure"].items() if not isinstance(value, list | dict)
            }
            print(f"  {name}: {json.dumps(shown)}", flush=True)
    last = next(iter(found.values()))
    for name, baseline in last["baselines"].items():
        print(_row(name, baseline, None))
    print(last["protocol"])
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _measured(name: str, values: list[str], asked: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    model = scratch / "model"
    sets = [part for value in values for part in ("--set", value)]
    started = time.perf_counter()
    _core("train", name, "--data", asked.data, "--out", model, "--scope", asked.scope, *sets)
    seconds = time.perf_counter() - started
    result = scratch / "result.json"
    told = ("--rate", asked.rate, "--mode", asked.mode, "--bootstrap", 0, "--json", result)  # no intervals are shown
    _core("evaluate", model, "--data", asked.data, *told)
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found | {"fit_seconds": seconds}


def _core(*arguments: object) -> None:
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-3000:]}")


def _row(name: str, figures: dict[str, Any], seconds: float | None) -> str:
    cells = [_cell(figures.get(figure)) for figure in FIGURES] + [_cell(seconds)]
    return f"| {name} | " + " | ".join(cells) + " |"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 0.01 or abs(value) >= 100 else f"{value:.3f}"


if __name__ == "__main__":
    main()
