"""Detectors over time beside PyOD's and Merlion's on SMD: the same scaled readings, windows and metrics of ours.

Every library gets each machine's training part, standardised by its own mean and deviation and without the sensors
that stand still in it, and scores the test part. Seconds are those from arrays to scores, over all machines, in a
process of its own. Ours also give each sensor's share.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.readers import read
from core.datasets.series import SeriesSet
from core.metrics.ranking import auprc
from core.metrics.series.vus import vus
from tests.benchmarks.beside.results import Measured, Results, head, our_code, row, spread

# What is compared: the method, our detector with its window, and the libraries that have it.
METHODS: dict[str, dict[str, Any]] = {
    "isolation forest": {"ours": "iforest", "window": 1, "peers": ["pyod", "merlion"]},
    "principal components": {"ours": "pca-t2q", "window": 1, "peers": ["pyod"]},
    "k-means": {"ours": "kmeans", "window": 20, "peers": ["pyod"]},
}
LIBRARIES = {"ours": "Faultline", "pyod": "PyOD", "merlion": "Merlion"}
COST = ("fit_seconds", "score_seconds", "peak_rss_mib")


def tables(results: Results, data: Path, pythons: Mapping[str, Path], repeats: int, machines: int) -> list[str]:
    """Measure, or take what was measured; the table as Markdown. A library without an environment is left out."""
    recordings = read(data)
    lines = head(
        "SMD", "VUS-PR", "AUC-PR", "fit, s", "score, s", "peak, MiB", "fit, times ours", "score, times ours", "peak"
    )
    with tempfile.TemporaryDirectory() as scratch:
        arrays, truths = Path(scratch) / "arrays.npz", _write(recordings, machines, Path(scratch) / "arrays.npz")
        for method, spec in METHODS.items():
            found = dict[str, list[Measured]]()
            for number in range(repeats):
                for library in ("ours", *(peer for peer in spec["peers"] if peer in pythons)):
                    python = Path(sys.executable) if library == "ours" else pythons[library]
                    settings = [our_code() if library == "ours" else "", machines, spec["ours"], spec["window"]]
                    piece = results.measure(
                        f"{method}, {LIBRARIES[library]}, run {number + 1}",
                        settings,
                        lambda p=python, x=library, s=spec: _run(p, x, s, arrays, truths),
                    )
                    found.setdefault(library, []).append(piece)
            lines += [_row(method, library, pieces, found["ours"]) for library, pieces in found.items()]
    missing = [LIBRARIES[name] for name in ("pyod", "merlion") if name not in pythons]
    return [*lines, *(["", f"Not here: {', '.join(missing)}"] if missing else [])]


def _write(recordings: SeriesSet, machines: int, to: Path) -> list[np.ndarray]:
    """Standardised training and test parts of the machines; the labels of the test parts."""
    chosen = sorted({unit.machine for unit in recordings.units})[:machines]
    arrays, truths = {}, []
    for number, machine in enumerate(chosen):
        own = [unit for unit in recordings.units if unit.machine == machine]
        train, test = (next(unit for unit in own if unit.split == split) for split in ("train", "test"))
        learned, judged = (np.nan_to_num(np.asarray(unit.values, np.float32)) for unit in (train, test))
        moving = learned.std(0) > 1e-6  # PyOD's principal components divide by the variance of the others, 0
        mean, deviation = learned[:, moving].mean(0), learned[:, moving].std(0)
        arrays[f"train_{number}"] = (learned[:, moving] - mean) / deviation
        arrays[f"test_{number}"] = (judged[:, moving] - mean) / deviation
        truths.append(test.labels())
    np.savez(to, **arrays)
    return truths


def _run(python: Path, library: str, spec: Mapping[str, Any], arrays: Path, truths: list[np.ndarray]) -> Measured:
    """One library in its own process, judged with our metrics."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        script = Path(__file__).with_name("series_worker.py")
        command = [str(python), *([] if library == "ours" else ["-I"]), str(script), library, spec["ours"]]
        command += [str(spec["window"]), str(arrays), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
        measured: Measured = json.loads((out / "result.json").read_text())
        scores = np.load(out / "scores.npz")
        pairs = [(scores[f"scores_{number}"], truth) for number, truth in enumerate(truths)]
    volumes = [vus(one, truth) for one, truth in pairs]
    measured["vus_pr"] = float(np.mean([volume.pr for volume in volumes if volume]))
    measured["auc_pr"] = float(np.mean([auprc(one, truth) for one, truth in pairs]))
    return measured


def _row(method: str, library: str, pieces: list[Measured], mine: list[Measured]) -> str:
    cells = [f"{method}, {LIBRARIES[library]}"]
    cells += [f"{pieces[0][figure]:.3f}" for figure in ("vus_pr", "auc_pr")]
    cells += [spread([piece[figure] for piece in pieces]) for figure in COST]
    if library == "ours":
        return row(*cells, "", "", "")
    return row(*cells, *(spread([b[f] / a[f] for a, b in zip(mine, pieces, strict=True)]) for f in COST))
