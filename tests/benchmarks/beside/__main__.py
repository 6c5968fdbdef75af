"""Faultline beside anomalib, PyOD, Merlion, TSB-AD's metrics and scikit-learn, in one run on this machine.

    make bench                                                    # all of it, environments of the peers included
    python -m tests.benchmarks.beside [--quick] [--fresh] [--only images series …] [--out FILE.json]

Every piece is kept as soon as it is measured: a run that was stopped goes on where it was, and a second run only
measures what has changed. ``--fresh`` begins anew. Times are wall-clock; «load» says how busy the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.beside.results import PROJECT, Measured, Results, our_code
from tests.benchmarks.inspect_parts import SHARED

ENVIRONMENTS = {"anomalib": "peer", "pyod": "peer-pyod", "merlion": "peer-merlion", "oracles": "oracles"}
# What the command line and the workers set for themselves before torch is there.
AS_OURS = {"OMP_WAIT_POLICY": "PASSIVE", "OPENCV_FOR_THREADS_NUM": "1"}
PARTS = ("path", "images", "series", "neighbours", "metrics")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED / "datasets", help="folder of magnetic_tile and smd")
    options.add_argument("--weights", type=Path, default=SHARED / "weights")
    options.add_argument("--venvs", type=Path, default=PROJECT / ".venv", help="folder of the peers' environments")
    options.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options.add_argument("--repeats", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="fewer pictures and machines, one run: a smoke test")
    options.add_argument("--fresh", action="store_true", help="forget what was measured before")
    options.add_argument("--out", type=Path, default=PROJECT / ".bench" / "results.json")
    asked = options.parse_args()
    os.environ["FAULTLINE_WEIGHTS_DIR"] = str(asked.weights)
    file = asked.out.with_stem(f"{asked.out.stem}-quick") if asked.quick else asked.out
    if asked.fresh:
        file.unlink(missing_ok=True)
    pythons = {name: asked.venvs / folder / "bin" / "python" for name, folder in ENVIRONMENTS.items()}
    run = Run(Results(file), asked.data, asked.weights, pythons, 1 if asked.quick else asked.repeats, asked.quick)
    began = time.time()
    for name in asked.only:
        lines = getattr(run, name)()
        print("\n".join(["", f"## {TITLES[name]}", "", *lines, ""]), flush=True)
    print(f"{(time.time() - began) / 60:.1f} minutes; load {os.getloadavg()[0]:.1f}; figures in {file}")


TITLES = {
    "path": "One image, from file to verdict",
    "images": "Parts, beside anomalib",
    "series": "Recordings, beside PyOD and Merlion",
    "neighbours": "Nearest neighbours, beside scikit-learn",
    "metrics": "Metrics over time, beside TSB-AD",
}


class Run:
    """The parts of the benchmark; each measures and gives its tables as lines of Markdown."""

    def __init__(
        self, results: Results, data: Path, weights: Path, pythons: dict[str, Path], repeats: int, quick: bool
    ) -> None:
        self.results, self.data, self.weights, self.repeats, self.quick = results, data, weights, repeats, quick
        self.pythons = {name: python for name, python in pythons.items() if python.exists()}

    def path(self) -> list[str]:
        from tests.benchmarks.beside.images import path_table

        images = 120 if self.quick else 200  # below 100, calibration fits again and again
        command = ["-m", "tests.benchmarks.image_path", "--images", str(images), "--json"]
        command += ["--data", str(self.data / "magnetic_tile"), "--weights", str(self.weights)]
        return path_table(self._process("one image", [our_code(), images], command, json.loads))

    def images(self) -> list[str]:
        from tests.benchmarks.beside import images

        if "anomalib" not in self.pythons:
            return ["anomalib is not installed: «make bench» does it"]
        normals = 24 if self.quick else 200
        python = self.pythons["anomalib"]
        return images.tables(self.results, self.data / "magnetic_tile", self.weights, python, self.repeats, normals)

    def series(self) -> list[str]:
        from tests.benchmarks.beside import series

        return series.tables(self.results, self.data / "smd", self.pythons, self.repeats, 1 if self.quick else 5)

    def neighbours(self) -> list[str]:
        from tests.benchmarks.beside import neighbours

        return neighbours.tables(self.results, self.data / "magnetic_tile", 2 if self.quick else 7)

    def metrics(self) -> list[str]:
        if "oracles" not in self.pythons:
            return ["TSB-AD is not installed: «make bench» does it"]
        steps = 4000 if self.quick else 20_000
        command = ["-m", "tests.benchmarks.series_metrics", "--oracle", str(self.pythons["oracles"])]
        command += ["--steps", str(steps)]
        found = self._process("metrics", [our_code(), steps], command, lambda text: {"lines": text.splitlines()})
        return list(found["lines"])

    def _process(self, name: str, settings: object, command: list[str], parsed: Callable[[str], Measured]) -> Measured:
        """A measurement that is a program of its own; what it prints, parsed."""

        def call() -> Measured:
            done = subprocess.run(
                [sys.executable, *command],
                cwd=PROJECT,
                env=os.environ | AS_OURS,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            if not done.stdout:
                sys.exit(f"{' '.join(command)} printed nothing (exit code {done.returncode})")
            return parsed(done.stdout)

        return self.results.measure(name, settings, call)


if __name__ == "__main__":
    main()
