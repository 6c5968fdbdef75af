"""Distance of a window to the nearest of k typical ones (Yairi et al. 2001; KMeansAD in TSB-AD).

    score = sqrt(mean over steps and sensors of (x - c)^2),    c the nearest centroid

in units of the sensors' usual spread. A sensor's part is its share of the squared distance times the score: the parts
add up to the score.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import DetectorInfo, Params
from core.detectors.kmeans.info import INFO, KMeansParams
from core.detectors.series.arrays import load_arrays, save_arrays
from core.detectors.series.contract import Scores, Signal
from core.detectors.series.windowed import WindowedDetector
from core.progress import Progress

MOST_WINDOWS = 20_000
BATCH_FROM = 5_000  # windows from which centroids are learned in mini-batches
RESTARTS = 3


class KMeansWindows(WindowedDetector):
    """Centroids by scikit-learn, distances by ourselves."""

    info: ClassVar[DetectorInfo] = INFO
    params: KMeansParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._centroids = np.zeros((0, 0, 0))  # (k, window, d)

    @property
    def window(self) -> int:
        return self.params.window

    @property
    def most_windows(self) -> int:
        return MOST_WINDOWS

    def learn(self, windows: Signal, progress: Progress) -> None:
        from sklearn.cluster import KMeans, MiniBatchKMeans
        from sklearn.exceptions import ConvergenceWarning

        flat = windows.reshape(len(windows), -1)
        k = min(self.params.clusters, len(flat))
        progress.report(0, 1, f"{k} clusters of {len(flat)} windows")
        kind = MiniBatchKMeans if len(flat) > BATCH_FROM else KMeans
        with warnings.catch_warnings():
            # It warns of fewer different windows than clusters; copies are dropped below, provenance tells what stays.
            warnings.simplefilter("ignore", ConvergenceWarning)
            centroids = kind(k, n_init=RESTARTS, random_state=self.seed).fit(flat).cluster_centers_
        self._centroids = np.unique(centroids, axis=0).astype(np.float64).reshape(-1, self.window, self._width)

    def judge(self, windows: Signal, known: NDArray[np.bool_]) -> Scores:
        n, length, d = windows.shape
        x = windows.astype(np.float64)
        flat, centroids = x.reshape(n, length * d), self._centroids.reshape(-1, length * d)
        distances = (centroids**2).sum(axis=1) - 2 * flat @ centroids.T
        # In single precision two equally near centroids tie, and the first is taken whatever the batch rounded.
        nearest = distances.astype(np.float32).argmin(axis=1)
        squares = np.where(known, ((x - self._centroids[nearest]) ** 2).sum(axis=1), 0) / (length * d)
        score = np.sqrt(squares.sum(axis=1))
        parts = squares / np.maximum(score, np.finfo(np.float64).tiny)[:, None]
        return Scores(score, parts.astype(np.float32))

    def save(self, folder: Path) -> None:
        save_arrays(folder, {"centroids": self._centroids})

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        detector._centroids = load_arrays(folder, {"centroids": 3})["centroids"]
        detector._width = detector._centroids.shape[2]
        return detector

    def provenance(self) -> dict[str, Any]:
        return {"clusters": len(self._centroids)}
