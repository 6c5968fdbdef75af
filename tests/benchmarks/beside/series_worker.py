"""One library's detector over the machines of a file of arrays; runs in whichever environment has the library.

    python series_worker.py ours|pyod|merlion METHOD WINDOW ARRAYS.npz OUT

ARRAYS holds ``train_k`` (n, d) and ``test_k`` (m, d) float32. OUT receives ``result.json`` (seconds over all machines,
memory) and ``scores.npz`` (``scores_k`` (m,), higher is more anomalous). Imports nothing of ours unless asked for ours.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Score = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray], Score]


def ours(method: str, window: int) -> Fit:
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from core.detectors.registry import build_series, parameters
    from core.progress import Progress

    def fit(train: np.ndarray) -> Score:
        detector = build_series(method, parameters(method, {"window": window}), 0)
        detector.fit([train], Progress())
        return lambda test: detector.score(test).settled.score

    return fit


def pyod(method: str, window: int) -> Fit:
    """Windows by its own bridge; a step has the mean over its windows, as our settled score has."""
    from pyod.models.cblof import CBLOF
    from pyod.models.iforest import IForest
    from pyod.models.pca import PCA
    from pyod.models.ts_od import TimeSeriesOD

    def build() -> Any:
        if method == "iforest":
            return IForest(n_estimators=100, max_samples=256, random_state=0)
        return PCA(random_state=0) if method == "pca-t2q" else CBLOF(n_clusters=20, random_state=0)

    def fit(train: np.ndarray) -> Score:
        model = build() if window == 1 else TimeSeriesOD(build(), window, score_aggregation="mean")
        model.fit(train)
        return model.decision_function

    return fit


def merlion(method: str, window: int) -> Fit:
    """Its isolation forest, given the steps as they are and not their differences."""
    import pandas as pd
    from merlion.models.anomaly.isolation_forest import IsolationForest, IsolationForestConfig
    from merlion.transform.base import Identity
    from merlion.utils import TimeSeries

    if (method, window) != ("iforest", 1):
        raise SystemExit("Merlion takes part with its isolation forest alone")

    def series(values: np.ndarray, first: int) -> Any:
        frame = pd.DataFrame(values, index=pd.to_datetime(60 * (first + np.arange(len(values))), unit="s"))
        frame.columns = [f"s{number}" for number in range(values.shape[1])]
        return TimeSeries.from_pd(frame)

    def fit(train: np.ndarray) -> Score:
        config = IsolationForestConfig(max_n_samples=256, n_estimators=100, transform=Identity())
        model = IsolationForest(config)
        model.train(series(train, 0))
        return lambda test: model.get_anomaly_score(series(test, len(train))).to_pd().to_numpy()[:, 0]

    return fit


def main(library: str, method: str, window: str, arrays: str, out: str) -> None:
    fit = {"ours": ours, "pyod": pyod, "merlion": merlion}[library](method, int(window))
    data, scores = np.load(arrays), {}
    fit(data["train_0"][:1000])(data["test_0"][:1000])  # whatever a library imports or compiles when it begins
    fitting = scoring = 0.0
    for number in range(len(data.files) // 2):
        train, test = data[f"train_{number}"], data[f"test_{number}"]
        started = time.perf_counter()
        score = fit(train)
        fitted = time.perf_counter()
        scores[f"scores_{number}"] = np.asarray(score(test), np.float64)
        scoring += time.perf_counter() - fitted
        fitting += fitted - started
    np.savez(Path(out) / "scores.npz", **scores)
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024
    document = {"fit_seconds": fitting, "score_seconds": scoring, "peak_rss_mib": peak}
    (Path(out) / "result.json").write_text(json.dumps(document))


if __name__ == "__main__":
    main(*sys.argv[1:])
